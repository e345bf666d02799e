/** Random worlds: whatever was written beside a pull, each device comes to hold what the rows say is for its person. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute, parse } from 'graphql'
import { afterEach, expect, it } from 'vitest'
import {
  createGateway,
  defineCollection,
  type Gateway,
  ownedBy,
  referenceData,
  type Viewer,
} from '../../server/index.ts'
import { backupSqlite, sqlite } from '../../server/store/sqlite.ts'
import type { EntityRecord, Store, StoredRecord } from '../../server/store/store.ts'
import { type Calendar, calendar, DAY_MS, Device, type Scope } from '../support/device.ts'
import { seeded } from '../support/seeded.ts'
import { type Answer, agent, supervisor, temporaryDirectory } from '../support/world.ts'

const TYPES = `
  type Customer implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID ownerId: ID! name: String phone: String notes: String }
  type Vacation implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID ownerId: ID! }
  type HotelOffer implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID place: String stars: Int discontinued: Boolean }`

/** Aliases of its own, so that a text is not by chance what the store holds. */
const known = (more = ''): string => `query ($since: Cursor, $scopes: [ScopeInput!], $first: Int! = 1000) {
  changes(since: $since, scopes: $scopes, first: $first) {
    __typename cursor hasMore reset removed { __typename type id reason }
    changed {
      __typename key: id id version ${more}
      ... on Customer { __typename ownerId label: name name phone notes }
      ... on Vacation { __typename ownerId }
      ... on HotelOffer { __typename place stars discontinued }
      ... on Task { __typename task: name status }
    }
  }
}`
const DOCUMENTS = [known(), known('updatedAt'), undefined]
const HORIZON_DAYS = 30

const SCOPES: readonly (readonly Scope[] | undefined)[] = [
  undefined,
  [{ type: 'Customer' }],
  [{ type: 'Customer', where: { name: 'a' } }],
  [{ type: 'Customer', where: { name: { in: ['a', null] } } }, { type: 'HotelOffer' }],
  [
    { type: 'Customer', where: { phone: { gte: '5' } } },
    { type: 'Customer', where: { name: 'b' } },
    { type: 'Vacation' },
  ],
  [
    { type: 'HotelOffer', where: { stars: { gt: 2 } } },
    { type: 'Vacation' },
    { type: 'Customer', where: { ownerId: 'ann' } },
  ],
]

type Fields = Readonly<Record<string, unknown>>
const FITS: readonly ((record: EntityRecord) => boolean)[] = [
  () => true,
  ({ __typename }) => __typename === 'Customer',
  ({ __typename, name }) => __typename === 'Customer' && name === 'a',
  ({ __typename, name }) =>
    __typename === 'HotelOffer' || (__typename === 'Customer' && (name === 'a' || name == null)),
  ({ __typename, name, phone }) =>
    __typename === 'Vacation' ||
    (__typename === 'Customer' && (name === 'b' || (typeof phone === 'string' && phone >= '5'))),
  ({ __typename, stars, ownerId }) =>
    __typename === 'Vacation' ||
    (__typename === 'HotelOffer' && typeof stars === 'number' && stars > 2) ||
    (__typename === 'Customer' && ownerId === 'ann'),
]

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

class Random {
  readonly next: () => number
  constructor(seed: number) {
    this.next = seeded(seed)
  }
  below = (limit: number): number => Math.floor(this.next() * limit)
  chance = (probability: number): boolean => this.next() < probability
  of = <Value>(values: readonly Value[]): Value => values[this.below(values.length)] as Value
}

class Model {
  readonly random: Random
  readonly rows = new Map<string, StoredRecord>()
  readonly devices: { device: Device; scope: number }[] = []
  readonly directory = temporaryDirectory()
  readonly file = join(this.directory.path, 'model.db')
  date: Calendar = calendar()
  store: Store
  gateway: Gateway
  document: string | undefined = DOCUMENTS[0]
  horizonDays = HORIZON_DAYS
  ready = 0
  backup: { file: string; rows: ReadonlyMap<string, StoredRecord> } | undefined

  constructor(seed: number) {
    this.random = new Random(seed)
    ;({ store: this.store, gateway: this.gateway } = this.make())
  }

  make(): { store: Store; gateway: Gateway } {
    const store = sqlite(this.file)
    const gateway = createGateway({
      store,
      clock: this.date,
      typeDefs: TYPES,
      tasks: [],
      syncHorizonDays: this.horizonDays,
      collections: [
        defineCollection('Customer', ownedBy('ownerId', 'supervisor')),
        defineCollection('Vacation', ownedBy('ownerId', 'supervisor')),
        defineCollection('HotelOffer', referenceData),
      ],
      ...(this.document === undefined ? {} : { changesDocument: this.document }),
      authenticate: async () => undefined,
    })
    return { store, gateway }
  }

  async restart(): Promise<void> {
    await this.gateway.stop()
    this.document = this.random.of(DOCUMENTS)
    this.horizonDays = this.random.of([HORIZON_DAYS, HORIZON_DAYS, 3])
    if (this.random.chance(0.4)) await this.restore()
    this.#parsed.clear()
    ;({ store: this.store, gateway: this.gateway } = this.make())
    await this.gateway.start()
  }

  async takeBackup(): Promise<void> {
    const file = join(this.directory.path, `${this.random.next()}.db`)
    const rows = new Map(this.rows)
    await backupSqlite(this.file, file)
    this.backup = { file, rows }
  }

  /** The gateway is stopped. */
  async restore(): Promise<void> {
    if (this.backup === undefined) return
    for (const end of ['-wal', '-shm']) rmSync(`${this.file}${end}`, { force: true })
    if (this.random.chance(0.5)) writeFileSync(this.file, readFileSync(this.backup.file))
    else {
      rmSync(this.file)
      copyFileSync(this.backup.file, this.file)
    }
    this.rows.clear()
    for (const [key, row] of this.backup.rows) this.rows.set(key, row)
  }

  readonly #parsed = new Map<string, ReturnType<typeof parse>>()

  /** As a server does it: ready answers first. */
  ask = async (viewer: Viewer, source: string, variables: object = {}): Promise<Answer> => {
    const document = this.#parsed.get(source) ?? parse(source)
    this.#parsed.set(source, document)
    const context = this.gateway.contextOf(viewer)
    const request = { document, variables: { ...variables } as Fields }
    const ready = await this.gateway.readyAnswer({ ...request, context })
    if (ready !== undefined) {
      this.ready += 1
      const text = `{"${ready.key}":${Buffer.concat(ready.json).toString()}}`
      return { status: 200, data: JSON.parse(text), errors: [], text }
    }
    const result = await execute({
      schema: this.gateway.schema,
      document,
      variableValues: request.variables,
      contextValue: context,
    })
    const text = JSON.stringify(result)
    return { status: 200, data: JSON.parse(text).data, errors: (result.errors ?? []) as Answer['errors'], text }
  }

  addDevice(): void {
    const viewer = this.random.of([
      agent('ann'),
      agent('bob'),
      supervisor('chief'),
      supervisor('ann'),
      agent('ann', 'south'),
    ])
    const scope = this.random.below(SCOPES.length)
    const isKnown = this.random.chance(0.5)
    const device = new Device(
      (who, _query, variables) =>
        this.ask(who, (isKnown ? this.document : undefined) ?? known('second: version'), variables),
      viewer,
      SCOPES[scope],
    )
    this.devices.push({ device, scope })
  }

  /** The device goes on as somebody else, or with another scope, under the cursor it has. */
  change(): void {
    const at = this.random.below(this.devices.length)
    const old = this.devices[at]
    if (old === undefined) return
    this.addDevice()
    const next = this.devices.pop()
    if (next === undefined) return
    next.device.cursor = old.device.cursor
    for (const [key, value] of old.device.records) next.device.records.set(key, value)
    const sameQuestion =
      JSON.stringify([next.device.viewer, next.scope]) === JSON.stringify([old.device.viewer, old.scope])
    if (!sameQuestion && next.device.viewer.user !== old.device.viewer.user) next.device.cursor = undefined
    if (next.device.cursor === undefined) next.device.records.clear()
    this.devices[at] = next
  }

  row(): StoredRecord {
    const type = this.random.of(['Customer', 'Customer', 'Customer', 'Vacation', 'HotelOffer'])
    const shared = type === 'HotelOffer'
    const partition = shared ? 'shared' : `tenant:${this.random.of(['north', 'north', 'north', 'south'])}`
    const id = `${type}-${this.random.below(12)}`
    const before = this.rows.get(`${partition} ${id}`)
    const owner = shared ? null : this.random.of(['ann', 'bob'])
    const deleted = this.random.chance(0.2)
    const kept = before !== undefined && this.random.chance(0.5) ? before.owner : owner
    const fields = shared
      ? {
          place: this.random.of(['x', 'y']),
          stars: this.random.of([1, 2, 3, 4, null]),
          discontinued: this.random.chance(0.5),
        }
      : {
          ownerId: kept,
          name: this.random.of(['a', 'b', 'c', null]),
          phone: this.random.of(['1', '5', '9', null]),
          notes: 'n',
        }
    return {
      partition,
      type,
      key: id,
      owner: kept,
      deleted,
      entity: {
        __typename: type,
        id,
        version: (before?.entity.version ?? 0) + 1,
        updatedAt: '2027-01-01T00:00:00.000Z',
        updatedBy: null,
        ...(deleted ? {} : fields),
      },
    }
  }

  /** Several units at once, some of which fail. */
  async write(): Promise<void> {
    const units: Promise<unknown>[] = []
    for (let unit = this.random.below(4); unit >= 0; unit -= 1) {
      const fails = this.random.chance(0.15)
      const rows = Array.from({ length: 1 + this.random.below(4) }, () => this.row())
      const partition = rows[0]?.partition ?? ''
      const mine = rows.filter(row => row.partition === partition)
      if (!fails) for (const row of mine) this.rows.set(`${partition} ${row.key}`, row)
      const work = this.store.write(partition, async transaction => {
        for (const row of mine) transaction.put(row, { keepVersion: true, writtenBy: null })
        await Promise.resolve()
        if (fails) throw new Error('undone')
      })
      units.push(work.catch(error => expect(String(error)).toContain('undone')))
    }
    await Promise.all(units)
  }

  expected(viewer: Viewer, scope: number): string[] {
    const all = viewer.roles.includes('supervisor')
    return [...this.rows.values()]
      .filter(({ partition }) => partition === 'shared' || partition === `tenant:${viewer.tenant}`)
      .filter(({ deleted, owner }) => !deleted && (all || owner === null || owner === viewer.user))
      .filter(({ entity }) => FITS[scope]?.(entity))
      .map(({ entity }) => `${entity.id} ${entity.version}`)
      .sort()
  }

  async check(): Promise<void> {
    for (const { device, scope } of this.devices) {
      await device.pull(1 + this.random.below(4))
      const holds = [...device.records.values()].map(({ id, version }) => `${id} ${version}`).sort()
      expect(holds).toEqual(this.expected(device.viewer, scope))
    }
  }
}

const SEEDS = 30

it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  'seed %i',
  async seed => {
    const model = new Model(seed)
    closing.push(
      () => model.directory.remove(),
      () => model.gateway.stop(),
    )
    await model.gateway.start()
    const { random } = model
    for (let count = 0; count < 6; count += 1) model.addDevice()
    for (let turn = 0; turn < 120; turn += 1) {
      const kind = random.next()
      const one = random.of(model.devices)
      if (kind < 0.35) await model.write()
      else if (kind < 0.6) await one.device.page(1 + random.below(4))
      else if (kind < 0.85) {
        const first = 1 + random.below(3)
        await Promise.all([
          one.device.page(first),
          model.write(),
          random.of(model.devices.filter(other => other !== one)).device.page(2),
        ])
      } else if (kind < 0.89) model.change()
      else if (kind < 0.92) await model.restart()
      else if (kind < 0.93) await model.takeBackup()
      else if (kind < 0.96) {
        // Now and then the clock is set back.
        model.date.aheadMs += (random.below(28) - 8) * DAY_MS
        model.date.ring()
      } else await model.check()
    }
    await model.check()
    expect(model.ready).toBeGreaterThan(0)
  },
  60_000,
)
