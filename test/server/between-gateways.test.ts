/** Gateways that share a store: what one commits reaches the subscribers and the waiting of the other. */
import { join } from 'node:path'
import { graphql, parse, subscribe } from 'graphql'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../protocol/index.ts'
import {
  type Bus,
  confirmed,
  createGateway,
  defineCollection,
  defineTask,
  type Gateway,
  type GatewayOptions,
  type Observer,
  ownedBy,
} from '../../server/index.ts'
import { postgres } from '../../server/store/postgres.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import type { Store } from '../../server/store/store.ts'
import { natsBus } from '../../server/sync/nats-bus.ts'
import { postgresBus } from '../../server/sync/postgres-bus.ts'
import { natsMissing, startNats } from '../support/nats.ts'
import { dropDatabase, freePort, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { agent, temporaryDirectory } from '../support/world.ts'

const note = defineTask<{ id: string }>('note', {
  touches: ({ id }) => [{ type: 'Note', id }],
  async run({ id }, transaction) {
    await transaction.create('Note', id, { owner: transaction.viewer.user })
    return confirmed({})
  },
})

const typeDefs = `
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID owner: ID }
  type NotePayload implements TaskPayload { task: Task! }
  extend type Mutation { note(task: TaskInput, id: ID!): NotePayload }`

let directory: { path: string; remove(): void }
let shared: Store
const gateways: Gateway[] = []

/** The file as another process has it: it sees what was committed, and is told of nothing. */
const guest = (): Store => ({
  open: async () => undefined,
  close: async () => undefined,
  get epoch() {
    return shared.epoch
  },
  get secret() {
    return shared.secret
  },
  get view() {
    return shared.view
  },
  write: (partition, work) => shared.write(partition, work),
  onCommit: () => () => undefined,
})

async function start(store: Store, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const gateway = createGateway({
    store,
    typeDefs,
    tasks: [note],
    collections: [defineCollection('Note', ownedBy('owner', 'supervisor'))],
    authenticate: async ({ user }) => agent(String(user)),
    ...options,
  })
  gateways.push(gateway)
  await gateway.start()
  return gateway
}

async function take(gateway: Gateway, user: string, id: string): Promise<void> {
  const contextValue = await gateway.context({ user })
  const source = `mutation { note(task: {id: "${id}"}, id: "${id}") { task { status } } }`
  const { data, errors } = await graphql({ schema: gateway.schema, source, contextValue })
  expect(errors).toBeUndefined()
  expect(data).toMatchObject({ note: { task: { status: 'CONFIRMED' } } })
}

/** Counts the pokes of one user. */
async function listen(gateway: Gateway, user: string): Promise<{ pokes: number }> {
  const pokes = (await subscribe({
    schema: gateway.schema,
    document: parse('subscription { changesAvailable { at } }'),
    contextValue: await gateway.context({ user }),
  })) as AsyncIterable<unknown>
  const counted = { pokes: 0 }
  const count = async (): Promise<void> => {
    for await (const _ of pokes) counted.pokes += 1
  }
  void count()
  return counted
}

beforeEach(() => {
  directory = temporaryDirectory()
  shared = sqlite(join(directory.path, 'notes.db'))
})
afterEach(async () => {
  // The guests first: the file is the first one's.
  for (const gateway of gateways.splice(0).reverse()) await gateway.stop()
  directory.remove()
})

/** What two gateways share. */
interface Fleet {
  readonly stores: readonly [Store, Store]
  bus(): Bus
  remove(): Promise<void>
}

function pokesOver(name: string, missing: () => boolean, make: () => Promise<Fleet>) {
  describe.skipIf(missing())(`over ${name}`, () => {
    it("a commit of one gateway pokes the other's subscribers whom it concerns, and nobody else's", async () => {
      const fleet = await make()
      onTestFinished(() => fleet.remove())
      const hears = { bus: 0, look: 0 }
      const observer: Observer = {
        heard({ commits, by }) {
          hears[by] += commits
        },
      }
      const one = await start(fleet.stores[0], { bus: fleet.bus() })
      const other = await start(fleet.stores[1], { bus: fleet.bus(), observers: [observer], lookEveryMs: 60_000 })
      // Both begin to hear by themselves.
      let count = 0
      const said = async (): Promise<number> => {
        count += 1
        await take(one, 'ann', `note-${count}`)
        return hears.bus
      }
      await expect.poll(said).toBeGreaterThan(0)
      const [ann, bob] = [await listen(other, 'ann'), await listen(other, 'bob')]
      await take(one, 'ann', 'of-ann')
      await expect.poll(() => ann.pokes).toBeGreaterThan(0)
      expect(bob.pokes).toBe(0)
      const before = systemClock.now()
      await take(one, 'bob', 'of-bob')
      await expect.poll(() => bob.pokes, { interval: 5 }).toBe(1)
      expect(systemClock.now() - before).toBeLessThan(1000)
      expect(hears.look).toBe(0)
    })
  })
}

pokesOver('PostgreSQL, which is the store', postgresMissing, async () => {
  const url = await freshDatabase()
  return { stores: [postgres(url), postgres(url)], bus: () => postgresBus(url), remove: () => dropDatabase(url) }
})

pokesOver('NATS', natsMissing, async () => {
  const server = await startNats()
  return { stores: [shared, guest()], bus: () => natsBus(server.url), remove: () => server.stop() }
})

it('a gateway starts, serves and stops while its bus is away, and its subscribers hear of other gateways all the same', async () => {
  const away = natsBus(`nats://127.0.0.1:${await freePort()}`)
  const logged: string[] = []
  const one = await start(shared)
  const other = await start(guest(), {
    bus: away,
    lookEveryMs: 50,
    log: {
      info: () => undefined,
      warn: (_fields, message) => void logged.push(message),
      error: () => undefined,
    },
  })
  expect(await other.ready()).toBe(true)
  const ann = await listen(other, 'ann')
  await take(one, 'ann', 'a')
  await expect.poll(() => ann.pokes).toBeGreaterThan(0)
  expect(logged).toEqual(['the bus is away: commits of other gateways are found by looking until it is back'])
})

it('who waits here for a task is told as soon as it was taken elsewhere', async () => {
  // Time stands still for the waiting: only the news can end it.
  const still: Clock = { now: systemClock.now, after: () => () => undefined }
  let hear: Parameters<Bus['start']>[0]['hear'] = () => undefined
  const ear: Bus = {
    async start(setting) {
      hear = setting.hear
    },
    tell: () => undefined,
    close: async () => undefined,
  }
  const mouth: Bus = { ...ear, start: async () => undefined, tell: news => hear(news) }
  const one = await start(shared, { bus: mouth })
  const other = await start(guest(), { bus: ear, clock: still })
  const context = await other.context({ user: 'ann' })
  const source = 'mutation { note(task: {id: "second"}, id: "second") { task { status } } }'
  const document = parse(source)
  const operation = document.definitions[0]
  if (operation?.kind !== 'OperationDefinition') throw new Error('no operation')
  const admitted = other.admit({ document, operation, extensions: { layover: { follows: 'first' } }, context })
  await take(one, 'ann', 'first')
  await admitted
})
