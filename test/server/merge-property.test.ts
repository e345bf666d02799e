/**
 * The merge against a model: whatever several devices of different people edit, delete and pull, in whatever order and on
 * however old a base, no edit that nobody contested is lost, everything decided is reported and nothing else, nothing of a
 * conflict is written, and after quiet every device shows what the server holds. A failure prints its seed and path.
 */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Viewer } from '../../server/index.ts'
import {
  type PoliciesGateway,
  RECORD,
  type RecordOf,
  startPoliciesGateway,
  type TaskAnswer,
  TYPES,
} from '../support/policies-gateway.ts'
import { supervisor, uuid } from '../support/world.ts'

type Policy = 'merge' | 'server' | 'client'
type Values = Readonly<Record<string, unknown>>

const FIELDS = ['a', 'b', 'c']
const DEVICES = [0, 1, 2]
const RECORDS = [0, 1]

let world: PoliciesGateway
beforeAll(async () => {
  world = await startPoliciesGateway()
})
afterAll(() => world.close())

// ── the model: one field at a time, on a plain list of what was written ──────────────────────────

interface State {
  readonly version: number
  /** null: deleted. */
  readonly values: Values | null
  readonly by: number
}

/** What an edit or a deletion comes to: the next values (undefined: nothing is written), and what has to be said of it. */
interface Expected {
  readonly next: Values | null | undefined
  /** `field rule from to`. */
  readonly reported: readonly string[]
  readonly conflict: readonly string[] | null
}

const equal = (left: unknown, right: unknown): boolean => isDeepStrictEqual(left ?? null, right ?? null)
const line = (field: string, rule: string, from: unknown, to: unknown): string =>
  JSON.stringify([field, rule, from ?? null, to ?? null])

/** Did somebody else have the last word on this field since the base, and does it differ from the base? */
function isForeign(field: string, live: readonly State[], base: State, device: number): boolean {
  const words = live.filter((state, index) => {
    const before = live[index - 1]
    return state.version > base.version && !equal(state.values?.[field], before?.values?.[field])
  })
  const last = words.at(-1)
  return last !== undefined && last.by !== device && !equal(last.values?.[field], base.values?.[field])
}

function expectEdit(policy: Policy, history: readonly State[], base: State, device: number, patch: Values): Expected {
  const now = history.at(-1) as State
  const live = history.filter(({ values }) => values !== null)
  const theirs = live.at(-1)?.values as Values
  const isGone = now.values === null
  if (isGone && policy === 'merge') return { next: undefined, reported: [], conflict: Object.keys(patch) }
  if (isGone && policy === 'server') {
    const reported = Object.entries(patch).map(([field, mine]) => line(field, 'SERVER_WINS', mine, null))
    return { next: undefined, reported, conflict: null }
  }
  const next: Record<string, unknown> = { ...theirs }
  const reported = isGone ? [line('deleted', 'CLIENT_WINS', true, false)] : []
  const clashes: string[] = []
  let written = 0
  for (const field of FIELDS) {
    const [was, is, mine] = [base.values?.[field], theirs[field], patch[field]]
    const wants = field in patch
    if (!isForeign(field, live, base, device)) {
      if (wants) next[field] = mine
      written += wants ? 1 : 0
    } else if (wants && equal(mine, is)) written += 1
    else if (!wants || equal(mine, was)) reported.push(line(field, 'MERGE', was, is))
    else if (policy === 'merge') clashes.push(field)
    else if (policy === 'server') reported.push(line(field, 'SERVER_WINS', mine, is))
    else {
      reported.push(line(field, 'CLIENT_WINS', is, mine))
      next[field] = mine
      written += 1
    }
  }
  if (clashes.length > 0) return { next: undefined, reported: [], conflict: clashes }
  return { next: written > 0 || isGone ? next : undefined, reported, conflict: null }
}

function expectDeletion(policy: Policy, history: readonly State[], base: State, device: number): Expected {
  const now = history.at(-1) as State
  const live = history.filter(({ values }) => values !== null)
  const foreign = FIELDS.filter(field => isForeign(field, live, base, device))
  if (now.values === null) return { next: undefined, reported: [], conflict: null }
  if (foreign.length === 0) return { next: null, reported: [], conflict: null }
  if (policy === 'merge') return { next: undefined, reported: [], conflict: foreign }
  if (policy === 'server') {
    return { next: undefined, reported: [line('deleted', 'SERVER_WINS', true, false)], conflict: null }
  }
  const reported = foreign.map(field => line(field, 'CLIENT_WINS', now.values?.[field], null))
  return { next: null, reported, conflict: null }
}

// ── the world: devices that know what they pulled, and one gateway ───────────────────────────────

interface Device {
  readonly viewer: Viewer
  readonly client: string
  readonly known: Map<string, { version: number; values: Values }>
  cursor: string | null
}

const PULL = `query ($since: Cursor, $first: Int!) {
  changes(since: $since, first: $first, scopes: [{ type: "Merged" }, { type: "ServerSide" }, { type: "ClientSide" }]) {
    cursor hasMore removed { id } changed { ${RECORD} }
  }
}`

const valuesOf = (record: Record<string, unknown>): Values =>
  Object.fromEntries(FIELDS.map(field => [field, record[field] ?? null]))

/** One page; true when there is more. */
async function pull(device: Device, first: number): Promise<boolean> {
  const { changes } = await world.query(device.viewer, PULL, { since: device.cursor, first })
  device.cursor = changes.cursor
  for (const { id } of changes.removed) device.known.delete(id)
  for (const each of changes.changed) device.known.set(each.id, { version: each.version, values: valuesOf(each) })
  return changes.hasMore
}

type Action =
  | { readonly kind: 'pull'; readonly device: number; readonly first: number }
  | { readonly kind: 'edit'; readonly device: number; readonly record: number; readonly patch: Values }
  | { readonly kind: 'drop'; readonly device: number; readonly record: number }

class Run {
  readonly policy: Policy
  readonly devices: readonly Device[]
  readonly records: RecordOf[] = []
  readonly histories = new Map<string, State[]>()

  constructor(policy: Policy) {
    const tenant = uuid()
    this.policy = policy
    this.devices = DEVICES.map(index => ({
      viewer: supervisor(`person-${index}`, tenant),
      client: `device-${index}`,
      known: new Map(),
      cursor: null,
    }))
  }

  async make(maker: number): Promise<void> {
    const { viewer, client } = this.devices[maker] as Device
    const values = { a: 'first', b: 0, c: null }
    const record = await world.make(viewer, TYPES[this.policy], values, { client })
    this.records.push(record)
    this.histories.set(record.id, [{ version: 1, values, by: maker }])
  }

  async take(action: Action): Promise<void> {
    const device = this.devices[action.device] as Device
    if (action.kind === 'pull') return void (await pull(device, action.first))
    const record = this.records[action.record] as RecordOf
    const history = this.histories.get(record.id) as State[]
    const seen = device.known.get(record.id)?.version
    // What it made itself and never saw come back it knows as version 0; of what it does not know it can't speak.
    if (seen === undefined && (device.cursor !== null || history[0]?.by !== action.device)) return
    const base = history.find(({ version }) => version === (seen ?? 1)) as State
    const task = { client: device.client }
    if (action.kind === 'edit') {
      const expected = expectEdit(this.policy, history, base, action.device, action.patch)
      this.#judge(expected, await world.edit(device.viewer, record, seen ?? 0, action.patch, task), base, history)
      this.#remember(expected, history, action.device)
    } else {
      const expected = expectDeletion(this.policy, history, base, action.device)
      this.#judge(expected, await world.drop(device.viewer, record, seen ?? 0, task), base, history)
      this.#remember(expected, history, action.device)
    }
  }

  #judge({ conflict, reported }: Expected, answer: TaskAnswer, base: State, history: readonly State[]): void {
    expect(answer.status).toBe(conflict === null ? 'CONFIRMED' : 'CONFLICT')
    const said = answer.reconciliation.map(({ field, rule, from, to }) => line(field, rule, from, to))
    expect(said.sort()).toEqual([...reported].sort())
    if (conflict === null) {
      expect(answer.conflict).toBeNull()
      return
    }
    const now = history.at(-1) as State
    const { fields, base: shownBase, theirs } = answer.conflict as NonNullable<TaskAnswer['conflict']>
    expect([...fields].sort()).toEqual([...conflict].sort())
    for (const field of conflict) {
      expect(shownBase?.[field] ?? null).toEqual(base.values?.[field] ?? null)
      if (now.values === null) expect(theirs).toBeNull()
      else expect(theirs?.[field] ?? null).toEqual(now.values[field] ?? null)
    }
  }

  #remember({ next }: Expected, history: State[], device: number): void {
    const { version } = history.at(-1) as State
    if (next !== undefined) history.push({ version: version + 1, values: next, by: device })
  }

  async settle(): Promise<void> {
    for (const device of this.devices) {
      let hasMore = true
      while (hasMore) hasMore = await pull(device, 2)
    }
    for (const { id, type } of this.records) {
      const { version, values } = (this.histories.get(id) as State[]).at(-1) as State
      const stored = await world.record((this.devices[0] as Device).viewer, { type, id })
      expect(stored && { version: stored['version'], values: valuesOf(stored) }).toEqual(values && { version, values })
      for (const { known } of this.devices) expect(known.get(id) ?? null).toEqual(values && { version, values })
    }
  }
}

// ── what may happen ──────────────────────────────────────────────────────────────────────────────

const value = fc.constantFrom<unknown>(
  null,
  '',
  0,
  false,
  'text',
  'first',
  [],
  [0],
  [0, [1]],
  { x: { y: 1 } },
  { x: { y: 2, z: [] } },
)
const patch = fc
  .dictionary(fc.constantFrom(...FIELDS), value, { minKeys: 1, noNullPrototype: true })
  .map(fields => ({ ...fields }))
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      device: fc.constantFrom(...DEVICES),
      record: fc.constantFrom(...RECORDS),
      patch,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pull' as const),
      device: fc.constantFrom(...DEVICES),
      first: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('drop' as const),
      device: fc.constantFrom(...DEVICES),
      record: fc.constantFrom(...RECORDS),
    }),
  },
)

it.each<Policy>(['merge', 'server', 'client'])(
  'policy %s loses no edit, reports all that it decides and nothing else, and all devices come to show the same',
  async policy => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(...RECORDS.map(() => fc.constantFrom(...DEVICES))),
        fc.array(fc.constantFrom(...DEVICES), { maxLength: 3 }),
        fc.array(action, { minLength: 4, maxLength: 20 }),
        async (makers, firstPulls, actions) => {
          const run = new Run(policy)
          for (const maker of makers) await run.make(maker)
          for (const device of new Set(firstPulls)) await pull(run.devices[device] as Device, 10)
          for (const each of actions) await run.take(each)
          await run.settle()
        },
      ),
      { numRuns: 120 },
    )
  },
)
