/** A single connection, for what is done once: opening a store, moving one, looking into one. */
import pg from 'pg'
import { placeOf, types } from './postgres-connection.ts'
import { StoreError } from './store.ts'

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: start the server, or mend host and port in DATABASE_URL',
  ENOTFOUND: 'there is no such host: mend DATABASE_URL',
  '28P01': 'the password is wrong: mend DATABASE_URL',
  '28000': 'the server refuses this user from here: mend DATABASE_URL, or pg_hba.conf',
  '3D000': 'there is no such database: create it, or mend DATABASE_URL',
  '42501':
    'the role may not do what it has to: grant it create on the database, or let another role start a gateway once and grant this one usage on schema "layover", select, insert, update and delete on its tables, and usage on its sequences',
  '25006': 'it is read-only: point DATABASE_URL at the primary',
  '55000': 'it is a standby: point DATABASE_URL at the primary',
}

/** bigint comes as a number. To be ended by the caller. Throws StoreError STORE_UNAVAILABLE. */
export async function connectPostgres(url: string, name: string): Promise<pg.Client> {
  const place = placeOf(url)
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    application_name: name,
    types: types(pg),
  })
  // One that breaks tells by its query.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw cantBeOpened(place, error)
  }
}

export function cantBeOpened(place: string, error: unknown): StoreError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const said = error instanceof Error ? error.message : String(error)
  return new StoreError('STORE_UNAVAILABLE', `${place} can't be used: ${REASONS[code] ?? said}.`, { cause: error })
}
