import pg from 'pg'
import { StoreError } from './store.ts'

/** For an answer that takes no work. */
const PATIENCE_MS = 3000

/**
 * A pooler in transaction mode hands each transaction another session. Ours keep prepared statements, settings and locks in
 * theirs. It shows when somebody else takes a session: then the next question is answered by another one. Throws
 * StoreError STORE_UNAVAILABLE.
 */
export async function refuseTransactionPooler(client: pg.ClientBase, url: string, place: string): Promise<void> {
  const sessionOf = async (connection: pg.ClientBase): Promise<number | undefined> =>
    (await connection.query<{ session: number }>('select pg_backend_pid() as session')).rows[0]?.session
  const other = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: PATIENCE_MS })
  other.on('error', () => undefined)
  try {
    await other.connect()
    const first = await sessionOf(other)
    await client.query('begin')
    const taken = await sessionOf(client)
    // Of a pool with one session nothing is left: it waits.
    const second = await sessionOf(other).catch(() => undefined)
    await client.query('rollback')
    if (first === second && taken !== first) return
  } finally {
    await other.end().catch(() => undefined)
  }
  throw new StoreError(
    'STORE_UNAVAILABLE',
    `${place} is reached through a pooler in transaction mode, where sessions change under a connection. Point DATABASE_URL at the server itself, or at a pool in session mode.`,
  )
}
