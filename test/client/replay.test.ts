import { systemRandom } from 'layover/protocol'
import { describe, expect, test, vi } from 'vitest'
import type { Fault } from '../support/scripted-gateway.ts'
import {
  createNote,
  emptied,
  fixedRandom,
  ManualClock,
  newName,
  openNotes,
  openOffline,
  PRINT,
  shownIds,
  startGateway,
  UPDATE,
} from './notes-app.ts'

/** Test time passes quickly until `done` holds. */
async function whilePassing(clock: ManualClock, done: () => void): Promise<void> {
  await vi.waitFor(
    () => {
      clock.advance(500)
      done()
    },
    { timeout: 20_000, interval: 20 },
  )
}

const hasTasks = (request: { tasks: unknown[] }): boolean => request.tasks.length > 0

describe('after any error with the network up the queue empties without a user’s hand', () => {
  const faults: [string, Fault][] = [
    ['a connection cut before the gateway read the request', { kind: 'cut-before' }],
    ['an answer cut after the commit', { kind: 'cut-after' }],
    ['half an answer', { kind: 'truncate' }],
    ['a captive portal that answers 200 with a page', { kind: 'captive-portal' }],
    ['a proxy’s 502 with 401, 403 and 422 in its text', { kind: 'gone-html' }],
    ['503', { kind: 'status', status: 503 }],
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    ['403 of a proxy', { kind: 'status', status: 403 }],
    ['404 of a gateway that is not deployed yet', { kind: 'status', status: 404 }],
    ['a store that is unavailable', { kind: 'refuse', code: 'STORE_UNAVAILABLE' }],
    ['a document that was not attempted', { kind: 'refuse', code: 'NOT_ATTEMPTED' }],
    ['an internal error', { kind: 'refuse', code: 'INTERNAL_SERVER_ERROR' }],
    ['an error without a code, its text full of numbers', { kind: 'refuse' }],
    ['a refusal as too many tasks', { kind: 'refuse', code: 'TOO_MANY_TASKS' }],
    ['413', { kind: 'status', status: 413 }],
  ]
  test.each(faults)('%s', async (_name, fault) => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway)
    for (const id of ['n1', 'n2', 'n3']) await createNote(client, id)
    gateway.fault(fault, hasTasks)
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.faultsLeft).toBe(0)
    expect(gateway.applied).toHaveLength(3)
    expect(new Set(gateway.applied).size).toBe(3)
    expect([...gateway.notes.keys()]).toEqual(['n1', 'n2', 'n3'])
  })

  test('a gateway that is down for a while', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    await gateway.stop()
    const result = await createNote(client, 'n1')
    expect(result.extensions).toMatchObject({ layover: { status: expect.stringMatching(/queued|in-doubt/) } })
    await vi.waitFor(() => expect(client.connection.state).toBe('unreachable'))
    await gateway.start()
    await emptied(client)
    expect([...gateway.notes.keys()]).toEqual(['n1'])
  })
})

test('a time-out, an abort and a booking number with 401 in it are all retried', async () => {
  const gateway = await startGateway()
  const clock = new ManualClock()
  const { client } = await openNotes(gateway, { clock, random: fixedRandom, sync: undefined as never })
  gateway.fault({ kind: 'hang' }, hasTasks)
  gateway.fault({ kind: 'cut-before' }, hasTasks)
  gateway.fault({ kind: 'refuse' }, hasTasks)
  const created = createNote(client, 'n1', { title: 'booking 401-403' })
  await vi.waitFor(() => expect(gateway.documents).toHaveLength(1))
  expect(client.outbox.entries[0]?.status).toBe('sending')
  clock.advance(5000)
  expect((await created).extensions).toMatchObject({ layover: { status: 'sending' } })
  clock.advance(25_000)
  await vi.waitFor(() => expect(client.outbox.entries[0]).toMatchObject({ status: 'in-doubt', attempts: 1 }))
  await whilePassing(clock, () => expect(client.outbox.entries).toEqual([]))
  expect(gateway.notes.get('n1')?.title).toBe('booking 401-403')
  expect(gateway.documents).toHaveLength(4)
})

test('a lost answer leaves the task in doubt until the gateway says what became of it', async () => {
  const gateway = await startGateway()
  const clock = new ManualClock()
  const { client } = await openNotes(gateway, { clock, random: fixedRandom })
  await vi.waitFor(() => expect(client.sync.lastSyncedAt).not.toBeNull())
  gateway.fault({ kind: 'cut-after' }, hasTasks)
  await createNote(client, 'n1')
  const [entry] = client.outbox.entries
  expect(entry).toMatchObject({ status: 'in-doubt', attempts: 1 })
  expect(entry?.nextAttemptAt).toBeDefined()
  const settled = client.outbox.settled(entry!.id)
  await whilePassing(clock, () => expect(client.outbox.entries).toEqual([]))
  expect(await settled).toMatchObject({ status: 'confirmed' })
  expect(gateway.applied).toEqual([entry?.id])
  expect(gateway.documents.map(({ tasks }) => tasks[0]?.task.id)).toEqual([entry?.id, entry?.id])
})

test('Retry-After is honoured', async () => {
  const gateway = await startGateway()
  const clock = new ManualClock()
  const { client } = await openNotes(gateway, { clock, random: fixedRandom, sync: undefined as never })
  gateway.fault({ kind: 'status', status: 429, headers: { 'retry-after': '120' } }, hasTasks)
  await createNote(client, 'n1')
  expect(Date.parse(client.outbox.entries[0]?.nextAttemptAt ?? '') - clock.now()).toBe(120_000)
  clock.advance(119_000)
  expect(gateway.documents).toHaveLength(1)
  clock.advance(1000)
  await vi.waitFor(() => expect(client.outbox.entries).toEqual([]))
})

describe('an expired token', () => {
  test('pauses the queue, nothing is dropped, and it goes on with the new one', async () => {
    const gateway = await startGateway()
    let token = 'old'
    const paused: boolean[] = []
    const { client } = await openOffline(gateway, {
      token: () => token,
      reauthenticate: async () => {
        paused.push(client.outbox.paused)
        token = 'new'
      },
    } as never)
    for (const id of ['n1', 'n2']) await createNote(client, id)
    gateway.fault({ kind: 'refuse', code: 'UNAUTHENTICATED' }, hasTasks)
    client.connection.setMode('auto')
    await emptied(client)
    expect(paused).toEqual([true])
    expect(client.outbox.paused).toBe(false)
    expect(gateway.documents.map(({ authorization }) => authorization)).toEqual(['old', 'new'])
    expect(gateway.applied).toHaveLength(2)
  })

  test('an HTTP 401 is one, too; a sign-in that fails is tried again', async () => {
    const gateway = await startGateway()
    let calls = 0
    const { client, errors } = await openOffline(gateway, {
      sync: undefined as never,
      reauthenticate: async () => {
        calls += 1
        if (calls === 1) throw new Error('no network')
      },
    })
    await createNote(client, 'n1')
    gateway.fault({ kind: 'status', status: 401 }, hasTasks)
    gateway.fault({ kind: 'status', status: 401 }, hasTasks)
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(client.outbox.paused).toBe(true))
    expect(client.outbox.entries[0]?.status).toBe('queued')
    await emptied(client)
    expect(calls).toBe(2)
    expect(errors).toMatchObject([{ code: 'UNAUTHENTICATED' }])
  })

  test('without reauthenticate the queue waits for resume', async () => {
    const gateway = await startGateway()
    const clock = new ManualClock()
    const { client } = await openNotes(gateway, { clock, random: fixedRandom, sync: undefined as never })
    gateway.fault({ kind: 'refuse', code: 'UNAUTHENTICATED' }, hasTasks)
    expect((await createNote(client, 'n1')).extensions).toMatchObject({ layover: { status: 'queued' } })
    await vi.waitFor(() => expect(client.outbox.paused).toBe(true))
    expect(client.outbox.pausedBy).toBe('sign-in')
    client.outbox.pause()
    expect(client.outbox.pausedBy).toBe('user')
    client.outbox.resume()
    await emptied(client)
    expect([client.outbox.paused, client.outbox.pausedBy]).toEqual([false, undefined])
  })
})

describe('order', () => {
  test('500 queued tasks leave in 10 requests in order', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway, { sync: undefined as never })
    const ids = Array.from({ length: 500 }, (_each, index) => `n${index}`)
    await Promise.all(ids.map(id => createNote(client, id)))
    client.connection.setMode('auto')
    const counts = await client.sync.push()
    expect(counts).toEqual({ sent: 500, confirmed: 500, conflicts: 0, rejected: 0, requests: 10 })
    expect(gateway.requests).toHaveLength(10)
    expect([...gateway.notes.keys()]).toEqual(ids)
  })

  test('never sends a later task before an earlier one is answered, unless the gateway keeps the order', async () => {
    const gateway = await startGateway()
    gateway.keepsOrder = false
    const { client } = await openOffline(gateway, { tasksPerDocument: 2 })
    for (let index = 0; index < 6; index += 1) await createNote(client, `n${index}`)
    gateway.fault({ kind: 'cut-before' }, hasTasks)
    gateway.fault(
      { kind: 'cut-after' },
      ({ tasks }) => tasks[0]?.variables['input'] !== undefined && tasks[0]?.task.sequence === 3,
    )
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.documents.map(({ tasks }) => tasks.map(({ task }) => task.sequence))).toEqual([
      [1, 2],
      [1, 2],
      [3, 4],
      [3, 4],
      [5, 6],
    ])
  })

  test('a task that the gateway could not attempt holds its place', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway, { tasksPerDocument: 1 })
    for (const id of ['n1', 'n2']) await createNote(client, id)
    let failures = 2
    gateway.onTask = (_field, args) => {
      if ((args['input'] as { id: string }).id === 'n1' && failures > 0) {
        failures -= 1
        throw Object.assign(new Error('not attempted'), { extensions: { code: 'NOT_ATTEMPTED' } })
      }
      return undefined
    }
    client.connection.setMode('auto')
    await emptied(client)
    expect([...gateway.notes.keys()]).toEqual(['n1', 'n2'])
    expect(gateway.documents.map(({ tasks }) => tasks[0]?.task.sequence)).toEqual([1, 1, 1, 2])
  })
})

describe('a poison task', () => {
  test('is parked with its reason, and the rest goes on', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    for (let index = 0; index < 20; index += 1) {
      await createNote(client, `n${index}`, index === 13 ? { count: 'many' as never } : {})
    }
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(client.outbox.entries.map(entry => entry.status)).toEqual(['parked']))
    expect(client.outbox.entries[0]?.outcome).toMatchObject({
      status: 'parked',
      reason: expect.stringMatching(/^BAD_USER_INPUT: /),
    })
    expect(gateway.applied).toHaveLength(19)
    expect(shownIds(cache)).not.toContain('n13')
    expect(gateway.documents.length).toBeLessThan(12)
  })

  test('holds up only what builds on it; edited, it is queued again with them behind it', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    await createNote(client, 'n1', { count: 'many' as never })
    await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { body: 'b' } } })
    await createNote(client, 'n2')
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(client.outbox.entries.map(entry => entry.status)).toEqual(['parked', 'blocked']))
    expect([...gateway.notes.keys()]).toEqual(['n2'])
    expect(shownIds(cache)).toEqual(['n2'])
    const [bad, waiting] = client.outbox.entries
    expect(client.outbox.dependents(bad!.id)).toEqual([waiting])
    await client.outbox.edit(bad!.id, { input: { id: 'n1', title: 'good', count: 3 } })
    await emptied(client)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'good', count: 3, body: 'b' })
  })

  test('is not one whose answers got lost, however often, before the gateway failed once', async () => {
    const gateway = await startGateway()
    const clock = new ManualClock()
    const { client } = await openNotes(gateway, { clock, random: fixedRandom })
    let failures = 0
    gateway.onTask = () => {
      failures += 1
      if (failures === 1) throw new Error('bug')
      return undefined
    }
    for (let times = 0; times < 6; times += 1) gateway.fault({ kind: 'cut-before' }, hasTasks)
    await createNote(client, 'n1')
    await whilePassing(clock, () => expect(client.outbox.entries).toEqual([]))
    expect(failures).toBe(2)
    expect([...gateway.notes.keys()]).toEqual(['n1'])
  })

  test('one that fails inside the gateway every time is parked after a few attempts', async () => {
    const gateway = await startGateway()
    const clock = new ManualClock()
    const { client } = await openNotes(gateway, { clock, random: fixedRandom })
    gateway.onTask = (_field, args) => {
      if ((args['input'] as { id: string }).id === 'n1') throw new Error('bug')
      return undefined
    }
    await createNote(client, 'n1')
    void createNote(client, 'n2')
    await whilePassing(clock, () => expect(client.outbox.entries.map(entry => entry.status)).toEqual(['parked']))
    expect(client.outbox.entries[0]).toMatchObject({ attempts: 5, outcome: { reason: 'INTERNAL_SERVER_ERROR: bug' } })
    expect([...gateway.notes.keys()]).toEqual(['n2'])
    gateway.onTask = () => undefined
    await client.outbox.retry(client.outbox.entries[0]!.id)
    await emptied(client)
    expect([...gateway.notes.keys()]).toEqual(['n2', 'n1'])
  })
})

test('a dependent of a rejected task is sent, and rejected by the gateway with the name of what failed', async () => {
  const gateway = await startGateway()
  const { client, cache } = await openOffline(gateway)
  await createNote(client, 'n1')
  await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { body: 'b' } } })
  await createNote(client, 'n2')
  const [first, second] = client.outbox.entries
  expect(second?.after).toEqual([first?.id])
  gateway.onTask = (_field, args) =>
    (args['input'] as { id?: string } | undefined)?.id === 'n1'
      ? { code: 'SOLD_OUT', message: 'sold out', suggestions: [{ label: 'another', patch: { title: 'other' } }] }
      : undefined
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(client.outbox.entries.map(entry => entry.status)).toEqual(['rejected', 'rejected']))
  expect(client.outbox.entries.map(entry => entry.outcome)).toMatchObject([
    { code: 'SOLD_OUT', suggestions: [{ label: 'another', patch: { title: 'other' } }] },
    { code: 'DEPENDENCY_FAILED', failedTask: first?.id },
  ])
  expect(shownIds(cache)).toEqual(['n2'])
})

describe('a task that takes long', () => {
  test('stays in the queue with its change until a pull shows that it is done', async () => {
    const gateway = await startGateway()
    gateway.slow.add('createNote')
    const { client, cache } = await openNotes(gateway)
    await vi.waitFor(() => expect(client.sync.lastSyncedAt).not.toBeNull())
    const result = await createNote(client, 'n1')
    expect(result.extensions).toMatchObject({ layover: { status: 'accepted' } })
    expect(result.data?.createNote?.note).toMatchObject({ id: 'n1' })
    const [entry] = client.outbox.entries
    expect(entry?.status).toBe('accepted')
    expect(shownIds(cache)).toEqual(['n1'])
    const settled = client.outbox.settled(entry!.id)
    gateway.finish(entry!.id)
    await client.sync.pull()
    expect(await settled).toMatchObject({ status: 'confirmed', data: { createNote: { note: { id: 'n1' } } } })
    expect(client.outbox.entries).toEqual([])
  })

  test('is asked for now and then when there is no sync', async () => {
    const gateway = await startGateway()
    gateway.slow.add('printNote')
    const clock = new ManualClock()
    const { client } = await openNotes(gateway, {
      clock,
      random: { ...fixedRandom, uuid: systemRandom.uuid },
      sync: undefined as never,
    })
    await client.mutate({ mutation: PRINT, variables: { id: 'n1' } })
    const [entry] = client.outbox.entries
    expect(entry?.status).toBe('accepted')
    gateway.finish(entry!.id, 'REJECTED')
    await whilePassing(clock, () =>
      expect(client.outbox.entries[0]?.outcome).toMatchObject({ status: 'rejected', code: 'SOLD_OUT' }),
    )
  })

  test('does not hold up those behind it', async () => {
    const gateway = await startGateway()
    gateway.slow.add('printNote')
    const { client } = await openOffline(gateway)
    await client.mutate({ mutation: PRINT, variables: { id: 'x' } })
    await createNote(client, 'n1')
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(client.outbox.entries.map(entry => entry.status)).toEqual(['accepted']))
    expect([...gateway.notes.keys()]).toEqual(['n1'])
  })
})

test('keeps every waiting task across a restart in the middle of a replay', async () => {
  const gateway = await startGateway()
  const name = newName()
  const first = await openOffline(gateway, { name, tasksPerDocument: 5, documentsInFlight: 1 })
  const ids = Array.from({ length: 20 }, (_each, index) => `n${index}`)
  for (const id of ids) await createNote(first.client, id)
  gateway.fault({ kind: 'hang' }, ({ tasks }) => tasks[0]?.task.sequence === 11)
  first.client.connection.setMode('auto')
  await vi.waitFor(() => expect(gateway.documents).toHaveLength(3))
  await first.client.close()

  await gateway.stop()
  const network = { isOnline: () => false, subscribe: () => () => undefined }
  const second = await openNotes(gateway, { name, tasksPerDocument: 5, network })
  // What the gateway may have is in doubt, or being asked for already; what was never sent stays unsent.
  const restored = second.client.outbox.entries.slice(0, 6)
  expect(restored.map(({ sequence }) => sequence)).toEqual([11, 12, 13, 14, 15, 16])
  expect(restored.slice(0, 5).every(({ status }) => status === 'in-doubt' || status === 'sending')).toBe(true)
  expect(restored[5]).toMatchObject({ status: 'queued', attempts: 0 })
  await gateway.start()
  await emptied(second.client)
  expect([...gateway.notes.keys()]).toEqual(ids)
  expect(gateway.applied).toHaveLength(20)
})

test('while the gateway cannot be reached new tasks stay unsent and can be cancelled', async () => {
  const gateway = await startGateway()
  const { client, cache } = await openNotes(gateway)
  await vi.waitFor(() => expect(client.sync.lastSyncedAt).not.toBeNull())
  await gateway.stop()
  await expect(client.sync.pull()).rejects.toMatchObject({ code: 'UNREACHABLE' })
  await createNote(client, 'n1')
  const [entry] = client.outbox.entries
  await expect(client.sync.push()).rejects.toMatchObject({ code: 'UNREACHABLE' })
  expect(client.outbox.entries).toEqual([entry])
  expect(entry).toMatchObject({ status: 'queued', attempts: 0 })
  await client.outbox.cancel(entry!.id)
  expect(await client.outbox.settled(entry!.id)).toEqual({ status: 'discarded' })
  expect(shownIds(cache)).toEqual([])
})
