/**
 * How many tasks a second do 1, 2 and 4 gateways take on one Postgres, every answer durable?
 *
 * Plain tasks that write one record, beside what bare pg makes of the same rows in commits of the same size; and tasks of four
 * steps that do nothing, beside the same four steps in DBOS alone. Gateways, load, and either floor are processes of their
 * own on one durable server; they are measured in turns, and of each the median counts. Machines of few cores show what a
 * task costs, not how gateways add up: all of it shares them. `npm run bench:gateways`; `BENCH_SIZES` (1,2,4), `BENCH_ROUNDS`
 * (3), `BENCH_SECONDS` (4 for each measurement), `BENCH_USERS` (256), `BENCH_TENANTS` (4), `BENCH_TASKS` (20 a document).
 */
import pg from 'pg'
import { startPostgres } from '../test/support/postgres.ts'
import { type Child, startChild } from './support/commanded.ts'
import { median } from './support/figures.ts'
import type { Load, Loaded } from './support/load.ts'
import type { RawLoad } from './support/raw-inserts.ts'

const setting = (name: string, fallback: number): number => Number(process.env[`BENCH_${name}`] ?? fallback)

const SIZES = (process.env['BENCH_SIZES'] ?? '1,2,4').split(',').map(Number)
const ROUNDS = setting('ROUNDS', 3)
const SECONDS = setting('SECONDS', 4)
const USERS = setting('USERS', 256)
const TENANTS = setting('TENANTS', 4)
const TASKS = setting('TASKS', 20)
const WARM_SECONDS = 2

type Kind = Load['kind']

/** One measurement of gateways. */
interface Figures {
  /** A second. */
  readonly tasks: number
  readonly cpuMs: number
  readonly statements: number
  readonly tasksPerCommit: number
  /** Median of the documents. */
  readonly documentMs: number
}

const server = await startPostgres({ durable: true, settings: { shared_preload_libraries: 'pg_stat_statements' } })
const load = await startChild('load.ts')
const raw = await startChild('raw-inserts.ts')
const client = new pg.Client(server.url)
await client.connect()
await client.query('create extension pg_stat_statements')

async function measure(gateways: readonly Child[], urls: readonly string[], kind: Kind): Promise<Figures> {
  const wish: Load = { urls, kind, users: USERS, tenants: TENANTS, tasks: TASKS, seconds: SECONDS }
  await load.call('load', { ...wish, seconds: WARM_SECONDS })
  const before = await used(gateways)
  const { tasks, seconds, documentMs } = await load.call<Loaded>('load', wish)
  const after = await used(gateways)
  // Documents that were under way at the end are in the costs and not in the count.
  const all = documentMs.length * TASKS
  return {
    tasks: tasks / seconds,
    cpuMs: (after.cpuMs - before.cpuMs) / all,
    statements: (after.statements - before.statements) / all,
    tasksPerCommit: all / (after.commits - before.commits),
    documentMs: median(documentMs),
  }
}

async function used(gateways: readonly Child[]): Promise<{ cpuMs: number; commits: number; statements: number }> {
  const sum = async (values: Promise<number>[]): Promise<number> =>
    (await Promise.all(values)).reduce((total, value) => total + value, 0)
  const { rows } = await client.query<{ calls: string }>(
    'select coalesce(sum(calls), 0) as calls from pg_stat_statements',
  )
  return {
    cpuMs: await sum(gateways.map(gateway => gateway.cpuMs())),
    commits: await sum(gateways.map(gateway => gateway.call<number>('commits'))),
    statements: Number(rows[0]?.calls),
  }
}

const gatewaysOf = new Map(SIZES.map(size => [size, { plain: [] as Figures[], steps: [] as Figures[] }]))
const inserts: number[] = []
const workflows: number[] = []

for (let round = 0; round < ROUNDS; round += 1) {
  let floor: RawLoad | undefined
  for (const size of SIZES) {
    const url = await server.createDatabase()
    const gateways = await Promise.all(Array.from({ length: size }, () => startChild('postgres-gateway.ts', url)))
    const urls = await Promise.all(gateways.map(gateway => gateway.call<string>('address')))
    for (const kind of ['plain', 'steps'] as const) {
      const figures = await measure(gateways, urls, kind)
      gatewaysOf.get(size)?.[kind].push(figures)
      // The pattern of the floor is what one gateway does.
      if (kind === 'plain')
        floor ??= { url, tenants: TENANTS, tasks: Math.max(1, Math.round(figures.tasksPerCommit)), seconds: SECONDS }
    }
    await Promise.all(gateways.map(gateway => gateway.close()))
  }
  if (floor !== undefined) {
    const { tasks } = await raw.call<{ tasks: number }>('load', floor)
    inserts.push(tasks / SECONDS)
  }
  const dbos = await startChild('raw-dbos.ts', await server.createDatabase())
  await dbos.call('load', USERS, WARM_SECONDS)
  workflows.push((await dbos.call<number>('load', USERS, SECONDS)) / SECONDS)
  await dbos.close()
}

await client.end()
await Promise.all([load.close(), raw.close()])
await server.stop()

const rate = (value: number): string => `${Math.round(value)} tasks/s`.padStart(14)

function print(kind: Kind, title: string, floorName: string, floor: number): void {
  process.stdout.write(`${title}\n  ${floorName.padEnd(22)}${rate(floor)}\n`)
  for (const [size, figures] of gatewaysOf) {
    const of = (name: keyof Figures): number => median(figures[kind].map(each => each[name]))
    const details = [
      `ratio ${(of('tasks') / floor).toFixed(2)}`,
      `${of('cpuMs').toFixed(2)} ms CPU of gateways a task`,
      `${of('statements').toFixed(2)} statements a task`,
      `${of('tasksPerCommit').toFixed(1)} tasks a commit`,
      `a document in ${Math.round(of('documentMs'))} ms`,
    ]
    process.stdout.write(
      `  ${`${size} gateway${size === 1 ? '' : 's'}`.padEnd(22)}${rate(of('tasks'))}   ${details.join(', ')}\n`,
    )
  }
}

process.stdout.write(`${USERS} users of ${TENANTS} tenants, documents of ${TASKS}, median of ${ROUNDS} rounds\n`)
print('plain', 'plain tasks', 'grouped inserts, pg', median(inserts))
print('steps', 'tasks of four steps', 'DBOS', median(workflows))
