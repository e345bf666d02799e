/**
 * A Postgres store that another store is moved into. First it is marked, and from there on no gateway opens it; then all rows
 * come in one transaction, whose last statement takes the mark away. What is broken off leaves the mark and no row.
 */
import type pg from 'pg'
import { connectPostgres } from './postgres-client.ts'
import { over, placeOf } from './postgres-connection.ts'
import { clusterOf, inTransaction, MOVING, type Moving, migrate, remember, settings } from './postgres-history.ts'
import { list } from './postgres-pending.ts'
import { StoreError } from './store.ts'

/** Held by the transaction of a move: that of a move that was killed may not be over yet when the next one comes. */
const MOVE_LOCK = 7_305_804_385_301_002n
const WAIT_FOR_LOCK = '20s'

const DATA_TABLES = ['partition', 'record', 'version', 'departed', 'task', 'touch', 'waits', 'memo', 'signal'] as const

/** Settings that are the schema's and not the data's. */
const OWN_SETTINGS = ['schema', 'oldest', MOVING]

const FETCHED = 1000

export interface TargetColumn {
  readonly name: string
  readonly type: 'text' | 'bigint' | 'integer' | 'boolean'
}

/** By column. */
export type TargetRow = Readonly<Record<string, string | number | boolean | null>>

export interface NewHistory {
  /** null: a new one, at the first opening. */
  readonly epoch: string | null
  readonly lastTaskNumber: number
}

export interface PostgresTarget {
  insert(table: string, columns: readonly TargetColumn[], rows: readonly TargetRow[]): Promise<void>
  /** What is there by now, in no order. */
  rows(table: string, columns: readonly string[]): AsyncIterable<TargetRow>
  /** After all rows. */
  continueHistory(history: NewHistory): Promise<void>
  /** Takes the mark away and commits: gateways may open it. */
  finish(): Promise<void>
  /** Nothing of it stays, but the mark, unless it was finished. */
  close(): Promise<void>
}

/**
 * `source` says which store comes; `wasMoved` that its file says it has gone, be it here or elsewhere. Throws StoreError:
 * STORE_NOT_EMPTY, STORE_INCOMPLETE for the half-finished move of another store, STORE_LOCKED for gateways and moves that are
 * at it, STORE_MOVED when all has been done before, STORE_TOO_NEW, STORE_UNAVAILABLE.
 */
export async function openTarget(
  url: string,
  { source, secret, wasMoved }: { source: Moving; secret: string; wasMoved: boolean },
): Promise<PostgresTarget> {
  const place = placeOf(url)
  const client = await connectPostgres(url, 'layover move')
  try {
    await inTransaction(client, async () => {
      await migrate(client, place)
      await refuseGateways(client, place)
      if (await isContinued(client, place, source)) return
      await refuseRows(client, place, secret)
      if (wasMoved) throw movedElsewhere(source)
      await remember(client, { [MOVING]: JSON.stringify(source) })
    })
    await begin(client, place)
    if (!(await isContinued(client, place, source))) throw taken(place)
    await client.query('delete from layover.meta where name <> all($1)', [OWN_SETTINGS])
    return new Target(client, place)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw inWords(place, error)
  }
}

class Target implements PostgresTarget {
  readonly #client: pg.Client
  readonly #place: string

  constructor(client: pg.Client, place: string) {
    this.#client = client
    this.#place = place
  }

  async insert(table: string, columns: readonly TargetColumn[], rows: readonly TargetRow[]): Promise<void> {
    const names = columns.map(({ name }) => `"${name}"`).join(', ')
    const typed = columns.map(({ name, type }) => `"${name}" ${type}`).join(', ')
    await this.#ask({
      name: `insert ${table}`,
      text: `insert into layover."${table}" (${names}) select ${names} from json_to_recordset($1::json) x(${typed})`,
      values: [list(rows)],
    })
  }

  async *rows(table: string, columns: readonly string[]): AsyncIterable<TargetRow> {
    const names = columns.map(name => `"${name}"`).join(', ')
    await this.#ask({ text: `declare every_row no scroll cursor for select ${names} from layover."${table}"` })
    for (;;) {
      const rows = await this.#ask({ text: `fetch ${FETCHED} from every_row` })
      yield* rows
      if (rows.length < FETCHED) break
    }
    await this.#ask({ text: 'close every_row' })
  }

  async continueHistory({ epoch, lastTaskNumber }: NewHistory): Promise<void> {
    try {
      if (epoch !== null) await remember(this.#client, { epoch, cluster: await clusterOf(over(this.#client)) })
      await this.#client.query(`select setval('layover.task_number', $1, $2)`, [
        Math.max(1, lastTaskNumber),
        lastTaskNumber > 0,
      ])
      for (const table of DATA_TABLES) await this.#client.query(`analyze layover."${table}"`)
    } catch (error) {
      throw inWords(this.#place, error)
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#client.query('delete from layover.meta where name = $1', [MOVING])
      await this.#client.query('commit')
    } catch (error) {
      throw new StoreError(
        'STORE_UNAVAILABLE',
        `${this.#place} did not confirm the end of the move (${codeOf(error) || 'no answer'}). Repeat the command: it says that all was moved, or starts over.`,
        { cause: error },
      )
    }
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }

  async #ask(query: pg.QueryConfig): Promise<TargetRow[]> {
    try {
      return (await this.#client.query<TargetRow>(query)).rows
    } catch (error) {
      throw inWords(this.#place, error)
    }
  }
}

/** A gateway that has opened the empty store knows its secret and its epoch, which are about to be others. */
async function refuseGateways(client: pg.ClientBase, place: string): Promise<void> {
  const { rowCount } = await client.query(
    `select 1 from pg_stat_activity where datname = current_database() and application_name in ('layover', 'layover-bus', 'layover-engine') limit 1`,
  )
  if (rowCount === 0) return
  throw new StoreError('STORE_LOCKED', `Gateways are connected to ${place}: stop them first. Nothing was moved.`)
}

/** A move of this store was begun before. */
async function isContinued(client: pg.ClientBase, place: string, source: Moving): Promise<boolean> {
  const [text] = await settings(client, [MOVING])
  if (text === undefined) return false
  const before = JSON.parse(text) as Moving
  if (before.source === source.source) return true
  throw new StoreError(
    'STORE_INCOMPLETE',
    `${place} has the half-finished move of another store, ${before.from}. Finish that one, or give it up: drop the schema layover. Nothing was moved.`,
  )
}

async function refuseRows(client: pg.ClientBase, place: string, secret: string): Promise<void> {
  for (const table of DATA_TABLES) {
    const { rowCount } = await client.query(`select 1 from layover."${table}" limit 1`)
    if (rowCount === 0) continue
    const [known] = await settings(client, ['secret'])
    if (known === secret) {
      throw new StoreError('STORE_MOVED', `This store was moved to ${place} before: start the gateways there.`)
    }
    throw new StoreError(
      'STORE_NOT_EMPTY',
      `${place} holds data of another store already. Create another database, or drop its schema layover. Nothing was moved.`,
    )
  }
}

async function begin(client: pg.ClientBase, place: string): Promise<void> {
  await client.query('begin')
  await client.query(
    `set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
 set local tcp_keepalives_idle = 10; set local tcp_keepalives_interval = 5; set local tcp_keepalives_count = 3;
 set local lock_timeout = '${WAIT_FOR_LOCK}'`,
  )
  try {
    await client.query('select pg_advisory_xact_lock($1)', [MOVE_LOCK])
  } catch (error) {
    if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error
    throw taken(place, error)
  }
  await client.query('set local lock_timeout = 0')
}

const LOCK_NOT_AVAILABLE = '55P03'

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

const taken = (place: string, cause?: unknown): StoreError =>
  new StoreError('STORE_LOCKED', `Another move into ${place} is under way. Nothing was moved by this one.`, { cause })

const movedElsewhere = ({ from }: Moving): StoreError =>
  new StoreError('STORE_MOVED', `${from} says that it was moved elsewhere. "layover migrate undo" takes that back.`)

const inWords = (place: string, error: unknown): unknown =>
  error instanceof StoreError
    ? error
    : new StoreError(
        'STORE_UNAVAILABLE',
        `${place} refused the move (${codeOf(error) || 'no answer'}). Nothing was moved.`,
        {
          cause: error,
        },
      )
