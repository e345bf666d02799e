/** Connections to one Postgres database: their settings, and what an error on them means. */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { StoreError } from './store.ts'

export interface Query {
  readonly sql: string
  readonly values?: readonly unknown[]
  /** Another text each time: not worth preparing. Default false. */
  readonly isRare?: boolean
}

/** Runs statements: a connection, or any of a pool. */
export interface Queries {
  all<Row extends object>(query: Query): Promise<Row[]>
}

/**
 * Each connection says these to the server. A gateway that freezes in mid-commit must not hold its partition's row for longer
 * than a few seconds, and a machine that vanished is noticed by the keep-alives.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  timezone: 'UTC',
  idle_in_transaction_session_timeout: '5s',
  lock_timeout: '15s',
  statement_timeout: '60s',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
}

/**
 * All that a writer asks for is addressed by its key. The planner can't know how many keys come, nor how large a table has
 * grown since it last counted, and must not read whole tables on that account.
 */
const BY_KEY: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
}

/** When the server has not answered by then, not even that a statement took too long, the way to it is gone. */
const SILENCE_MS = 75_000

const INT8 = 20

/** bigint as a number: ours stay far below 2^53. */
export function types(library: typeof pg): pg.CustomTypesConfig {
  const parsers = library.types
  return {
    getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
      oid === INT8 && format !== 'binary' ? Number : parsers.getTypeParser(oid, format as 'text')) as never,
  }
}

export interface PoolSetting {
  readonly url: string
  readonly max: number
  /** Statements are sent without waiting for the answers to those before, and find their rows by key. */
  readonly isForWriting: boolean
  readonly onConnect: (queries: Queries) => Promise<void>
  /** A connection that nobody used broke. */
  readonly onLoss: (error: Error) => void
}

export function poolOf(library: typeof pg, { url, max, isForWriting, onConnect, onLoss }: PoolSetting): pg.Pool {
  const pool = new library.Pool({
    connectionString: url,
    query_timeout: SILENCE_MS,
    max,
    application_name: 'layover',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    types: types(library),
    ...({ pipeline: isForWriting } as object),
    async onConnect(client: pg.ClientBase) {
      const settings = { ...SETTINGS, ...(isForWriting ? BY_KEY : {}) }
      const names = Object.keys(settings)
      await client.query(
        `select ${names.map((_, index) => `set_config($${index * 2 + 1}, $${index * 2 + 2}, false)`).join(', ')}`,
        Object.entries(settings).flat(),
      )
      await onConnect(over(client))
    },
  } as pg.PoolConfig)
  pool.on('error', onLoss)
  // The pool tells of those that nobody uses. One that breaks in somebody's hands tells him, by his query.
  pool.on('connect', client => client.on('error', () => undefined))
  return pool
}

const names = new Map<string, string>()

/** Prepared under a name made of its text, so that every connection knows it by the same. */
function prepared({ sql, values = [], isRare = false }: Query): pg.QueryConfig {
  if (isRare) return { text: sql, values: [...values] }
  let name = names.get(sql)
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url').slice(0, 22)
    if (names.size < 1000) names.set(sql, name)
  }
  return { name, text: sql, values: [...values] }
}

export const over = (client: Pick<pg.ClientBase | pg.Pool, 'query'>): Queries => ({
  all: async <Row extends object>(query: Query): Promise<Row[]> => {
    const { rows } = await (client as pg.ClientBase).query<Row & pg.QueryResultRow>(prepared(query))
    return rows
  },
})

/** The same, with what goes wrong in the store's words. */
export const overPool = (pool: pg.Pool): Queries => {
  const queries = over(pool)
  return {
    async all<Row extends object>(query: Query): Promise<Row[]> {
      try {
        return await queries.all<Row>(query)
      } catch (error) {
        throw unavailable(error)
      }
    },
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Another transaction was in the way: the same work may succeed if done again. */
export const isInTheWay = (error: unknown): boolean => /^(40001|40P01|55P03)$/.test(codeOf(error))

/** Another transaction was first to use a name. */
export const isTaken = (error: unknown): boolean => codeOf(error) === '23505'

/** One row of many can't be written: whose it is shows when each is written alone. */
export const isAboutData = (error: unknown): boolean => /^(22|23|54)/.test(codeOf(error))

/** Neither the statement nor its data, but the server or the way to it. */
export function isLoss(error: unknown): boolean {
  const code = codeOf(error)
  if (/^(08|57|53|25P03|58)/.test(code)) return true
  // pg has no code for these; the system's own (ECONNRESET, EPIPE) are no SQLSTATE.
  return error instanceof Error && !/^(?!E)[0-9A-Z]{5}$/.test(code) && !(error instanceof StoreError)
}

export const unavailable = (error: unknown): unknown =>
  error instanceof StoreError
    ? error
    : new StoreError('STORE_UNAVAILABLE', 'the Postgres database does not answer as it should', { cause: error })

/** Host and database of a connection string: what may be shown. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `postgres at ${host}${pathname}`
}
