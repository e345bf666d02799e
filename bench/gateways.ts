/**
 * How many tasks a second do 1, 2 and 4 gateways take on one Postgres, every answer durable?
 *
 * Plain tasks that write one record, beside what bare pg makes of the same rows in commits of the same size; and tasks of four
 * steps that do nothing, beside the same four steps in DBOS alone. Either floor has as many processes as there are gateways.
 * Gateways, load and floors are processes of their own on one durable server; they are measured in turns, and of each figure
 * and ratio the median of the rounds counts. Machines of few cores show what a task costs, not how gateways add up: all of it
 * shares them. `npm run bench:gateways`; `BENCH_SIZES` (1,2,4), `BENCH_KINDS` (plain,steps), `BENCH_ROUNDS` (3), `BENCH_SECONDS`
 * (4 for each measurement) after `BENCH_WARM_SECONDS` (3), `BENCH_USERS` (256), `BENCH_TENANTS` (4), `BENCH_TASKS` (20 plain
 * tasks a document) and `BENCH_STEP_TASKS` (4 of steps).
 */
import { setTimeout as later } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from '../test/support/postgres.ts'
import type { ChildName } from './support/bundle.ts'
import { type Child, startChild } from './support/child.ts'
import { median } from './support/figures.ts'
import type { Load } from './support/load.ts'
import type { Counts } from './support/postgres-gateway.ts'
import type { RawLoad } from './support/raw-inserts.ts'

const setting = (name: string, fallback: number): number => Number(process.env[`BENCH_${name}`] ?? fallback)

type Kind = Load['kind']

const SIZES = (process.env['BENCH_SIZES'] ?? '1,2,4').split(',').map(Number)
const WANTED = (process.env['BENCH_KINDS'] ?? 'plain,steps').split(',')
const KINDS = (['plain', 'steps'] as const satisfies readonly Kind[]).filter(kind => WANTED.includes(kind))
const ROUNDS = setting('ROUNDS', 3)
const SECONDS = setting('SECONDS', 4)
const USERS = setting('USERS', 256)
const TENANTS = setting('TENANTS', 4)
const TASKS = setting('TASKS', 20)
const STEP_TASKS = setting('STEP_TASKS', 4)
const WARM_SECONDS = setting('WARM_SECONDS', 3)

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

async function begin(name: ChildName, ...values: readonly string[]): Promise<Child> {
  const child = await startChild(name, values)
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

/** Of one size in one round. */
interface Measured {
  readonly kind: Kind
  readonly size: number
  /** Tasks a second. */
  readonly floor: number
  readonly gateways: Figures
}

const measured: Measured[] = []

async function round(load: Child): Promise<void> {
  for (const size of SIZES) {
    const url = await server.createDatabase()
    const gateways = await Promise.all(Array.from({ length: size }, () => begin('postgres-gateway', url)))
    const figures = new Map<Kind, Figures>()
    for (const kind of KINDS) figures.set(kind, await measure(load, gateways, kind))
    await Promise.all(gateways.map(end))
    for (const [kind, found] of figures) {
      const floor = kind === 'plain' ? await inserts(size, url, found.tasksPerCommit) : await workflows(size)
      measured.push({ kind, size, floor, gateways: found })
    }
  }
}

/** A second, by as many processes as there were gateways, into the database of these. */
async function inserts(size: number, url: string, tasksPerCommit: number): Promise<number> {
  const floor = await Promise.all(Array.from({ length: size }, () => begin('raw-inserts')))
  await floor[0]?.call('prepare', url, TENANTS)
  const tasks = Math.max(1, Math.round(tasksPerCommit))
  const wish: Omit<RawLoad, 'place'> = { url, tenants: TENANTS, tasks, warmSeconds: WARM_SECONDS, seconds: SECONDS }
  return rateOf(floor, (child, place) => child.call('load', { ...wish, place } satisfies RawLoad))
}

/** A second, by as many processes as there were gateways, with as many of them under way as there are users. */
async function workflows(size: number): Promise<number> {
  const url = await server.createDatabase()
  const floor: Child[] = []
  // One after another: DBOS makes its tables without a lock.
  while (floor.length < size) floor.push(await begin('raw-dbos', url))
  const share = (place: number): number => Math.floor((USERS + place) / size)
  return rateOf(floor, (child, place) => child.call('load', share(place), WARM_SECONDS, SECONDS))
}

async function rateOf(
  floor: readonly Child[],
  load: (child: Child, place: number) => Promise<number>,
): Promise<number> {
  const done = await Promise.all(floor.map(load))
  await Promise.all(floor.map(end))
  return done.reduce((sum, each) => sum + each, 0) / SECONDS
}

try {
  await client.connect()
  await client.query('create extension pg_stat_statements')
  const load = await begin('load')
  for (let each = 0; each < ROUNDS; each += 1) await round(load)
} finally {
  await client.end()
  await Promise.all([...children].map(end))
  await server.stop()
}

function print(kind: Kind, title: string): void {
  process.stdout.write(`${title}\n`)
  for (const size of SIZES) {
    const rounds = measured.filter(each => each.kind === kind && each.size === size)
    const of = (value: (each: Measured) => number): number => median(rounds.map(value))
    const rate = (value: (each: Measured) => number): string => String(Math.round(of(value))).padStart(6)
    const parts = [
      `${size} process${size === 1 ? '' : 'es'}`.padEnd(11),
      `floor ${rate(({ floor }) => floor)}`,
      `gateways ${rate(({ gateways }) => gateways.tasks)}`,
      `ratio ${of(({ floor, gateways }) => gateways.tasks / floor).toFixed(2)}`,
    ]
    const details = [
      `${of(({ gateways }) => gateways.cpuMs).toFixed(2)} ms CPU of gateways a task`,
      `${of(({ gateways }) => gateways.statements).toFixed(2)} statements a task`,
      `${of(({ gateways }) => gateways.tasksPerCommit).toFixed(1)} tasks a commit`,
      `a document in ${Math.round(of(({ gateways }) => gateways.documentMs))} ms`,
    ]
    process.stdout.write(`  ${parts.join('  ')}  ${details.join(', ')}\n`)
  }
}

const TITLES: Readonly<Record<Kind, string>> = {
  plain: 'plain tasks a second, beside grouped inserts by bare pg',
  steps: 'tasks of four steps a second, beside workflows of DBOS alone',
}

process.stdout.write(
  `${USERS} users of ${TENANTS} tenants, documents of ${TASKS} plain tasks or ${STEP_TASKS} of steps, median of ${ROUNDS} rounds\n`,
)
for (const kind of KINDS) print(kind, TITLES[kind])
