/**
 * Before any test: the gateway as one file, so that a process of it starts quickly enough to be killed fifty times, and one
 * PostgreSQL server for all tests.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { postgresPrograms, SHARED_SERVER, startPostgres } from './postgres.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where `test/support/gateway-process.ts` finds it. As deep below the root as its source, for its paths to the built pages. */
export const GATEWAY_BUNDLE = 'dist/gateway/main.js'

export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const [teardown] = await Promise.all([sharedPostgres(), bundleGateway()])
  return teardown
}

/** Started where it is installed; tests that want it say why they are skipped where it is not. */
async function sharedPostgres(): Promise<(() => Promise<void>) | undefined> {
  if (postgresPrograms() === undefined) return undefined
  const server = await startPostgres()
  process.env[SHARED_SERVER] = server.url
  return () => server.stop()
}

export async function bundleGateway(): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    resolve: { tsconfigPaths: true },
    build: { ssr: 'server/vacation/main.ts', outDir: 'dist/gateway', emptyOutDir: true, target: 'node20' },
  })
}
