/**
 * How many tasks a second do 1, 2 and 4 gateways take on one Postgres, every answer durable?
 *
 * Plain tasks that write one record, beside what bare pg makes of the same rows in commits of the same size; and tasks of four
 * steps that do nothing, beside the same four steps in DBOS alone. Gateways, load, and either floor are processes of their
 * own on one durable server; they are measured in turns, and of each the median counts. Machines of few cores show what a
 * task costs, not how gateways add up: all of it shares them. `npm run bench:gateways`; `BENCH_SIZES` (1,2,4), `BENCH_ROUNDS`
 * (3), `BENCH_SECONDS` (4 for each measurement), `BENCH_USERS` (256), `BENCH_TENANTS` (4), `BENCH_TASKS` (20 plain tasks a document) and
 * `BENCH_STEP_TASKS` (4 of steps).
 */
import { setTimeout as later } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from '../test/support/postgres.ts'
import { type Child, startChild } from './support/commanded.ts'
import { median } from './support/figures.ts'
import type { Load } from './support/load.ts'
import type { Counts } from './support/postgres-gateway.ts'
import type { RawLoad } from './support/raw-inserts.ts'

const setting = (name: string, fallback: number): number => Number(process.env[`BENCH_${name}`] ?? fallback)

const SIZES = (process.env['BENCH_SIZES'] ?? '1,2,4').split(',').map(Number)
const ROUNDS = setting('ROUNDS', 3)
const SECONDS = setting('SECONDS', 4)
const USERS = setting('USERS', 256)
const TENANTS = setting('TENANTS', 4)
const TASKS = setting('TASKS', 20)
const STEP_TASKS = setting('STEP_TASKS', 4)
const WARM_SECONDS = setting('WARM_SECONDS', 3)

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
const client = new pg.Client(server.url)
const children = new Set<Child>()

async function begin(file: string, ...values: readonly string[]): Promise<Child> {
  const child = await startChild(file, ...values)
  children.add(child)
  return child
}

async function end(child: Child): Promise<void> {
  children.delete(child)
  await child.close()
}

async function measure(load: Child, gateways: readonly Child[], kind: Kind): Promise<Figures> {
  const urls = await Promise.all(gateways.map(gateway => gateway.call<string>('address')))
  const tasks = kind === 'plain' ? TASKS : STEP_TASKS
  const wish: Load = { urls, kind, users: USERS, tenants: TENANTS, tasks, seconds: WARM_SECONDS + SECONDS }
  const documents = load.call<number[]>('load', wish)
  const looked = (async () => {
    await later(WARM_SECONDS * 1000)
    const before = await counts(gateways)
    await later(SECONDS * 1000)
    return { before, after: await counts(gateways) }
  })()
  const [documentMs, { before, after }] = await Promise.all([documents, looked])
  const done = after[kind] - before[kind]
  return {
    tasks: (1000 * done) / (after.at - before.at),
    cpuMs: (after.cpuMs - before.cpuMs) / done,
    statements: (after.statements - before.statements) / done,
    tasksPerCommit: done / (after.commits - before.commits),
    documentMs: median(documentMs),
  }
}

type Sums = Counts & { readonly statements: number; readonly at: number }

async function counts(gateways: readonly Child[]): Promise<Sums> {
  const [{ rows }, ...all] = await Promise.all([
    client.query<{ calls: string }>('select coalesce(sum(calls), 0) as calls from pg_stat_statements'),
    ...gateways.map(gateway => gateway.call<Counts>('counts')),
  ])
  const sum = (name: keyof Counts): number => all.reduce((total, each) => total + each[name], 0)
  return {
    plain: sum('plain'),
    steps: sum('steps'),
    commits: sum('commits'),
    cpuMs: sum('cpuMs'),
    statements: Number(rows[0]?.calls),
    at: performance.now(),
  }
}

const gatewaysOf = new Map(SIZES.map(size => [size, { plain: [] as Figures[], steps: [] as Figures[] }]))
const inserts: number[] = []
const workflows: number[] = []

async function round(load: Child): Promise<void> {
  let floor: RawLoad | undefined
  for (const size of SIZES) {
    const url = await server.createDatabase()
    const gateways = await Promise.all(Array.from({ length: size }, () => begin('postgres-gateway.ts', url)))
    for (const kind of ['plain', 'steps'] as const) {
      const figures = await measure(load, gateways, kind)
      gatewaysOf.get(size)?.[kind].push(figures)
      // The pattern of the floor is what the first fleet does.
      if (kind === 'plain')
        floor ??= { url, tenants: TENANTS, tasks: Math.max(1, Math.round(figures.tasksPerCommit)), seconds: SECONDS }
    }
    await Promise.all(gateways.map(end))
  }
  const raw = await begin('raw-inserts.ts')
  inserts.push((await raw.call<number>('load', floor)) / SECONDS)
  await end(raw)
  const dbos = await begin('raw-dbos.ts', await server.createDatabase())
  workflows.push((await dbos.call<number>('load', USERS, WARM_SECONDS, SECONDS)) / SECONDS)
  await end(dbos)
}

try {
  await client.connect()
  await client.query('create extension pg_stat_statements')
  const load = await begin('load.ts')
  for (let each = 0; each < ROUNDS; each += 1) await round(load)
} finally {
  await client.end()
  await Promise.all([...children].map(end))
  await server.stop()
}

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

process.stdout.write(
  `${USERS} users of ${TENANTS} tenants, documents of ${TASKS} plain tasks or ${STEP_TASKS} of steps, median of ${ROUNDS} rounds\n`,
)
print('plain', 'plain tasks', 'grouped inserts, pg', median(inserts))
print('steps', 'tasks of four steps', 'DBOS', median(workflows))
