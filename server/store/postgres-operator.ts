/** A Postgres store as the command sees it. */
import type pg from 'pg'
import type { Operator, OperatorTask, Said } from './operator.ts'
import { connectPostgres } from './postgres-client.ts'
import { over, placeOf, type Queries, unavailable } from './postgres-connection.ts'
import { checkOldest, hasSchema, refuseMoving, schemaVersion } from './postgres-history.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts'
import { type TaskRow, taskOf } from './postgres-rows.ts'
import { fromText, toText } from './postgres-text.ts'
import { type EntityRecord, type OperatorWord, StoreError } from './store.ts'

interface Row extends TaskRow {
  record: string | null
}

const TASKS = `select t.*, r.entity as record from layover.task t
  left join layover.record r on r.partition = t.partition and r.type = 'Task' and r.key = t."user" || '/' || t.id`

/** How the connection is named on the server. */
const NAME = 'layover command'

/**
 * Throws StoreError: STORE_UNAVAILABLE for no server or no store, STORE_INCOMPLETE while one is moved there, STORE_TOO_NEW or
 * STORE_TOO_OLD for another version's.
 */
export async function operatePostgres(url: string): Promise<Operator> {
  const client = await open(url)
  // One snapshot for all that is asked, whatever gateways commit meanwhile.
  await client.query('begin isolation level repeatable read read only')
  const queries = inWords(over(client))
  const tasksOf = async (condition: string, ...values: readonly unknown[]): Promise<OperatorTask[]> =>
    (await queries.all<Row>({ sql: `${TASKS} where ${condition} order by t.number`, values })).map(operatorTaskOf)
  const references = async (sql: string, number: number): Promise<string[]> =>
    (await queries.all<{ reference: string }>({ sql, values: [number] })).map(({ reference }) => fromText(reference))
  return {
    async summary() {
      const statuses = await queries.all<Pair>({
        sql: 'select status as name, count(*) as value from layover.task group by status',
      })
      const heads = await queries.all<Pair>({
        sql: 'select name, head as value from layover.partition order by name',
      })
      const [size] = await queries.all<{ bytes: number }>({
        sql: `select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint as bytes from pg_class
 where relnamespace = 'layover'::regnamespace and relkind = 'r'`,
      })
      return { statuses: pairs(statuses), heads: pairs(heads), bytes: size?.bytes ?? 0 }
    },
    unfinished: () => tasksOf(`t.state <> 'finished'`),
    async find(referenceOrId) {
      const named = await tasksOf('t.reference = $1', toText(referenceOrId))
      return named.length > 0 ? named : tasksOf('t.id = $1', toText(referenceOrId))
    },
    async memos(reference) {
      const rows = await queries.all<{ key: string; value: string }>({
        sql: 'select key, value from layover.memo where reference = $1 order by key',
        values: [toText(reference)],
      })
      return rows.map(({ key, value }) => ({ key: fromText(key), value: JSON.parse(value) as unknown }))
    },
    waits: async ({ number }) => ({
      for: await references(
        'select t.reference from layover.waits w join layover.task t on t.number = w.blocker where w.waiter = $1 order by t.number',
        number,
      ),
      by: await references(
        'select t.reference from layover.waits w join layover.task t on t.number = w.waiter where w.blocker = $1 order by t.number',
        number,
      ),
    }),
    async pendingSignal(reference) {
      const [said] = await queries.all<{ action: OperatorWord }>({
        sql: 'select action from layover.signal where reference = $1',
        values: [toText(reference)],
      })
      return said?.action
    },
    close: () => client.end(),
  }
}

/** Tells the gateways what to do with a parked task. The last word counts. Throws as `operatePostgres`. */
export async function signalPostgres(
  url: string,
  referenceOrId: string,
  action: OperatorWord,
  now: number,
): Promise<Said> {
  const client = await open(url)
  const queries = inWords(over(client))
  try {
    await client.query('begin')
    const find = (column: 'reference' | 'id') =>
      queries.all<{ reference: string; state: string; parked: string | null }>({
        sql: `select reference, state, parked from layover.task where ${column} = $1 for update`,
        values: [toText(referenceOrId)],
      })
    const named = await find('reference')
    const [task, another] = named.length > 0 ? named : await find('id')
    if (task === undefined) return 'no such task'
    if (another !== undefined) return 'several tasks'
    if (task.state !== 'running' || task.parked === null) return 'not parked'
    await queries.all({
      sql: `insert into layover.signal (reference, action, said_at) values ($1, $2, $3)
 on conflict (reference) do update set action = excluded.action, said_at = excluded.said_at`,
      values: [task.reference, action, now],
    })
    await queries.all({ sql: 'commit' })
    return 'said'
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function open(url: string): Promise<pg.Client> {
  const place = placeOf(url)
  const client = await connectPostgres(url, NAME)
  try {
    await check(client, place)
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw unavailable(error)
  }
}

async function check(client: pg.ClientBase, place: string): Promise<void> {
  const version = (await hasSchema(client)) ? await schemaVersion(client) : 0
  const known = POSTGRES_MIGRATIONS.length
  if (version === 0) {
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `There is no store in ${place}. Name it with --store <url>, or set DATABASE_URL as the gateways have it.`,
    )
  }
  await checkOldest(client, place)
  await refuseMoving(client, place)
  if (version < known) {
    throw new StoreError(
      'STORE_TOO_OLD',
      `The store of ${place} was made by an older version (schema ${version}, this one needs ${known}): start one of this version's gateways on it, or use that version's command.`,
    )
  }
}

const inWords = (queries: Queries): Queries => ({
  async all<Result extends object>(query: Parameters<Queries['all']>[0]): Promise<Result[]> {
    try {
      return await queries.all<Result>({ ...query, isRare: true })
    } catch (error) {
      throw unavailable(error)
    }
  },
})

const operatorTaskOf = (row: Row): OperatorTask => ({
  task: taskOf(row),
  record: row.record === null ? undefined : (JSON.parse(row.record) as EntityRecord),
})

interface Pair {
  name: string
  value: number
}

const pairs = (rows: readonly Pair[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ name, value }) => [fromText(name), value]))
