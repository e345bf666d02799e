/**
 * Schema and history of a store on Postgres. The epoch names the history of its numbers: it is another one when the database
 * is another cluster than the one it was made in (a dump that was loaded elsewhere), or goes on another timeline (a standby
 * was promoted, a backup was rolled forward). Looked at on every new connection, since either happens under running gateways.
 */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { systemRandom } from '../../protocol/index.ts'
import { over, type Queries } from './postgres-connection.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts'
import { StoreError } from './store.ts'

/** Whoever holds it migrates, or gives the store a new epoch. */
const LOCK = 7_305_804_385_301_001n

export interface History {
  readonly epoch: string
  readonly secret: string
}

/** In `meta` from the first row of a move to its last (postgres-target.ts): a `Moving`. No gateway opens such a store. */
export const MOVING = 'moving'

export interface Moving {
  /** Which store it comes from: a digest of its secret. */
  readonly source: string
  /** Where that is, as people are told. */
  readonly from: string
}

/** In a transaction of `client`. Throws StoreError: STORE_TOO_NEW, STORE_INCOMPLETE, STORE_UNAVAILABLE. */
export async function openPostgresHistory(client: pg.ClientBase, place: string): Promise<History> {
  const exists = await hasSchema(client)
  const version = exists ? await schemaVersion(client) : 0
  if (version >= POSTGRES_MIGRATIONS.length) {
    await checkOldest(client, place)
  } else {
    await inTransaction(client, () => migrate(client, place))
  }
  return inTransaction(client, async () => {
    await refuseMoving(client, place)
    const [found] = await settings(client, ['secret'])
    if (found === undefined) {
      await client.query(`insert into layover.meta values ('secret', $1) on conflict do nothing`, [
        randomBytes(32).toString('hex'),
      ])
    }
    const epoch = await currentEpoch(client)
    const [secret = ''] = await settings(client, ['secret'])
    return { epoch, secret }
  })
}

/** One transaction at a time of all that change schema or history. */
export async function inTransaction<Value>(client: pg.ClientBase, work: () => Promise<Value>): Promise<Value> {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK])
    const value = await work()
    await client.query('commit')
    return value
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

/** Makes the schema, or brings it up to date, in the transaction that is open. */
export async function migrate(client: pg.ClientBase, place: string): Promise<void> {
  if (!(await hasSchema(client))) {
    // `if not exists` asks for the right to create it before it looks.
    const { rowCount } = await client.query(`select 1 from pg_namespace where nspname = 'layover'`)
    if (rowCount === 0) await client.query('create schema layover')
    await client.query('create table layover.meta (name text collate "C" primary key, value text not null)')
  }
  const from = await schemaVersion(client)
  if (from > POSTGRES_MIGRATIONS.length) return checkOldest(client, place)
  for (const { sql, oldest } of POSTGRES_MIGRATIONS.slice(from)) {
    await client.query(sql)
    await remember(client, { oldest: String(oldest) })
  }
  await remember(client, { schema: String(POSTGRES_MIGRATIONS.length) })
}

/** Throws StoreError STORE_INCOMPLETE. */
export async function refuseMoving(client: pg.ClientBase, place: string): Promise<void> {
  const [moving] = await settings(client, [MOVING])
  if (moving === undefined) return
  const { from } = JSON.parse(moving) as Moving
  throw new StoreError(
    'STORE_INCOMPLETE',
    `${place} is being filled by a move of ${from}, or one was broken off. Wait for it, or repeat "layover migrate sqlite-to-postgres", which starts over. To give the move up, drop the schema layover.`,
  )
}

/** Asked of the tables: to_regclass may go on answering from before the wait for the lock, while another gateway made them. */
export async function hasSchema(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `select exists (select 1 from pg_tables where schemaname = 'layover' and tablename = 'meta') as found`,
  )
  return rows[0]?.found === true
}

export async function schemaVersion(client: pg.ClientBase): Promise<number> {
  const [version = '0'] = await settings(client, ['schema'])
  return Number(version)
}

/** Throws StoreError STORE_TOO_NEW. */
export async function checkOldest(client: pg.ClientBase, place: string): Promise<void> {
  const known = POSTGRES_MIGRATIONS.length
  const [version = '0', oldest = '0'] = await settings(client, ['schema', 'oldest'])
  if (Number(oldest) <= known) return
  throw new StoreError(
    'STORE_TOO_NEW',
    `The store of ${place} was made for newer gateways (schema ${version}, which needs at least version ${oldest}; this one knows ${known}): start that version.`,
  )
}

/** The epoch of the history that this connection sees, a new one when it is another than the last time. */
async function currentEpoch(client: pg.ClientBase): Promise<string> {
  const cluster = await clusterOf(over(client))
  const [epoch, known] = await settings(client, ['epoch', 'cluster'])
  if (epoch !== undefined && (known === cluster || cluster === UNKNOWN)) return epoch
  const next = systemRandom.uuid()
  await remember(client, { epoch: next, cluster })
  return next
}

/** As cheap as it has to be on every new connection: the epoch as it stands, or undefined when it has to be looked into. */
export async function knownEpoch(queries: Queries): Promise<string | undefined> {
  const [row] = await queries.all<{
    epoch: string | null
    cluster: string | null
    oldest: string | null
    moving: boolean
  }>({ sql: KNOWN_EPOCH })
  if (row === undefined || row.epoch === null || row.moving) return undefined
  if (Number(row.oldest) > POSTGRES_MIGRATIONS.length) return undefined
  const cluster = await clusterOf(queries)
  return cluster === row.cluster || cluster === UNKNOWN ? row.epoch : undefined
}

const KNOWN_EPOCH = `select (select value from layover.meta where name = 'epoch') as epoch,
 (select value from layover.meta where name = 'cluster') as cluster,
 (select value from layover.meta where name = 'oldest') as oldest,
 exists (select 1 from layover.meta where name = '${MOVING}') as moving`

/** The role may not ask, or the server does not say: then the epoch stays until somebody takes it out of `meta`. */
const UNKNOWN = 'unknown'

const MAY_ASK = `select bool_and(has_function_privilege(name, 'execute')) as allowed
 from unnest(array['pg_control_system()', 'pg_current_wal_insert_lsn()', 'pg_walfile_name(pg_lsn)']) name`

/**
 * With the table itself: one that was restored from a dump into the same cluster is another. The timeline is that of the log being written: the control file tells of a promotion only
 * after a checkpoint.
 */
const CLUSTER = `select (select system_identifier from pg_control_system()) || '/'
 || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || '/' || 'layover.meta'::regclass::oid::text as cluster`

export async function clusterOf(queries: Queries): Promise<string> {
  const [may] = await queries.all<{ allowed: boolean }>({ sql: MAY_ASK })
  if (may?.allowed !== true) return UNKNOWN
  const [row] = await queries.all<{ cluster: string }>({ sql: CLUSTER })
  return row?.cluster ?? UNKNOWN
}

export async function settings(client: pg.ClientBase, names: readonly string[]): Promise<(string | undefined)[]> {
  const { rows } = await client.query<{ name: string; value: string }>(
    'select name, value from layover.meta where name = any($1)',
    [names],
  )
  return names.map(name => rows.find(row => row.name === name)?.value)
}

export async function remember(client: pg.ClientBase, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    await client.query(
      'insert into layover.meta values ($1, $2) on conflict (name) do update set value = excluded.value',
      [name, value],
    )
  }
}
