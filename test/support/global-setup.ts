/**
 * Before any test: the gateway as one file, so that a process of it starts quickly enough to be killed fifty times, and one
 * PostgreSQL server for all tests.
 */
import { bundleGateway } from '../../server/vacation/build.ts'
import { postgresPrograms, SHARED_SERVER, startPostgres } from './postgres.ts'

/** Where `test/support/gateway-process.ts` finds them. */
export const GATEWAY_BUNDLE = 'dist/gateway/main.js'
export const OUTSIDE_BUNDLE = 'dist/gateway/outside.js'

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
