import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const gateway = process.env['GATEWAY'] ?? 'http://127.0.0.1:4000'

/** GraphiQL as a static bundle that asks no other host. `npx vite client/playground` develops it beside a running gateway. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/playground/',
  plugins: [react()],
  resolve: { tsconfigPaths: true },
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('../../dist/playground', import.meta.url)),
    emptyOutDir: true,
    sourcemap: false,
    // Monaco and its GraphQL worker are what they are: 2 MB compressed.
    chunkSizeWarningLimit: 4000,
  },
  server: { proxy: { '/graphql': { target: gateway, ws: true }, '/demo': gateway, '/schema.graphql': gateway } },
})
