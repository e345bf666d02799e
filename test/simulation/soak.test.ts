/**
 * An hour of two people with three devices, on networks, storage and batteries as they are. `SOAK_SEED` repeats a run,
 * `SOAK_MINUTES` makes it longer; the seed is in the name of the test.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gql, type InMemoryCache } from '@apollo/client'
import { type OfflineClient, task } from 'layover/client'
import {
  type Device,
  device,
  memoryGateway,
  type NetworkFault,
  type PlainFault,
  type SimulatedNetwork,
  seededRandom,
  simulatedNetwork,
  simulatedStorage,
  type TaskTransaction,
  virtualClock,
} from 'layover/testing'
import { expect, it } from 'vitest'
import { CHANGES, CREATE, DELETE, notesCache, PRINT, shown, UPDATE } from '../client/notes-app.ts'
import { NETWORK_FAULTS } from './network-faults.ts'
import { NOTES_SDL, noteTaskFunctions } from './notes-world.ts'

const SEED = Number(process.env['SOAK_SEED'] ?? 20261126)
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 60)
const MINUTE_MS = 60_000
/** What the ledger of the gateway and the lists of this test take, and what V8 makes of a heap that is half used. */
const HEAP_TOLERANCE_BYTES = 10_000_000

const FAULTS: readonly (NetworkFault | PlainFault)[] = [
  ...NETWORK_FAULTS,
  { kind: 'status', status: 500 },
  { kind: 'status', status: 502 },
  'captive-portal',
  'truncated',
  'too-large',
  { kind: 'refused', code: 'STORE_UNAVAILABLE' },
  { kind: 'refused', code: 'UNAUTHENTICATED' },
]

const tasks = () => [
  task(CREATE, {
    optimistic: ({ input }) => ({ createNote: { __typename: 'NotePayload', note: { __typename: 'Note', ...input } } }),
  }),
  task(UPDATE, {
    optimistic: ({ id, patch }) => ({ updateNote: { note: { __typename: 'Note', id, ...patch } } }),
    onConflict: ({ theirs }) => (theirs === null ? 'TAKE_THEIRS' : 'KEEP_MINE'),
  }),
  task(DELETE, { update: (cache, _result, { id }) => void cache.evict({ id: `Note:${id}` }), onConflict: 'theirs' }),
  task(PRINT),
]

interface Place {
  readonly name: string
  readonly device: Device
  readonly network: SimulatedNetwork
}

function world(seed: number) {
  const random = seededRandom(seed)
  const clock = virtualClock()
  const runs = new Map<string, number>()
  const counted = Object.fromEntries(
    Object.entries(noteTaskFunctions).map(([name, run]) => [
      name,
      (args: unknown, hands: TaskTransaction) => {
        runs.set(hands.taskId, (runs.get(hands.taskId) ?? 0) + 1)
        return run(args, hands)
      },
    ]),
  )
  const gateway = memoryGateway({
    typeDefs: NOTES_SDL,
    tasks: counted,
    clock,
    random: random.fork('gateway'),
    keepForMs: 5 * MINUTE_MS,
  })
  gateway.slow.add('printNote')
  const places = [
    ['ann', 'phone'],
    ['ann', 'laptop'],
    ['ben', 'phone'],
  ].map(([user = '', kind]): Place => {
    const name = `${user}'s ${kind}`
    const own = random.fork(name)
    const latencyMs = (): number => own.between(20, 400)
    const network = simulatedNetwork({ gateway, clock, random: own.fork('network'), latencyMs })
    const storage = simulatedStorage({ clock, random: own.fork('storage'), latencyMs: () => own.between(0, 15) })
    return {
      name,
      network,
      device: device({
        network,
        storage,
        clock,
        random: own.fork('client'),
        app: () => ({
          cache: notesCache(),
          user,
          tasks: tasks(),
          historySize: 10, // Full before the first look.
          sync: { document: CHANGES, notice: gql`subscription { changesAvailable { at } }` },
          reauthenticate: async () => undefined,
        }),
      }),
    }
  })
  return { random, clock, gateway, places, runs }
}

it(`after an hour of anything, every queue is empty, the caches are equal, and nothing has grown: seed ${SEED}`, async () => {
  const { random, clock, gateway, places, runs } = world(SEED)
  const steady = places.at(-1) // Never switched off: what a client gathers in an hour would show.
  /** Ids of tasks whose promise has resolved. */
  const promised = new Set<string>()
  const given = new Set<string>()
  const gone: WeakRef<OfflineClient>[] = []
  let made = 0

  const act = async (place: Place): Promise<void> => {
    const { device, network } = place
    const chance = random.fraction()
    if (!device.isOpen) {
      // A full disk is a reason not to open; it is tried again.
      if (chance < 0.3) await device.open().catch(() => undefined)
      return
    }
    const { client } = device
    if (chance < 0.4) mutate(client)
    else if (chance < 0.43) network.offline({ unnoticed: chance < 0.41 })
    else if (chance < 0.55) network.online()
    else if (chance < 0.56) client.connection.setMode('offline')
    else if (chance < 0.62) client.connection.setMode('auto')
    else if (chance < 0.66) network.fault(random.pick(FAULTS)!)
    else if (chance < 0.67) storm(network)
    else if (chance < 0.7) network.calm()
    else if (chance < 0.71) device.storage.fail({ times: random.between(1, 4) })
    else if (chance < 0.72 && place === steady) network.online()
    else if (chance < 0.715) {
      gone.push(new WeakRef(client))
      device.crash()
    } else if (chance < 0.72) {
      gone.push(new WeakRef(client))
      await device.close()
    } else if (chance < 0.73) void client.sync.pull().catch(() => undefined)
    else if (chance < 0.74) overwrite()
    else if (chance < 0.745) gateway.remove('Note', random.pick(gateway.list('Note'))?.id ?? 'none')
    else if (chance < 0.746) gateway.expireCursors()
    else if (chance < 0.9) await printed()
    else await tidy(client)
  }

  const overwrite = (): void => {
    const note = random.pick(gateway.list('Note'))
    if (note) gateway.write('Note', { id: note.id, body: `from outside ${made}` })
  }

  const storm = (network: SimulatedNetwork): void => {
    for (const fault of FAULTS) network.fault(fault, { chance: 0.03 })
  }

  /** A person does something. */
  const mutate = (client: OfflineClient): void => {
    const held = shown(client.cache as InMemoryCache) ?? []
    const note = random.pick(held)
    made += 1
    const chance = random.fraction()
    const done =
      !note || held.length < 20 || (chance < 0.2 && held.length < 40)
        ? client.mutate({ mutation: CREATE, variables: { input: { id: random.uuid(), title: `note ${made}` } } })
        : chance < 0.75
          ? client.mutate({
              mutation: UPDATE,
              variables: { id: note.id, baseVersion: note.version ?? 0, patch: patch(made) },
            })
          : chance < 0.9
            ? client.mutate({ mutation: DELETE, variables: { id: note.id, baseVersion: note.version ?? 0 } })
            : client.mutate({ mutation: PRINT, variables: { id: note.id } })
    done.then(
      ({ extensions }) => promised.add(String((extensions?.['layover'] as { id: string } | undefined)?.id)),
      () => undefined, // The storage was full, and the application was told so.
    )
  }

  const patch = (n: number): object =>
    random.pick([{ body: `body ${n}` }, { count: n }, { done: n % 2 === 0 }, { title: `title ${n}`, body: null }])!

  /** What was only accepted is done. */
  const printed = async (): Promise<void> => {
    const waiting = gateway.taken.filter(({ status, name }) => status === 'ACCEPTED' && name === 'printNote')
    for (const { id } of waiting) await gateway.finish(id)
  }

  /** A person looks at what needs a person. */
  const tidy = async (client: OfflineClient): Promise<void> => {
    for (const { id } of client.conflicts.list) void client.conflicts.resolve(id, 'TAKE_THEIRS').catch(() => undefined)
    for (const { id, status } of client.outbox.entries) {
      if (status !== 'rejected' && status !== 'parked') continue
      given.add(id)
      void client.outbox.discard(id).catch(() => undefined)
    }
  }

  /** The weather clears, everybody comes home, and it is waited until all is done. */
  const quiet = async (): Promise<void> => {
    for (const { device, network } of places) {
      network.calm()
      network.online()
      if (!device.isOpen) await device.open()
      device.client.connection.setMode('auto')
    }
    const left = (): string =>
      places
        .flatMap(({ name, device }) =>
          device.client.outbox.entries.map(
            ({ id, name: task, status, attempts, after, outcome }) =>
              `${name}: ${task} ${id} ${status} ${attempts} after [${after}] ${JSON.stringify(outcome)}`,
          ),
        )
        .join('\n')
    for (let round = 0; left() !== ''; round += 1) {
      expect(round, left()).toBeLessThan(60)
      for (const { device } of places) await tidy(device.client)
      await printed()
      await clock.advance(10_000)
    }
    for (const { device } of places) await clock.until(device.client.sync.pull())
  }

  const run = async (minutes: number): Promise<void> => {
    const end = clock.now() + minutes * MINUTE_MS
    while (clock.now() < end) {
      for (const place of places) {
        await act(place)
        place.network.requests.length = 0
        place.device.errors.length = 0 // An error keeps, by its stack, the client that it came from.
      }
      await clock.advance(random.between(2000, 20_000))
    }
  }

  const compare = (): void => {
    const held = gateway.list('Note').map(line)
    for (const { name, device } of places) {
      expect([
        name,
        shown(device.client.cache as InMemoryCache)
          ?.map(line)
          .sort(),
      ]).toEqual([name, held.sort()])
    }
  }

  const grown = async (): Promise<Growth> => ({
    heap: await heapInUse(),
    timers: clock.timers,
    listeners: places.reduce((sum, { network }) => sum + network.listeners, gateway.listeners),
    layers: places.map(({ device }) => layersOf(device.client.cache as InMemoryCache)),
    records: places.map(
      ({ device }) =>
        Object.keys((device.client.cache as InMemoryCache).extract()).length - gateway.list('Note').length,
    ),
    stored: places.map(({ device }) => device.storage.size),
  })

  for (const { device } of places) await device.open()
  await run(MINUTES / 4)
  await quiet()
  compare()
  const quarter = await grown()
  await run((MINUTES * 3) / 4)
  await quiet()
  compare()
  const end = await grown()

  const takenIds = gateway.taken.map(({ id }) => id)
  expect(new Set(takenIds).size).toBe(takenIds.length)
  expect([...promised].filter(id => !takenIds.includes(id) && !given.has(id))).toEqual([])
  expect([...runs].filter(([, times]) => times !== 1)).toEqual([])
  for (const installation of new Set(gateway.taken.map(({ client }) => client))) {
    const order = gateway.taken.filter(({ client }) => client === installation).map(({ sequence }) => sequence ?? 0)
    expect(order).toEqual([...order].sort((left, right) => left - right))
  }
  // Of each device its hint, its socket and the gateway's end of it.
  expect(end.listeners).toBeLessThanOrEqual(3 * places.length)
  expect(end.layers).toEqual(quarter.layers)
  expect(end.timers).toBeLessThanOrEqual(5 * places.length)
  for (const count of end.records) expect(count).toBeLessThanOrEqual(Math.max(...quarter.records) + 100)
  for (const size of end.stored) expect(size).toBeLessThanOrEqual(Math.max(...quarter.stored) * 3)
  for (const { device } of places)
    expect([...device.storage.items.keys()].filter(key => key.includes('/entry/'))).toEqual([])
  expect(end.heap - quarter.heap).toBeLessThan(HEAP_TOLERANCE_BYTES)
  expect(gone.filter(each => each.deref()).length).toBe(0)
}, 120_000)

interface Growth {
  heap: number
  timers: number
  listeners: number
  layers: number[]
  records: number[]
  stored: number[]
}

const line = (note: object): string =>
  ['id', 'version', 'title', 'body', 'count', 'done'].map(field => Reflect.get(note, field) ?? null).join(' ')

function layersOf(cache: InMemoryCache): number {
  let layers = 0
  let layer: { parent?: object } = cache['optimisticData']
  while (layer.parent !== undefined && layer.parent !== layer) {
    layer = layer.parent
    layers += 1
  }
  return layers
}

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

async function heapInUse(): Promise<number> {
  for (let time = 0; time < 3; time += 1) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}
