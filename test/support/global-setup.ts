/** Before any test: the gateway as one file, so that a process of it starts quickly enough to be killed fifty times. */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where `test/support/gateway-process.ts` finds it. As deep below the root as its source, for its paths to the built pages. */
export const GATEWAY_BUNDLE = 'dist/gateway/main.js'

export async function setup(): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    resolve: { tsconfigPaths: true },
    build: { ssr: 'server/vacation/main.ts', outDir: 'dist/gateway', emptyOutDir: true, target: 'node20' },
  })
}
