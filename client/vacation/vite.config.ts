import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { texts } from './texts/index.ts'
import { themeCss } from './theme/theme-css.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const gateway = process.env['GATEWAY'] ?? 'http://127.0.0.1:4000'

/** The web page. `npx vite client/vacation` develops it beside a running gateway. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [
    react(),
    themeCss(),
    VitePWA({
      registerType: 'prompt',
      // Registered by shell/new-version.ts.
      injectRegister: false,
      manifest: {
        id: '/',
        name: texts.shell.product,
        short_name: texts.shell.product,
        description: texts.signIn.invitation,
        start_url: '/',
        scope: '/',
        display: 'standalone',
        lang: 'en',
        theme_color: '#0b6b70',
        background_color: '#ffffff',
        categories: ['business', 'travel'],
        icons: [
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/icon-512-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
        shortcuts: [{ name: texts.booking.title, url: '/book' }],
      },
      workbox: {
        // Everything, the chunks that are loaded on demand too: offline there is nobody to ask for them.
        globPatterns: ['**/*.{js,css,html,svg,png,webmanifest}'],
        globIgnores: ['sw-routes.js'],
        importScripts: ['/sw-routes.js'],
        navigateFallback: '/index.html',
        // The outbox owns the writes and the cache the reads: the worker serves the page and nothing else; see also
        // public/sw-routes.js.
        navigateFallbackDenylist: [/^\/(graphql|playground|demo|metrics|health|schema\.graphql|mailbox)\b/],
        cleanupOutdatedCaches: true,
        clientsClaim: true,
        skipWaiting: false,
        sourcemap: false,
      },
    }),
  ],
  define: { __BUILD__: JSON.stringify(version) },
  resolve: { tsconfigPaths: true },
  build: {
    outDir: fileURLToPath(new URL('../../dist/web', import.meta.url)),
    emptyOutDir: true,
    sourcemap: true,
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/graphql': { target: gateway, ws: true }, '/demo': gateway } },
})
