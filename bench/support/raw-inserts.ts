/**
 * The floor under plain tasks: the same rows in the same tables, by bare pg. Rows that a gateway wrote for one task are the
 * pattern; they are inserted for as many tasks a commit as the gateways' commits had, one connection a tenant. Several processes
 * may do so at once, and take turns at a tenant's partition as gateways do: its row comes first, since it numbers the others.
 */
import pg from 'pg'
import { serveCommands } from './child.ts'

export interface RawLoad {
  /** A database that is prepared. */
  readonly url: string
  readonly tenants: number
  /** A commit. */
  readonly tasks: number
  /** Not counted. */
  readonly warmSeconds: number
  readonly seconds: number
  /** Of the process among those that load together: each has keys of its own. */
  readonly place: number
}

type Row = Record<string, unknown>

/** Tables that a plain task writes, without the head of its partition. */
const TABLES = ['task', 'record', 'version'] as const

const KEYS_OF_A_CONNECTION = 100_000_000

/** Of a database in which a gateway has taken at least one plain task: once, before any process loads. */
async function prepare(url: string, tenants: number): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('create schema raw')
  for (const table of [...TABLES, 'partition', 'commit_mark'])
    await client.query(`create table raw.${table} (like layover.${table} including all)`)
  await client.query('insert into raw.partition select $1 || n, 0 from generate_series(0, $2 - 1) n', [
    'tenant-',
    tenants,
  ])
  await client.end()
}

/** Tasks that were committed in `seconds` after the first `warmSeconds`. */
async function load({ url, tenants, tasks, warmSeconds, seconds, place }: RawLoad): Promise<number> {
  const setup = new pg.Client(url)
  await setup.connect()
  const pattern = await patternOf(setup)
  await setup.end()
  const from = performance.now() + warmSeconds * 1000
  const until = from + seconds * 1000
  let done = 0

  async function tenant(index: number): Promise<void> {
    const client = new pg.Client({ connectionString: url, ...({ pipeline: true } as object) })
    await client.connect()
    const partition = `tenant-${index}`
    let number = (place * tenants + index) * KEYS_OF_A_CONNECTION
    while (performance.now() < until) {
      const first = number
      number += tasks
      const inserts = TABLES.map(table => ({
        name: table,
        text: `insert into raw.${table} select * from json_populate_recordset(null::raw.${table}, $1)`,
        values: [rowsOf(pattern[table], partition, first, tasks)],
      }))
      await Promise.all([
        client.query('begin'),
        client.query({
          name: 'head',
          text: 'update raw.partition set head = head + $2 where name = $1',
          values: [partition, 2 * tasks],
        }),
        ...inserts.map(insert => client.query(insert)),
        client.query({ name: 'mark', text: 'insert into raw.commit_mark (id) values (gen_random_uuid())' }),
        client.query('commit'),
      ])
      const at = performance.now()
      if (at >= from && at < until) done += tasks
    }
    await client.end()
  }

  await Promise.all(Array.from({ length: tenants }, (_, index) => tenant(index)))
  return done
}

/** The rows of the first plain task. */
async function patternOf(client: pg.Client): Promise<Record<(typeof TABLES)[number], Row[]>> {
  const { rows: tasks } = await client.query(
    `select row_to_json(t) as row from layover.task t where name = 'writeNote' limit 1`,
  )
  const task = tasks[0]?.row as Row | undefined
  if (task === undefined) throw new Error('no gateway has taken a plain task in this database yet')
  const note = String(task['id']).replace(/^t-/, 'n-')
  const of = async (table: string): Promise<Row[]> => {
    const { rows } = await client.query(
      `select row_to_json(t) as row from layover.${table} t where partition = $1 and (key = $2 or key like '%' || $3)`,
      [task['partition'], note, task['id']],
    )
    return rows.map(({ row }) => row as Row)
  }
  return { task: [task], record: await of('record'), version: await of('version') }
}

/** As JSON, for `tasks` tasks, each with keys of its own. */
function rowsOf(pattern: readonly Row[], partition: string, first: number, tasks: number): string {
  const rows: Row[] = []
  for (let task = first; task < first + tasks; task += 1)
    for (const row of pattern)
      rows.push({
        ...row,
        partition,
        ...('number' in row
          ? { number: task, id: `t-${task}`, reference: `t-${task}` }
          : { key: `${row['key']}-${task}` }),
        ...('change' in row ? { change: task } : {}),
      })
  return JSON.stringify(rows)
}

serveCommands({ prepare, load })
