/**
 * Two people with three devices use everything that the client offers, in any order, while anything happens to network, disk
 * and batteries. `WALK_SEED` repeats a walk, `WALKS` makes more of them; the seed is in the name of the test.
 */
import type { InMemoryCache } from '@apollo/client'
import { gql } from '@apollo/client'
import { isTemporaryId, LayoverError, type OfflineClient, type OnConflict, temporaryId } from 'layover/client'
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
  virtualClock,
} from 'layover/testing'
import { expect, test } from 'vitest'
import { CHANGES, CREATE, DELETE, notesCache, PRINT, shown, UPDATE } from '../client/notes-app.ts'
import { ADD, FEATURES_SDL, featureFunctions, featureTasks } from './features-app.ts'
import { NETWORK_FAULTS } from './network-faults.ts'

const FIRST_SEED = Number(process.env['WALK_SEED'] ?? 1)
const WALKS = Number(process.env['WALKS'] ?? 3)
const STEPS = Number(process.env['WALK_STEPS'] ?? 250)

const FAULTS: readonly (NetworkFault | PlainFault)[] = [
  ...NETWORK_FAULTS,
  { kind: 'status', status: 429 },
  { kind: 'status', status: 500 },
  'captive-portal',
  'truncated',
  'too-large',
  { kind: 'refused', code: 'STORE_UNAVAILABLE' },
  { kind: 'refused', code: 'RATE_LIMITED' },
  { kind: 'refused', code: 'UNAUTHENTICATED' },
]
const RULES: readonly OnConflict[] = [
  'ask',
  'mine',
  'theirs',
  'merge',
  ({ theirs }) => (theirs ? 'KEEP_MINE' : 'TAKE_THEIRS'),
]
const SCOPES = [
  [{ type: 'Note' }, { type: 'Task' }],
  [{ type: 'Note' }],
  [{ type: 'Note', where: { done: true } }, { type: 'Task' }],
  [{ type: 'Note', where: { done: { in: [false, null] } } }],
  [{ type: 'Note', where: { done: true } }, { type: 'Note', where: { done: { in: [false, null] } } }, { type: 'Task' }],
]

interface Place {
  readonly name: string
  readonly user: string
  readonly device: Device
  readonly network: SimulatedNetwork
  version: number
  isSignedOut: boolean
}

function world(seed: number) {
  const random = seededRandom(seed)
  const clock = virtualClock()
  /** Of what each task was about, when it ran. */
  const about = new Map<string, string>()
  const gateway = memoryGateway({
    typeDefs: FEATURES_SDL,
    tasks: featureFunctions((taskId, noteId) => {
      about.set(taskId, noteId)
      if (random.fraction() < 0.01) throw new Error('a bug of the gateway')
    }),
    clock,
    random: random.fork('gateway'),
  })
  gateway.slow.add('printNote')
  const places = ['ann phone', 'ann laptop', 'ben phone'].map((name): Place => {
    const own = random.fork(name)
    const user = name.split(' ')[0]!
    const network = simulatedNetwork({
      gateway,
      clock,
      random: own.fork('network'),
      latencyMs: () => own.between(20, 400),
    })
    const place: Place = {
      name,
      user,
      network,
      version: 0,
      isSignedOut: false,
      device: device({
        network,
        clock,
        random: own.fork('client'),
        storage: simulatedStorage({ clock, random: own.fork('storage'), latencyMs: () => own.between(0, 15) }),
        app: () => ({
          cache: notesCache(),
          user,
          tasks: featureTasks(place.version, own.pick(RULES)!),
          sync: {
            document: CHANGES,
            notice: gql`subscription { changesAvailable { at } }`,
            pageSize: own.between(3, 40),
          },
          reauthenticate: async () => undefined,
          tasksPerDocument: own.between(1, 12),
          metered: { maxTasks: 5, maxDelayMs: 30_000, pullEveryMs: 120_000 },
        }),
      }),
    }
    return place
  })
  return { random, clock, gateway, places, about }
}

async function walk(seed: number): Promise<void> {
  const { random, clock, gateway, places, about } = world(seed)
  /** Ids of tasks whose promise has resolved, with what it said. */
  const promised = new Map<string, string>()
  /** Ids of tasks that a person gave up. */
  const given = new Set<string>()
  /** Ids of tasks that a person took back before they were sent, on the only device that had them. */
  const takenBack = new Set<string>()
  const carried = new Set<string>()
  /** By the id of a merged task, the one that it is part of. */
  const merged = new Map<string, string>()
  /** Ids of tasks that others could pass, for they waited for something of their own. */
  const held = new Set<string>()
  const surprises: unknown[] = []
  let made = 0

  const expected = (error: unknown): void => {
    const isPlain = error instanceof LayoverError || (error as { name?: string }).name === 'CombinedGraphQLErrors'
    if (!isPlain || (error instanceof LayoverError && error.code === 'UPDATE_FAILED')) surprises.push(error)
  }
  const soon = (work: Promise<unknown>, then: () => void = () => undefined): void => void work.then(then, expected)

  /** Everything that a device has to hold at any time. */
  const watch = (client: OfflineClient): void => {
    client.outbox.subscribe(() => {
      for (const entry of client.outbox.entries) {
        const { id, squashed = [], variables, attempts, status } = entry
        for (const each of squashed) merged.set(each, id)
        const marks = variables['marks'] as number[] | undefined
        if (marks && marks.join() !== [...new Set(marks)].sort().join())
          surprises.push(`${id} was upgraded twice: ${marks}`)
        if (status === 'parked' || status === 'blocked' || 'awaits' in entry) held.add(id)
        if (attempts === 0 && status === 'in-doubt') surprises.push(`${id} is in doubt and was never sent`)
      }
    })
  }

  const open = async (place: Place): Promise<void> => {
    try {
      watch(await place.device.open())
      place.isSignedOut = false
    } catch (error) {
      expected(error) // A full disk may be a reason not to open; it is tried again.
    }
  }

  const mutate = (client: OfflineClient): void => {
    const notes = shown(client.cache as InMemoryCache) ?? []
    const note = random.pick(notes)
    const other = random.pick(client.outbox.entries)?.id
    made += 1
    const title = random.fraction() < 0.1 ? 'forbidden' : `added ${made}`
    const parent = note && random.fraction() < 0.5 ? { parentId: note.id } : {}
    const chance = random.fraction()
    const context = other && random.fraction() < 0.1 ? { layover: { after: [other] } } : {}
    const send = (): Promise<{ extensions?: Record<string, unknown> }> => {
      if (!note || (chance < 0.15 && notes.length < 30))
        return client.mutate({
          mutation: CREATE,
          context,
          variables: { input: { id: random.uuid(), title, ...parent } },
        })
      if (chance < 0.35 && notes.length < 30)
        return client.mutate({
          mutation: ADD,
          context,
          variables: { input: { title, ...parent }, noteId: temporaryId(random) },
        })
      const variables = { id: note.id, baseVersion: note.version ?? 0 }
      if (chance < 0.8) return client.mutate({ mutation: UPDATE, context, variables: { ...variables, patch: patch() } })
      if (chance < 0.9) return client.mutate({ mutation: DELETE, context, variables })
      return client.mutate({ mutation: PRINT, context, variables: { id: note.id } })
    }
    send().then(({ extensions }) => {
      const { id, status } = Object(extensions)['layover'] as { id: string; status: string }
      promised.set(id, status)
      const there = gateway.taken.find(each => each.id === (merged.get(id) ?? id))?.status
      if (status === 'confirmed' && there !== 'CONFIRMED') surprises.push(`${id} is called confirmed and is ${there}`)
    }, expected)
  }

  const patch = (): object =>
    random.pick([{ body: `body ${made}` }, { count: made }, { done: made % 2 === 0 }, { body: null, count: made }])!

  /** Given up when it is called, for a crash may come before the promise resolves; not when it was refused. */
  const giveUp = (ids: readonly string[], done: Promise<unknown>): void => {
    const added = ids.filter(id => !given.has(id))
    for (const id of added) given.add(id)
    done.catch(({ code }) => {
      if (code === 'NOT_POSSIBLE' || code === 'UNKNOWN_ENTRY') for (const id of added) given.delete(id)
    })
  }

  /** A person looks into the outbox. */
  const tend = (client: OfflineClient): void => {
    const { outbox } = client
    const entry = random.pick(outbox.entries)
    if (!entry) return
    const { id } = entry
    const falling = [entry, ...outbox.dependents(id)]
    const chance = random.fraction()
    if (chance < 0.2) soon(outbox.retry(id))
    else if (chance < 0.4) {
      if (entry.status === 'rejected' || entry.status === 'parked') for (const each of falling) given.add(each.id)
      soon(outbox.edit(id, { ...entry.variables, ...('patch' in entry.variables ? { patch: patch() } : {}) }))
    } else if (chance < 0.55) {
      giveUp(
        falling.map(each => each.id),
        outbox.discard(id),
      )
    } else if (chance < 0.75) {
      const before = new Set(outbox.storing.map(each => each.id))
      const cancelled = outbox.cancel(id)
      const rest = new Set(outbox.storing.map(each => each.id))
      const gone = [...falling.map(each => each.id), ...[...before].filter(each => !rest.has(each))]
      giveUp(gone, cancelled)
      soon(cancelled, () => {
        for (const each of gone) if (!carried.has(each)) takenBack.add(each)
      })
    } else if (chance < 0.9) {
      if (entry.status === 'rejected') for (const each of falling) given.add(each.id)
      soon(outbox.applySuggestion(id, 0))
    } else decide(client)
  }

  const decide = (client: OfflineClient): void => {
    const conflict = random.pick(client.conflicts.list)
    if (!conflict) return
    const decision = random.pick(['KEEP_MINE', 'TAKE_THEIRS', 'MERGE'] as const)!
    const [field] = conflict.fields
    const values = decision === 'MERGE' && field ? { [field]: conflict.mine?.[field] ?? null } : undefined
    soon(client.conflicts.resolve(conflict.id, decision, values))
  }

  const carry = async (): Promise<void> => {
    const [from, to] = places as [Place, Place]
    if (!from.device.isOpen || !to.device.isOpen) return
    const json = await from.device.client.outbox.export()
    for (const { id } of from.device.client.outbox.entries) carried.add(id)
    soon(to.device.client.outbox.import(json))
  }

  const outside = (): void => {
    const note = random.pick(gateway.list('Note'))
    if (!note) return
    if (random.fraction() < 0.15) gateway.remove('Note', note.id)
    else gateway.write('Note', { id: note.id, ...patch() })
  }

  /** What was only accepted ends, one way or the other. */
  const finish = async (all = false): Promise<void> => {
    for (const { id, status } of [...gateway.taken]) {
      if (status !== 'ACCEPTED' || (!all && random.fraction() < 0.5)) continue
      const isStill = gateway.taken.find(each => each.id === id)?.status === 'ACCEPTED'
      const no = {
        kind: 'rejected',
        code: 'NO',
        message: 'No.',
        field: null,
        suggestions: [],
        failedTask: null,
      } as const
      // A bug of the gateway leaves it as it was.
      if (isStill) await gateway.finish(id, random.fraction() < 0.3 ? no : undefined).catch(() => undefined)
    }
  }

  const act = async (place: Place): Promise<void> => {
    const { device, network } = place
    const chance = random.fraction()
    if (!device.isOpen) return chance < 0.5 ? open(place) : undefined
    const { client } = device
    if (chance < 0.38) mutate(client)
    else if (chance < 0.5) tend(client)
    else if (chance < 0.52) network.offline({ unnoticed: chance < 0.51 })
    else if (chance < 0.6) network.online()
    else if (chance < 0.63) client.connection.setMode(random.pick(['auto', 'offline', 'metered'])!)
    else if (chance < 0.66) client.connection.setMode('auto')
    else if (chance < 0.7) network.fault(random.pick(FAULTS)!)
    else if (chance < 0.71) for (const fault of FAULTS) network.fault(fault, { chance: 0.03 })
    else if (chance < 0.73) network.calm()
    else if (chance < 0.74) device.storage.fail({ times: random.between(1, 4) })
    else if (chance < 0.75) client.outbox.pause()
    else if (chance < 0.77) client.outbox.resume()
    else if (chance < 0.79) soon(client.sync.setScopes(random.pick(SCOPES)!))
    else if (chance < 0.8) soon(client.sync.purge({ force: true, ...(chance < 0.795 ? { type: 'Note' } : {}) }))
    else if (chance < 0.82) soon(client.sync.pull())
    else if (chance < 0.83) gateway.expireCursors()
    else if (chance < 0.86) outside()
    else if (chance < 0.9) await finish()
    else if (chance < 0.91) gateway.slow.add('addNote')
    else if (chance < 0.92) gateway.slow.delete('addNote')
    else if (chance < 0.93) await carry()
    else if (chance < 0.95) device.crash()
    else if (chance < 0.96) await device.close()
    else if (chance < 0.97) {
      device.crash()
      place.version += 1
    } else if (chance < 0.98) {
      place.isSignedOut = true
      await clock.until(client.signOut({ pending: 'keep' })).catch(expected)
      device.crash()
    } else decide(client)
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

  const quiet = async (): Promise<void> => {
    gateway.slow.delete('addNote')
    for (const place of places) {
      place.network.calm()
      place.network.online()
      if (!place.device.isOpen) await open(place)
      place.device.client.connection.setMode('auto')
      place.device.client.outbox.resume()
    }
    for (let round = 0; left() !== ''; round += 1) {
      expect(round, left()).toBeLessThan(60)
      await finish(true)
      await clock.advance(10_000)
      for (const { device } of places) {
        const { outbox, conflicts } = device.client
        for (const { id } of conflicts.list) soon(conflicts.resolve(id, 'TAKE_THEIRS'))
        for (const { id, status } of outbox.entries) {
          if (status !== 'rejected' && status !== 'parked') continue
          for (const each of [{ id }, ...outbox.dependents(id)]) given.add(each.id)
          soon(outbox.discard(id))
        }
      }
    }
    for (const { device } of places) soon(device.client.sync.setScopes(SCOPES[0]!))
    await clock.advance(5000)
    for (const { device } of places) await clock.until(device.client.sync.pull())
  }

  const rootOf = (id: string): string => {
    const next = merged.get(id)
    return next === undefined ? id : rootOf(next)
  }

  const check = (): void => {
    const taken = new Map(gateway.taken.map(each => [each.id, each]))
    expect(surprises).toEqual([])
    expect(taken.size).toBe(gateway.taken.length)
    expect(new Set(gateway.applied).size).toBe(gateway.applied.length)
    const lost = [...promised.keys()].filter(id => !taken.has(rootOf(id)) && !given.has(id) && !given.has(rootOf(id)))
    expect(lost, 'promised, and neither taken nor given up').toEqual([])
    const unwanted = [...takenBack].filter(id => taken.has(id) && !carried.has(id))
    expect(unwanted, 'taken back, and taken').toEqual([])
    const notes = gateway.list('Note').map(line).sort()
    for (const { name, device } of places) {
      const cache = device.client.cache as InMemoryCache
      expect([name, (shown(cache) ?? []).map(line).sort()]).toEqual([name, notes])
      expect(Object.keys(cache.extract(true)).filter(id => isTemporaryId(id.slice(id.indexOf(':') + 1)))).toEqual([])
      expect([...device.storage.items.keys()].filter(key => key.includes('/entry/'))).toEqual([])
      for (const error of device.errors) expected(error)
      device.errors.length = 0
    }
    expect(surprises).toEqual([])
    for (const client of new Set(gateway.taken.map(each => each.client))) {
      const last = new Map<string, number>()
      for (const { id, client: by, sequence } of gateway.taken) {
        const note = about.get(id)
        if (by !== client || !note || sequence === null || held.has(id)) continue
        expect(sequence, `${id} of ${note} overtook another`).toBeGreaterThan(last.get(note) ?? 0)
        last.set(note, sequence)
      }
    }
  }

  try {
    for (const place of places) await open(place)
    for (let step = 0; step < STEPS; step += 1) {
      for (const place of places) {
        await act(place)
        place.network.requests.length = 0
      }
      await clock.advance(random.between(0, random.fraction() < 0.1 ? 60_000 : 3000))
      if (step % 125 !== 124) continue
      await quiet()
      check()
    }
  } finally {
    for (const { device } of places) device.crash()
  }
}

const line = (note: object): string =>
  ['id', 'version', 'title', 'body', 'count', 'done', 'parentId']
    .map(field => Reflect.get(note, field) ?? null)
    .join(' ')

test.each(Array.from({ length: WALKS }, (_, index) => FIRST_SEED + index))(
  'whatever is done and whatever happens, nothing is lost, done twice, out of order or shown wrong: seed %i',
  async seed => {
    await walk(seed)
  },
  120_000,
)
