/**
 * Many installations book, edit and cancel through a balancer while gateways are killed and frozen and the database crashes.
 * Then the weather clears, and everything must be as if nothing had happened.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as later } from 'node:timers/promises'
import pg from 'pg'
import { systemRandom } from '../../protocol/index.ts'
import { chainOfWorkflow } from '../../server/engine/dbos-names.ts'
import { startPostgres } from '../support/postgres.ts'
import { seeded } from '../support/seeded.ts'
import { agent, startOutside, supervisor, tokenFor } from '../support/world.ts'
import { TASKS } from './documents.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { grouped } from './grouped.ts'
import { Installation } from './installation.ts'
import { type Fault, type Invariant, invariants, type ListedTask, type UserAtRest } from './invariants.ts'
import { Person, SOLD_OUT_CAR } from './person.ts'
import { startPostOffice } from './post-office.ts'
import { Line } from './wire.ts'

export interface ChaosOptions {
  readonly seed: number
  /** In each, one gateway is killed or frozen. */
  readonly rounds: number
  /** Two a user. */
  readonly installations: number
  /** 1: on SQLite, where there is nothing to share; else on a Postgres server of their own. */
  readonly gateways: number
  /** How often the database crashes, evenly spread over the rounds. */
  readonly crashes: number
  /** Mean length of a round. */
  readonly roundMs: number
  /** Mean pause of a person between two tasks. */
  readonly paceMs: number
  /** How long everything may take to come to rest. */
  readonly restMs: number
}

export interface ChaosReport {
  /** What was done to the fleet, in order. */
  readonly faults: readonly Fault[]
  readonly invariants: readonly Invariant[]
  /** Names and values, to be printed. */
  readonly figures: readonly (readonly [string, string])[]
}

const TENANTS = ['north', 'south', 'east', 'west']
const DAY_SECONDS = 86_400
const PLENTY = 10_000_000
const LOOK_MS = 250
const LOOK_PATIENCE_MS = 30_000
/** Shorter than most sleep. */
const IMPATIENT_MS = 4000
const SUPPLIER_MS = 250
const CALM_PACES = 4
/** How long a frozen gateway sleeps: longer than it takes the others to notice, and shorter. */
const SLEEP_MS = [500, 8000] as const

interface Users {
  readonly people: readonly Person[]
  readonly readers: readonly Installation[]
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const [outside, postOffice, postgres] = await Promise.all([
    startOutside(),
    startPostOffice(),
    options.gateways > 1 ? startPostgres() : undefined,
  ])
  for (const offer of ['hotel-lisbon-1', 'flight-lisbon-1', 'car-lisbon-1'])
    outside.sandbox.control.setStock(offer, PLENTY)
  outside.sandbox.control.setStock(SOLD_OUT_CAR, 0)
  const database = await postgres?.createDatabase()
  const close = async (): Promise<void> => {
    await Promise.all([outside.close(), postOffice.close(), postgres?.stop()])
  }
  const fleet = await startFleet({
    size: options.gateways,
    env: { ...outside.environment, SMTP_URL: postOffice.url, LOG_LEVEL: 'warn' },
    ...(database === undefined ? {} : { database }),
  }).catch(async (error: unknown) => {
    await close()
    throw error
  })
  const line = new Line(fleet.url)
  try {
    const users = await usersOf(options, line)
    const begin = Date.now()
    const { control } = outside.sandbox
    // Long enough that a fault finds tasks under way; told apart by the last digit of the task's id.
    control.fault({ supplier: '*', on: 'reserve', kind: 'slow', ms: SUPPLIER_MS, key: /[0-9ab]:\w+$/ })
    const storm = new Storm(fleet, seeded(options.seed), options.roundMs)
    const living = live(users, seeded(-options.seed), options.paceMs)
    // Until there is something to lose.
    await later(CALM_PACES * options.paceMs)
    const crashAt = Array.from({ length: options.crashes }, (_, index) =>
      Math.floor(((index + 1) * options.rounds) / (options.crashes + 1)),
    )
    for (let round = 0; round < options.rounds; round += 1) {
      if (postgres !== undefined && crashAt.includes(round)) await storm.crash(() => postgres.crash())
      control.fault({ supplier: '*', on: 'reserve', kind: 'cut-after', times: 1, key: /[c-f]:\w+$/ })
      await storm.round()
    }
    storm.end()
    control.clearFaults()
    await living.stop()
    const stormMs = Date.now() - begin
    await fleet.whole()
    const quiet = new Line(fleet.url)
    const { unfinished, told } = await rest(fleet, users, options.restMs)
    const atRest = {
      users: await Promise.all(
        [...grouped(users.people, ({ installation }) => installation.token)].map(([token, people]) =>
          userAtRest(token, people, quiet),
        ),
      ),
      readers: await Promise.all(
        users.readers.map(async reader => ({
          reader,
          fresh: await freshOf(reader.token, `${reader.name}, new`, quiet),
        })),
      ),
      reservations: outside.sandbox.control.reservations(),
      deliveries: postOffice.deliveries,
      faults: storm.faults,
      handedOver: await handedOver(database),
      unfinished,
    }
    const judged = invariants(atRest)
    return {
      faults: storm.faults,
      invariants: judged.map(each => ({ ...each, violations: each.violations.map(said => withLog(said, fleet)) })),
      figures: [
        ['seed', String(options.seed)],
        ['storm', `${options.rounds} rounds in ${seconds(stormMs)}`],
        ['rest', told],
        ['faults', storm.tally()],
        ['gateways', `${fleet.failedStarts} starts failed, ${fleet.endedByThemselves.length} ended by themselves`],
        ['takeovers', takeoversOf(fleet)],
        ['answers', answersOf(line)],
        ['refusals', refusalsOf(users)],
        ['outcomes', outcomesOf(atRest.users)],
        ['logged', loggedBy(fleet)],
        ...fleet.endedByThemselves.map((said): [string, string] => ['ended', said]),
      ],
    }
  } finally {
    await fleet.close()
    await close()
  }
}

async function usersOf({ installations, seed }: ChaosOptions, line: Line): Promise<Users> {
  const people = await Promise.all(
    Array.from({ length: installations }, async (_, index) => {
      const tenant = TENANTS[Math.floor(index / 2) % TENANTS.length] ?? ''
      const user = `agent-${Math.floor(index / 2)}`
      const random = seeded(seed + index + 1)
      const installation = new Installation({
        name: `device-${index}`,
        token: await tokenFor(agent(user, tenant), DAY_SECONDS),
        line,
        // Every second one goes to another gateway while a frozen one still has its document.
        ...(index % 4 < 2 ? { patienceMs: IMPATIENT_MS } : {}),
        random,
        uuid: systemRandom.uuid,
      })
      return new Person({
        installation,
        random,
        uuid: systemRandom.uuid,
        ownField: index % 2 === 0 ? 'phone' : 'address',
      })
    }),
  )
  const readers = await Promise.all(
    TENANTS.map(async (tenant, index) => {
      const token = await tokenFor(supervisor(`supervisor-${index}`, tenant), DAY_SECONDS)
      return new Installation({
        name: `supervisor of ${tenant}`,
        token,
        line,
        random: seeded(seed - index - 1),
        uuid: systemRandom.uuid,
      })
    }),
  )
  return { people, readers }
}

/** Everybody acts and pulls at his own pace, until `stop`. */
function live({ people, readers }: Users, random: () => number, paceMs: number): { stop(): Promise<void> } {
  const isOver = new AbortController()
  setMaxListeners(0, isOver.signal)
  const again = async (act: () => unknown): Promise<void> => {
    const pause = (): Promise<boolean> =>
      later(paceMs * (0.5 + random()), true, { signal: isOver.signal }).catch(() => false)
    while (await pause()) await act()
  }
  const lives = [
    ...people.flatMap(person => [again(() => person.act()), again(() => person.installation.pull())]),
    ...readers.map(reader => again(() => reader.pull())),
  ]
  return {
    async stop() {
      isOver.abort()
      await Promise.all(lives)
    },
  }
}

/** What is done to the fleet. */
class Storm {
  readonly faults: Fault[] = []
  /** By place: what is to end with its wake. */
  readonly #frozen = new Map<number, Fault>()
  readonly #fleet: Fleet
  readonly #random: () => number
  readonly #roundMs: number
  readonly #isOver = new AbortController()

  constructor(fleet: Fleet, random: () => number, roundMs: number) {
    this.#fleet = fleet
    this.#random = random
    this.#roundMs = roundMs
    setMaxListeners(0, this.#isOver.signal)
  }

  /** One gateway is killed, frozen ones too, or frozen for a while; one at least goes on. */
  async round(): Promise<void> {
    const { awake, frozen } = this.#fleet
    const victims = awake.length > 1 || frozen.length === 0 ? awake : frozen
    const victim = victims[Math.floor(this.#random() * victims.length)]
    const isKill = this.#random() < 0.6 || victims === frozen
    if (victim !== undefined) {
      const fault: Fault = { kind: isKill ? 'kill' : 'freeze', at: Date.now() }
      this.faults.push(fault)
      if (isKill) {
        await this.#fleet.kill(victim)
        this.#thawed(victim)
      } else this.#freeze(victim, fault)
    }
    await later(this.#roundMs * (0.5 + this.#random()))
  }

  async crash(crash: () => Promise<void>): Promise<void> {
    const fault: Fault = { kind: 'crash', at: Date.now() }
    this.faults.push(fault)
    await crash()
    this.#over(fault)
  }

  /** Everybody wakes. */
  end(): void {
    this.#isOver.abort()
    for (const place of this.#fleet.frozen) this.#wake(place)
  }

  tally(): string {
    const count = (kind: Fault['kind']): number => this.faults.filter(fault => fault.kind === kind).length
    const outages = this.faults.flatMap(({ kind, at, until }) =>
      kind === 'crash' && until !== undefined ? [`${until - at} ms`] : [],
    )
    const crashes = `${count('crash')} crashes of the database${outages.length > 0 ? ` (away for ${outages.join(', ')})` : ''}`
    return `${count('kill')} kills, ${count('freeze')} freezes, ${crashes}`
  }

  #freeze(victim: number, fault: Fault): void {
    this.#fleet.freeze(victim)
    this.#frozen.set(victim, fault)
    const sleepMs = SLEEP_MS[0] + this.#random() * (SLEEP_MS[1] - SLEEP_MS[0])
    later(sleepMs, undefined, { signal: this.#isOver.signal }).then(
      () => this.#wake(victim),
      () => undefined,
    )
  }

  #over(fault: Fault): void {
    this.faults[this.faults.indexOf(fault)] = { ...fault, until: Date.now() }
  }

  #wake(place: number): void {
    this.#fleet.wake(place)
    this.#thawed(place)
    this.faults.push({ kind: 'wake', at: Date.now() })
  }

  #thawed(place: number): void {
    const fault = this.#frozen.get(place)
    if (fault !== undefined) this.#over(fault)
    this.#frozen.delete(place)
  }
}

interface Rest {
  /** By the gateway's own count. */
  readonly unfinished: number
  /** When each was over for good. */
  readonly told: string
}

/** Until every outbox is empty, every conflict settled, every task finished and every change pulled. */
async function rest(fleet: Fleet, { people, readers }: Users, restMs: number): Promise<Rest> {
  const begin = Date.now()
  const installations = [...people.map(({ installation }) => installation), ...readers]
  const last = {
    'every outbox empty': 0,
    'every change pulled': 0,
    'every conflict settled': 0,
    'every task finished': 0,
  }
  let unfinished = Number.NaN
  while (Date.now() - begin < restMs) {
    const pulled = await Promise.all(installations.map(each => each.pull()))
    const conflicts = people.reduce((sum, person) => sum + person.settle(), 0)
    unfinished = await unfinishedTasks(fleet)
    const left = {
      'every outbox empty': installations.some(({ isIdle }) => !isIdle),
      'every change pulled': !pulled.every(Boolean),
      'every conflict settled': conflicts > 0,
      'every task finished': unfinished !== 0,
    }
    const names = Object.keys(left) as (keyof typeof left)[]
    for (const name of names) if (left[name]) last[name] = Date.now() - begin
    if (names.every(name => !left[name])) break
    await later(LOOK_MS)
  }
  // What changed since the last look is brought, too.
  await Promise.all(installations.map(each => each.pull()))
  return {
    unfinished,
    told: Object.entries(last)
      .map(([name, ms]) => `${name} after ${seconds(ms)}`)
      .join(', '),
  }
}

/** Of whom the engine took a task it put it into a queue; who takes one begins it himself. */
async function handedOver(database: string | undefined): Promise<ReadonlySet<string>> {
  if (database === undefined) return new Set()
  const client = new pg.Client(database)
  await client.connect()
  const { rows } = await client.query<{ id: string }>(
    'select workflow_uuid as id from dbos.workflow_status where queue_name is not null',
  )
  await client.end()
  return new Set(rows.map(({ id }) => decodeURIComponent(chainOfWorkflow(id).split('/').at(-1) ?? '')))
}

async function unfinishedTasks(fleet: Fleet): Promise<number> {
  const lines = (await fleet.metrics().catch(() => '')).split('\n').filter(each => /^\w*unfinished_tasks\b/.test(each))
  return lines.length === 0 ? Number.NaN : lines.reduce((sum, each) => sum + Number(each.split(' ').at(-1)), 0)
}

async function userAtRest(token: string, people: readonly Person[], line: Line): Promise<UserAtRest> {
  const name = people.map(({ installation }) => installation.name).join(' and ')
  const tasks: ListedTask[] = []
  for (let after: string | null = null, hasMore = true; hasMore; ) {
    const reply = await line.ask(token, { query: TASKS, variables: { after } }, LOOK_PATIENCE_MS)
    if (reply?.data == null) throw new Error(`no tasks for ${name}: ${JSON.stringify(reply?.errors)}`)
    tasks.push(...reply.data.tasks.nodes)
    after = reply.data.tasks.endCursor
    hasMore = reply.data.tasks.hasMore
  }
  return { name, people, tasks, fresh: await freshOf(token, `${name}, new`, line) }
}

async function freshOf(token: string, name: string, line: Line): Promise<Installation> {
  const fresh = new Installation({ name, token, line, random: seeded(0), uuid: systemRandom.uuid })
  if (!(await fresh.pull())) throw new Error(`nothing came for ${name}: ${fresh.complaints.join(', ')}`)
  return fresh
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

function answersOf({ answers: { tookMs, broken } }: Line): string {
  const sorted = tookMs.toSorted((left, right) => left - right)
  const at = (share: number): string => `${Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)} ms`
  return `${sorted.length} requests, ${broken} without an answer; half within ${at(0.5)}, 99 % within ${at(0.99)}, slowest ${at(1)}`
}

/** Such as `12 CONFIRMED, 3 REJECTED`, the most frequent first. */
function counted(words: readonly string[]): string {
  const groups = [...grouped(words, word => word)].sort(([, left], [, right]) => right.length - left.length)
  return groups.map(([word, all]) => `${all.length} ${word}`).join(', ') || 'none'
}

function refusalsOf({ people }: Users): string {
  const sums = new Map<string, number>()
  for (const { installation } of people)
    for (const [code, count] of installation.refusals) sums.set(code, (sums.get(code) ?? 0) + count)
  return [...sums].map(([code, count]) => `${count} ${code}`).join(', ') || 'none'
}

const outcomesOf = (users: readonly UserAtRest[]): string =>
  counted(
    users.flatMap(({ tasks }) => tasks.map(({ name, status, rejection }) => `${name} ${rejection?.code ?? status}`)),
  )

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** A violation with what the gateways said of its task. */
function withLog(violation: string, { said }: Fleet): string {
  const id = ID.exec(violation)?.[0]
  const lines = id === undefined ? [] : said.filter(line => line.includes(id))
  return [violation, ...lines.slice(0, 10)].join('\n                ')
}

/** A gateway that finds another silent says of how many tasks it takes over. */
function takeoversOf({ said }: Fleet): string {
  const tasks = said.flatMap(line => {
    const { msg, tasks } = line.includes('taken over')
      ? (JSON.parse(line) as { msg: string; tasks?: number })
      : { msg: '' }
    return msg.includes('taken over') ? [Number(tasks ?? 0)] : []
  })
  return `${tasks.reduce((sum, count) => sum + count, 0)} tasks of ${tasks.length} gateways`
}

const loggedBy = (fleet: Fleet): string =>
  counted(fleet.said.map(line => /"msg":"([^"]*)"/.exec(line)?.[1] ?? line.slice(0, 100)))
