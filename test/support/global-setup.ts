/**
 * Before any test: the gateway and the tests' own programs in a few files, so that a process of them starts quickly enough to
 * be killed fifty times, and one PostgreSQL server for all tests.
 */
import { bundle, bundleGateway } from '../../server/vacation/build.ts'
import { postgresPrograms, SHARED_SERVER, startPostgres } from './postgres.ts'
import { TEST_PROGRAMS, TEST_PROGRAMS_FOLDER } from './programs.ts'

export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const [teardown] = await Promise.all([sharedPostgres(), bundleGateway(), bundle(TEST_PROGRAMS_FOLDER, TEST_PROGRAMS)])
  return teardown
}

/** Started where it is installed; tests that want it say why they are skipped where it is not. */
async function sharedPostgres(): Promise<(() => Promise<void>) | undefined> {
  if (postgresPrograms() === undefined) return undefined
  const server = await startPostgres()
  process.env[SHARED_SERVER] = server.url
  return () => server.stop()
}
