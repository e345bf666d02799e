/**
 * The gateway and the outside as plain JavaScript in `dist/gateway/`, to run without a compiler beside the packages they import:
 *
 *   node --import tsx server/vacation/build.ts
 *
 * Part of `npm run build:app`, and run before the tests.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Files of it are as deep below the root as their sources, for their paths to the built pages. */
export async function bundleGateway(): Promise<void> {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    resolve: { tsconfigPaths: true },
    build: {
      ssr: true,
      outDir: 'dist/gateway',
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: {
        input: { main: 'server/vacation/main.ts', outside: 'server/vacation/outside-main.ts' },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleGateway()
