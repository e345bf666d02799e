/** What the bus loses is found by looking at the store, and what it did not lose is told once. On a real SQLite file. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../protocol/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import type { Store } from '../../server/store/store.ts'
import type { Bus, BusSetting, News } from '../../server/sync/bus.ts'
import { type Lookout, type LookoutOptions, lookoutOf } from '../../server/sync/lookout.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { temporaryDirectory } from '../support/world.ts'

const P = 'tenant:north'
const EVERY_MS = 5000

let directory: { path: string; remove(): void }
let shared: Store
let clock: ManualClock
let partitions: Set<string>
let told: News[]
let heard: News[]
let counted: Record<'bus' | 'look', number>
let logged: string[]
let setting: BusSetting | undefined
let lookout: Lookout
/** What reading the heads does; undefined: as it is. */
let heads: Store['view']['heads'] | undefined

const bus: Bus = {
  start: async given => {
    setting = given
  },
  tell: news => void told.push(...news),
  close: async () => undefined,
}

/** The store as this process has it: commits of others are not told. */
const own = (): Store => ({
  ...shared,
  epoch: '',
  secret: '',
  open: async () => undefined,
  close: async () => undefined,
  write: () => Promise.reject(new Error('not asked')),
  view: { heads: (asked: readonly string[]) => (heads ?? (all => shared.view.heads(all)))(asked) } as Store['view'],
  onCommit: () => () => undefined,
})

async function commit(id: string, partition = P): Promise<News> {
  await shared.write(partition, async unit =>
    unit.put(
      {
        partition,
        type: 'Note',
        key: id,
        owner: 'ann',
        deleted: false,
        entity: { __typename: 'Note', id, version: 1, updatedAt: '2026-11-20T00:00:00Z', updatedBy: null },
      },
      { keepVersion: false, writtenBy: null },
    ),
  )
  return { partition, owners: ['ann'], head: await shared.view.head(partition) }
}

/** Time goes by, and whatever falls due has its turn. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(100, left))
    await new Promise(resolve => setImmediate(resolve))
  }
}

const make = (more: Partial<LookoutOptions> = {}): Lookout =>
  lookoutOf({
    bus,
    store: own(),
    partitions: () => partitions,
    hear: news => void heard.push(...news),
    observer: {
      heard({ commits, by }) {
        counted[by] += commits
      },
    },
    clock,
    random: { ...systemRandom, fraction: () => 0.5 },
    log: {
      info: (_fields, message) => void logged.push(message),
      warn: (_fields, message) => void logged.push(message),
      error: (_fields, message) => void logged.push(message),
    },
    ...more,
  })

const everybody = (head: number, partition = P): News => ({ partition, owners: 'anybody', head })

beforeEach(async () => {
  directory = temporaryDirectory()
  shared = sqlite(join(directory.path, 'store.db'))
  await shared.open()
  clock = new ManualClock()
  partitions = new Set([P])
  told = []
  heard = []
  counted = { bus: 0, look: 0 }
  logged = []
  heads = undefined
  lookout = make()
  await lookout.start()
})
afterEach(async () => {
  await lookout.stop()
  await shared.close()
  directory.remove()
})

/** A first look is through: what is there is known. */
const settled = (): Promise<void> => pass(EVERY_MS)

describe('a commit of another process', () => {
  it('that the bus lost is told to everybody of its partition with the next look, and once', async () => {
    await settled()
    await commit('a')
    await pass(EVERY_MS + 1000)
    expect(heard).toEqual([everybody(1)])
    await pass(3 * EVERY_MS)
    expect(heard).toEqual([everybody(1)])
    expect(counted).toEqual({ bus: 0, look: 1 })
  })

  it('that the bus told is not told again', async () => {
    await settled()
    setting?.hear([await commit('a')])
    await pass(3 * EVERY_MS)
    expect(heard).toEqual([{ partition: P, owners: ['ann'], head: 1 }])
    expect(counted).toEqual({ bus: 1, look: 0 })
  })

  it('whose news is still under way when it is seen is left to the bus', async () => {
    await settled()
    const news = await commit('a')
    await pass(EVERY_MS + 200)
    setting?.hear([news])
    await pass(2 * EVERY_MS)
    expect(heard).toEqual([news])
  })

  it('is looked for at once when the bus begins to hear again', async () => {
    await settled()
    await commit('a')
    setting?.listening()
    await pass(600)
    expect(heard).toEqual([everybody(1)])
  })

  it('from before the first look is told once to whoever may have come before it', async () => {
    await commit('a')
    await commit('a', 'tenant:south')
    await pass(3 * EVERY_MS)
    expect(heard).toEqual([everybody(1)])
    partitions = new Set(['tenant:south'])
    await pass(EVERY_MS)
    expect(heard).toEqual([everybody(1), everybody(1, 'tenant:south')])
  })

  it('is not looked for where nobody waits', async () => {
    partitions = new Set()
    let asked = 0
    heads = async all => {
      asked += 1
      return shared.view.heads(all)
    }
    await pass(2 * EVERY_MS)
    expect(asked).toBe(0)
    partitions = new Set([P])
    await pass(EVERY_MS)
    expect(asked).toBe(1)
  })
})

it('a history that went back, as after a failover, is told to everybody', async () => {
  await commit('a')
  setting?.hear([{ partition: P, owners: ['ann'], head: 7 }])
  heard = []
  await pass(EVERY_MS + 1000)
  expect(heard).toEqual([everybody(1)])
  await commit('b')
  await pass(EVERY_MS + 1000)
  expect(heard).toEqual([everybody(1), everybody(2)])
})

it('a store that can not be read is logged once, and looked at again until it can', async () => {
  await settled()
  heads = () => Promise.reject(new Error('gone'))
  await commit('a')
  await pass(3 * EVERY_MS)
  expect(logged).toEqual(['the store can not be looked at for commits of other gateways'])
  heads = undefined
  await pass(EVERY_MS + 1000)
  expect(heard).toEqual([everybody(1)])
  expect(logged[1]).toBe('the store can be looked at again for commits of other gateways')
})

it("a process's own commits are told over the bus, and neither heard nor found", async () => {
  const mine = make({ store: shared })
  await mine.start()
  await pass(EVERY_MS)
  heard = []
  const news = await commit('a')
  expect(told).toEqual([news])
  partitions = new Set(['elsewhere'])
  await mine.stop()
  expect(heard).toEqual([])
})

it('nothing is looked at once it is stopped', async () => {
  await settled()
  await commit('a')
  await pass(EVERY_MS + 200)
  await lookout.stop()
  setting?.listening()
  await pass(3 * EVERY_MS)
  expect(heard).toEqual([])
  expect(logged).toEqual([])
})

it('a time between looks that can be none is refused', () => {
  for (const lookEveryMs of [0, 49, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => make({ lookEveryMs })).toThrow('lookEveryMs: must be a number of milliseconds, at least 50')
  }
})
