import { gql } from '@apollo/client'
import {
  type NetworkFault,
  type PlainFault,
  queueTimeline,
  seededRandom,
  simulatedNetwork,
  simulatedStorage,
  type TimelineStatus,
  virtualClock,
} from 'layover/testing'
import { describe, expect, it, vi } from 'vitest'
import { notesWorld } from '../simulation/notes-world.ts'
import { CHANGES, createNote, notesCache, noteTasks, shownIds } from './notes-app.ts'

const carriesTasks = ({ tasks }: { tasks: readonly unknown[] }): boolean => tasks.length > 0
const AGAIN: readonly TimelineStatus[] = ['queued', 'sending', 'in-doubt', 'sending', 'confirmed']
const UNSENT: readonly TimelineStatus[] = ['queued', 'sending', 'queued', 'sending', 'confirmed']
const ONCE: readonly TimelineStatus[] = ['queued', 'sending', 'confirmed']

describe('a fault of the network', () => {
  it.each<[NetworkFault | PlainFault, readonly TimelineStatus[]]>([
    ['drop', AGAIN],
    ['cut', AGAIN],
    ['duplicate', ONCE],
    ['hang', AGAIN],
    [{ kind: 'hang', isApplied: true }, AGAIN],
    [{ kind: 'delay', ms: 5000 }, ONCE],
    [{ kind: 'delay', ms: 31_000, leg: 'answer' }, AGAIN],
    ['reorder', ONCE],
    ['unauthenticated', UNSENT],
    ['rate-limited', UNSENT],
    [{ kind: 'refused', code: 'RATE_LIMITED' }, UNSENT],
    [{ kind: 'status', status: 500 }, AGAIN],
    [{ kind: 'status', status: 502 }, AGAIN],
    ['captive-portal', AGAIN],
    ['truncated', AGAIN],
    [{ kind: 'refused', code: 'STORE_UNAVAILABLE' }, AGAIN],
    [{ kind: 'refused', code: 'NOT_ATTEMPTED' }, UNSENT],
  ])('%j is got over, and the task is carried out once', async (fault, statuses) => {
    const { clock, gateway, network, device } = notesWorld()
    const app = () => ({ cache: notesCache(), user: 'ann', tasks: noteTasks(), reauthenticate: async () => undefined })
    const phone = device('ann', { app })
    const client = await phone.open()
    const timeline = queueTimeline(client, { clock })
    network.fault(fault, { when: carriesTasks })
    void createNote(client, 'a')
    await clock.settle()
    await clock.runUntil(() => client.outbox.entries.length === 0, { withinMs: 120_000, describe: () => `${timeline}` })
    expect(timeline.of(gateway.taken[0]!.id), `${timeline}`).toEqual(statuses)
    expect([gateway.applied.length, gateway.list('Note').length, phone.errors]).toEqual([1, 1, []])
  })

  it('too-large parks the task that fits nowhere', async () => {
    const { clock, network, device } = notesWorld()
    const client = await device().open()
    network.fault('too-large', { when: carriesTasks, times: 5 })
    await expect(clock.until(createNote(client, 'a'))).rejects.toThrow('larger')
    expect(client.outbox.entries.map(({ status }) => status)).toEqual(['parked'])
  })

  it('comes by chance, and the same seed brings the same ones', async () => {
    const met = async (seed: number): Promise<unknown[]> => {
      const { clock, network, device } = notesWorld({ seed })
      const client = await device().open()
      const withdraw = network.fault('drop', { chance: 0.5 })
      for (let round = 0; round < 20; round += 1) {
        void client.sync.pull().catch(() => undefined)
        await clock.advance(100)
      }
      withdraw()
      return network.requests.map(({ fault }) => fault?.kind)
    }
    const first = await met(1)
    expect(new Set(first)).toEqual(new Set(['drop', undefined]))
    expect(await met(1)).toEqual(first)
    expect(await met(2)).not.toEqual(first)
  })

  it('offline without notice looks to the device like a gateway that does not answer', async () => {
    const { clock, network, device } = notesWorld()
    const client = await device().open()
    await clock.settle()
    network.offline({ unnoticed: true })
    await expect(clock.until(client.sync.pull())).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await clock.advance(3000) // One failure may be chance.
    // One failure is not shown at once: the next request may get through.
    await clock.runUntil(() => client.connection.state === 'unreachable')
    network.offline()
    expect(client.connection.state).toBe('offline')
    network.online()
    await clock.runUntil(() => client.connection.state === 'online')
  })

  it('leads to any gateway that can be called', async () => {
    const execute = vi.fn(async () => ({ status: 200, body: { data: { __typename: 'Query' } } }))
    const network = simulatedNetwork({ gateway: { execute } })
    const answer = await network.fetch('/graphql', {
      method: 'POST',
      headers: { 'X-Tenant': 'a' },
      body: '{"query":"{ __typename }"}',
    })
    expect(await answer.json()).toEqual({ data: { __typename: 'Query' } })
    expect(execute.mock.calls).toMatchObject([[{ query: '{ __typename }', headers: { 'x-tenant': 'a' }, tasks: [] }]])
  })
})

describe('a fault of the storage', () => {
  it('a full disk: the task is refused with its reason, and what is queued is sent', async () => {
    const { clock, gateway, device } = notesWorld()
    const phone = device()
    const client = await phone.open()
    client.connection.setMode('offline')
    await clock.until(createNote(client, 'a'))
    phone.storage.quota = phone.storage.size
    await expect(clock.until(createNote(client, 'b'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    client.connection.setMode('auto')
    await clock.runUntil(() => client.outbox.entries.length === 0)
    expect(gateway.list('Note').map(({ id }) => id)).toEqual(['a'])
  })

  it('a full disk keeps nobody from opening what is on it', async () => {
    const { clock, gateway, device } = notesWorld()
    const phone = device()
    const client = await phone.open()
    client.connection.setMode('offline')
    await clock.until(createNote(client, 'a'))
    phone.storage.fail({ times: 1000 })
    const again = await phone.reopen()
    again.connection.setMode('auto')
    await clock.runUntil(() => again.outbox.entries.length === 0)
    expect(gateway.applied.length).toBe(1)
  })

  it('a slow disk: nothing is promised, shown as stored or sent before it is written', async () => {
    const { clock, network, device } = notesWorld()
    const phone = device()
    const client = await phone.open()
    await clock.advance(5000)
    phone.storage.latencyMs = 1000
    const sent = network.requests.length
    let isPromised = false
    void createNote(client, 'a').then(() => {
      isPromised = true
    })
    await clock.advance(900)
    expect([isPromised, client.outbox.entries.length, network.requests.length]).toEqual([false, 0, sent])
    await clock.runUntil(() => isPromised)
    expect([...phone.storage.items.keys()].filter(key => key.includes('/entry/')).length).toBeLessThanOrEqual(1)
    expect(network.requests.length).toBeGreaterThan(sent)
  })

  it('a disk that loses what it has confirmed loses no more than that', async () => {
    const { clock, device } = notesWorld()
    const phone = device('ann', { storage: simulatedStorage({ clock, unsyncedMs: 5000 }) })
    const client = await phone.open()
    client.connection.setMode('offline')
    await clock.until(createNote(client, 'a'))
    await clock.advance(6000)
    await clock.until(createNote(client, 'b'))
    const again = await phone.reopen()
    expect(again.outbox.entries.map(({ variables }) => (variables['input'] as { id: string }).id)).toEqual(['a'])
  })

  it('is shared by two clients that follow one another, and a user’s own', async () => {
    const { clock, gateway, network, device } = notesWorld()
    const storage = simulatedStorage({ clock })
    const phone = device('ann', { storage })
    await clock.until(createNote(await phone.open(), 'a'))
    await clock.advance(5000)
    await phone.close()
    network.offline()
    const ben = await device('ben', { storage }).open()
    expect([shownIds(ben.cache as never), ben.outbox.entries]).toEqual([undefined, []])
    const ann = await device('ann', { storage }).open()
    expect(shownIds(ann.cache as never)).toEqual(['a'])
    expect(gateway.list('Note').length).toBe(1)
  })
})

describe('virtual time', () => {
  it('runs what is due in order, and lets each have its effect before the next', async () => {
    const clock = virtualClock({ startAt: 0 })
    const seen: string[] = []
    clock.after(20, () => seen.push(`c ${clock.now()}`))
    clock.after(10, () => {
      seen.push(`a ${clock.now()}`)
      void Promise.resolve().then(() => clock.after(5, () => seen.push(`b ${clock.now()}`)))
    })
    clock.after(10, () => seen.push('a2'))()
    await clock.advance(15)
    expect(seen).toEqual(['a 10', 'b 15'])
    await clock.runUntilIdle()
    expect([seen.at(-1), clock.now(), clock.timers]).toEqual(['c 20', 20, 0])
  })

  it('waits for work that takes turns, and says what was waited for in vain', async () => {
    const clock = virtualClock()
    let isDone = false
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate)
      isDone = true
    }
    void clock.during(turns())
    await clock.advance(1)
    expect(isDone).toBe(true)
    await expect(clock.runUntil(() => false, { withinMs: 10, describe: () => 'a miracle' })).rejects.toThrow(
      'a miracle',
    )
    await expect(clock.until(new Promise(() => undefined), { withinMs: 10 })).rejects.toThrow('10 ms')
  })
})

it('chance from a seed can be repeated, and its forks do not disturb each other', () => {
  const draw = (seed: number): unknown[] => {
    const random = seededRandom(seed)
    return [random.fraction(), random.uuid(), random.uuid(), random.between(0, 9), random.fork('a').fraction()]
  }
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
  const [, first, second] = draw(1) as string[]
  expect(first! < second! && /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(first!)).toBe(true)
  const disturbed = seededRandom(1)
  disturbed.fraction()
  expect(disturbed.fork('a').fraction()).toBe(seededRandom(1).fork('a').fraction())
})

it('pokes bring what somebody else wrote without waiting for the timer', async () => {
  const { clock, gateway, device } = notesWorld()
  const notice = gql`subscription { changesAvailable { at } }`
  const app = () => ({ cache: notesCache(), user: 'ann', tasks: noteTasks(), sync: { document: CHANGES, notice } })
  const client = await device('ann', { app }).open()
  await clock.settle()
  gateway.write('Note', { id: 'x', title: 'theirs' })
  await clock.advance(500)
  expect(shownIds(client.cache as never)).toEqual(['x'])
})
