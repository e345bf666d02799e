import { memoryStorage, type StorageDriver } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import {
  CREATE,
  createNote,
  DELETE,
  emptied,
  newName,
  noteTasks,
  openNotes,
  openOffline,
  PRINT,
  shownIds,
  startGateway,
  UPDATE,
} from './notes-app.ts'

const hasTasks = (request: { tasks: unknown[] }): boolean => request.tasks.length > 0

describe('a task', () => {
  test('is answered by the gateway when it is there', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openNotes(gateway)
    const result = await createNote(client, 'n1')
    expect(result.data?.createNote?.note).toMatchObject({ id: 'n1', version: 1 })
    expect(result.extensions).toMatchObject({ layover: { status: 'confirmed' } })
    expect(client.outbox.entries).toEqual([])
    expect(shownIds(cache)).toEqual(['n1'])
  })

  test('is answered tentatively without a network, and sent when there is one', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    const result = await createNote(client, 'n1')
    expect(result.data?.createNote).toMatchObject({ note: { id: 'n1', title: 'note n1', version: 0, body: null } })
    expect(result.extensions).toMatchObject({ layover: { status: 'queued' } })
    expect(shownIds(cache)).toEqual(['n1'])
    expect(gateway.documents).toEqual([])
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'note n1' })
  })

  test('tells the gateway its installation, its place and what it builds on', async () => {
    const gateway = await startGateway()
    const name = newName()
    const first = await openOffline(gateway, { name })
    await createNote(first.client, 'n1')
    await first.client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 0, patch: { done: true } } })
    const [one, two] = first.client.outbox.entries
    first.client.connection.setMode('auto')
    await emptied(first.client)
    await first.client.close()
    const second = await openNotes(gateway, { name })
    await createNote(second.client, 'n3')
    const [a, b, c] = gateway.documents.flatMap(({ tasks }) => tasks.map(({ task }) => task))
    expect(a).toMatchObject({ id: one?.id, sequence: 1, after: [] })
    expect(b).toMatchObject({ id: two?.id, sequence: 2, after: [one?.id] })
    expect(c).toMatchObject({ sequence: 3, client: a?.client })
  })

  test('treats false, 0, "" and null as edits like any other', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 't', body: 'text', count: 5, done: true })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    client.connection.setMode('offline')
    const patch = { title: '', body: null, count: 0, done: false }
    const { data } = await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch } })
    expect(data?.updateNote?.note).toMatchObject({ id: 'n1', version: 1, ...patch })
    expect(client.outbox.entries[0]?.variables).toEqual({ id: 'n1', baseVersion: 1, patch })
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.documents[0]?.tasks[0]?.variables['patch']).toEqual(patch)
    expect(gateway.notes.get('n1')).toMatchObject(patch)
    expect(shownIds(cache)).toEqual(['n1'])
  })

  test('that cannot be stored rejects, and nothing of it is shown or sent', async () => {
    const gateway = await startGateway()
    const storage = memoryStorage()
    let full = false
    const driver: StorageDriver = {
      ...storage,
      setItem: async (key, value) => {
        if (full && key.includes('/entry/')) throw new Error('quota')
        await storage.setItem(key, value)
      },
    }
    const { client, cache } = await openOffline(gateway, { storage: driver })
    await createNote(client, 'n1')
    full = true
    await expect(createNote(client, 'n2')).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      cause: { message: 'quota' },
    })
    expect(shownIds(cache)).toEqual(['n1'])
    full = false
    await createNote(client, 'n3')
    expect(client.outbox.entries.map(entry => entry.variables)).toMatchObject([
      { input: { id: 'n1' } },
      { input: { id: 'n3' } },
    ])
    client.connection.setMode('auto')
    await emptied(client)
    expect([...gateway.notes.keys()]).toEqual(['n1', 'n3'])
  })

  test('is on the device before anything of it is sent', async () => {
    const gateway = await startGateway()
    const storage = memoryStorage()
    const seen: string[] = []
    const driver: StorageDriver = {
      ...storage,
      setItem: async (key, value) => {
        if (key.includes('/entry/'))
          seen.push(`stored ${/"status":"(\w+)"/.exec(value)?.[1]}, ${gateway.documents.length} sent`)
        await storage.setItem(key, value)
      },
    }
    const { client } = await openNotes(gateway, { storage: driver })
    await createNote(client, 'n1')
    expect(seen).toEqual(['stored queued, 0 sent', 'stored sending, 0 sent'])
  })

  test('whose variables JSON cannot carry is refused at once', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway)
    await expect(createNote(client, 'n1', { count: 1n as never })).rejects.toMatchObject({ code: 'BAD_VARIABLES' })
    expect(client.outbox.entries).toEqual([])
  })
})

describe('the outbox', () => {
  test('belongs to the user id, not to the token', async () => {
    const gateway = await startGateway()
    const name = newName()
    const ann = await openOffline(gateway, { name, token: () => 'first token' } as never)
    await createNote(ann.client, 'n1')
    await ann.client.close()
    const bob = await openNotes(gateway, { name, user: 'bob' })
    expect(bob.client.outbox.entries).toEqual([])
    expect(bob.client.connection.mode).toBe('auto')
    const again = await openNotes(gateway, { name, token: () => 'refreshed token' } as never)
    expect(again.client.outbox.entries).toHaveLength(1)
    again.client.connection.setMode('auto')
    await emptied(again.client)
    expect(gateway.documents[0]?.authorization).toBe('refreshed token')
  })

  test('replaces its list and never changes it', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway)
    const lists: unknown[] = []
    client.outbox.subscribe(() => lists.push(client.outbox.entries))
    await createNote(client, 'n1')
    const before = client.outbox.entries
    expect(client.outbox.entries).toBe(before)
    await createNote(client, 'n2')
    expect(before).toHaveLength(1)
    expect(client.outbox.entries).toHaveLength(2)
    expect(lists).toEqual([[expect.anything()], [expect.anything(), expect.anything()]])
  })

  test('names what would fall with a task, and lets it fall with it', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    await createNote(client, 'n1')
    await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 0, patch: { body: 'b' } } })
    await createNote(client, 'n2', { parentId: 'n1' })
    await client.mutate({ mutation: PRINT, variables: { id: 'n2' } })
    await createNote(client, 'n3')
    const [first] = client.outbox.entries
    expect(client.outbox.dependents(first!.id).map(entry => entry.sequence)).toEqual([2, 3, 4])
    await client.outbox.cancel(first!.id)
    expect(client.outbox.entries.map(entry => entry.sequence)).toEqual([5])
    expect(shownIds(cache)).toEqual(['n3'])
    client.connection.setMode('auto')
    await emptied(client)
    expect([...gateway.notes.keys()]).toEqual(['n3'])
  })

  test('edits a task in its place before it is sent', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    await createNote(client, 'n1')
    await createNote(client, 'n2')
    const [first] = client.outbox.entries
    await client.outbox.edit(first!.id, { input: { id: 'n1', title: 'other' } })
    expect(client.outbox.entries[0]).toMatchObject({
      id: first?.id,
      sequence: 1,
      variables: { input: { title: 'other' } },
    })
    expect(cache.extract(true)['Note:n1']).toMatchObject({ title: 'other' })
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.notes.get('n1')?.title).toBe('other')
  })

  test('refuses to edit, cancel or discard what the gateway may have', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    await vi.waitFor(() => expect(client.sync.lastSyncedAt).not.toBeNull())
    gateway.fault({ kind: 'cut-after' }, hasTasks)
    await createNote(client, 'n1')
    const [entry] = client.outbox.entries
    expect(entry?.status).toBe('in-doubt')
    const variables = { input: { id: 'n1', title: 'x' } }
    await expect(client.outbox.edit(entry!.id, variables)).rejects.toMatchObject({ code: 'NOT_POSSIBLE' })
    await expect(client.outbox.cancel(entry!.id)).rejects.toMatchObject({ code: 'NOT_POSSIBLE' })
    await expect(client.outbox.discard(entry!.id)).rejects.toMatchObject({ code: 'NOT_POSSIBLE' })
    await emptied(client)
  })

  test('takes a rejected task up again under a new id', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openNotes(gateway)
    gateway.onTask = () => ({ code: 'SOLD_OUT', message: 'sold out' })
    const result = await createNote(client, 'n1')
    expect(result.extensions).toMatchObject({ layover: { status: 'rejected' } })
    expect(result.data?.createNote?.task.status).toBe('REJECTED')
    const [rejected] = client.outbox.entries
    expect(await client.outbox.settled(rejected!.id)).toMatchObject({ status: 'rejected', code: 'SOLD_OUT' })
    gateway.onTask = () => undefined
    await client.outbox.retry(rejected!.id)
    await emptied(client)
    expect(gateway.applied).not.toContain(rejected?.id)
    expect(shownIds(cache)).toEqual(['n1'])
    expect(await client.outbox.settled(rejected!.id)).toMatchObject({ status: 'rejected' })
  })

  test('discards a rejected task', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openNotes(gateway)
    gateway.onTask = () => ({ code: 'SOLD_OUT', message: 'sold out' })
    await createNote(client, 'n1')
    await client.outbox.discard(client.outbox.entries[0]!.id)
    expect(client.outbox.entries).toEqual([])
    await client.sync.pull()
    expect(shownIds(cache)).toEqual([])
  })

  test('says that it does not know an id', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway)
    for (const attempt of [
      client.outbox.settled('x'),
      client.outbox.retry('x'),
      client.outbox.discard('x'),
      client.outbox.edit('x', {}),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'UNKNOWN_ENTRY' })
    }
  })

  test('holds everything back while it is paused', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    client.outbox.pause()
    expect((await createNote(client, 'n1')).extensions).toMatchObject({ layover: { status: 'queued' } })
    await expect(client.sync.push()).rejects.toMatchObject({ code: 'PAUSED' })
    await client.sync.pull()
    expect(gateway.documents).toEqual([])
    client.outbox.resume()
    await emptied(client)
  })

  test('travels to another device and keeps its ids', async () => {
    const gateway = await startGateway()
    const old = await openOffline(gateway)
    await createNote(old.client, 'n1')
    await old.client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 0, patch: { body: 'b' } } })
    const ids = old.client.outbox.entries.map(entry => entry.id)
    const file = await old.client.outbox.export()
    const other = await openOffline(gateway)
    await createNote(other.client, 'n9')
    await other.client.outbox.import(file)
    await other.client.outbox.import(file)
    expect(other.client.outbox.entries.slice(1).map(entry => entry.id)).toEqual(ids)
    expect(other.client.outbox.entries.map(entry => entry.sequence)).toEqual([1, 2, 3])
    expect(shownIds(other.cache)).toEqual(['n9', 'n1'])
    other.client.connection.setMode('auto')
    await emptied(other.client)
    old.client.connection.setMode('auto')
    await emptied(old.client)
    expect(gateway.applied).toHaveLength(3)
    await expect(other.client.outbox.import('{"format":"x"}')).rejects.toMatchObject({ code: 'BAD_EXPORT' })
  })
})

describe('after a restart', () => {
  test('queue and optimistic view are back, lists included', async () => {
    const gateway = await startGateway()
    const name = newName()
    gateway.write({ id: 'n0', title: 'zero' })
    gateway.write({ id: 'gone', title: 'gone' })
    const first = await openNotes(gateway, { name })
    await first.client.sync.pull()
    first.client.connection.setMode('offline')
    for (const id of ['n1', 'n2']) await createNote(first.client, id)
    await first.client.mutate({ mutation: UPDATE, variables: { id: 'n0', baseVersion: 1, patch: { title: 'nought' } } })
    await first.client.mutate({ mutation: DELETE, variables: { id: 'gone', baseVersion: 1 } })
    expect(shownIds(first.cache)).toEqual(['n0', 'n1', 'n2'])
    await first.client.close()

    const second = await openNotes(gateway, { name })
    expect(second.client.connection.mode).toBe('offline')
    expect(second.client.sync.lastSyncedAt).not.toBeNull()
    expect(second.client.outbox.entries.map(({ sequence, status }) => `${sequence} ${status}`)).toEqual([
      '1 queued',
      '2 queued',
      '3 queued',
      '4 queued',
    ])
    expect(shownIds(second.cache)).toEqual(['n0', 'n1', 'n2'])
    expect(second.cache.extract(true)['Note:n0']).toMatchObject({ title: 'nought' })
    expect(second.cache.extract()['Note:n0']).toMatchObject({ title: 'zero' })
    second.client.connection.setMode('auto')
    await emptied(second.client)
    expect(shownIds(second.cache)).toEqual(['n0', 'n1', 'n2'])
    expect([...gateway.notes.keys()]).toEqual(['n0', 'n1', 'n2'])
  })

  test('a killed process has lost nothing that mutate had resolved', async () => {
    const gateway = await startGateway()
    const storage = memoryStorage()
    const name = newName()
    const first = await openOffline(gateway, { name, storage })
    for (let index = 0; index < 30; index += 1) await createNote(first.client, `n${index}`)
    // Nothing is closed or flushed: what is in the storage now is what a new process finds.
    const second = await openNotes(gateway, { name, storage: await copyOf(storage) })
    expect(second.client.outbox.entries).toHaveLength(30)
    expect(shownIds(second.cache)).toHaveLength(30)
  })

  test('rejected and parked tasks are still there with their reasons', async () => {
    const gateway = await startGateway()
    const name = newName()
    const first = await openNotes(gateway, { name })
    gateway.onTask = () => ({ code: 'SOLD_OUT', message: 'sold out' })
    await createNote(first.client, 'n1')
    await expect(createNote(first.client, 'n2', { count: 'many' as never })).rejects.toMatchObject({
      name: 'CombinedGraphQLErrors',
    })
    await first.client.close()
    const second = await openNotes(gateway, { name })
    expect(second.client.outbox.entries.map(entry => entry.outcome)).toMatchObject([
      { status: 'rejected', code: 'SOLD_OUT' },
      { status: 'parked' },
    ])
  })

  test('an upgrade never loses a queued task: it is migrated, or parked and exportable', async () => {
    const gateway = await startGateway()
    const name = newName()
    const first = await openOffline(gateway, { name })
    await createNote(first.client, 'n1')
    await first.client.mutate({ mutation: PRINT, variables: { id: 'n1' } })
    await first.client.close()

    const { task } = await import('layover/client')
    const upgraded = [
      task(CREATE, {
        migrations: [({ input }) => ({ input: { ...input, title: `${input.title}, migrated` } })],
        optimistic: ({ input }) => ({ createNote: { note: { __typename: 'Note', ...input } } }),
      }),
    ]
    const second = await openNotes(gateway, { name, tasks: upgraded })
    const [created, printed] = second.client.outbox.entries
    expect(created).toMatchObject({ status: 'queued', variables: { input: { title: 'note n1, migrated' } } })
    expect(printed).toMatchObject({
      status: 'parked',
      outcome: { reason: expect.stringMatching(/^UNKNOWN_TASK: .*PrintNote/) },
    })
    expect(JSON.parse(await second.client.outbox.export()).entries[1].text).toContain('PrintNote')
    await expect(second.client.outbox.retry(printed!.id)).rejects.toMatchObject({ code: 'UNKNOWN_TASK' })
    second.client.connection.setMode('auto')
    await vi.waitFor(() => expect(second.client.outbox.entries).toHaveLength(1))
    expect(gateway.notes.get('n1')?.title).toBe('note n1, migrated')
    await second.client.close()

    const third = await openNotes(gateway, { name, tasks: noteTasks() })
    await emptied(third.client)
    expect(gateway.documents.at(-1)?.tasks[0]?.field).toBe('printNote')
  })

  test('a parked or rejected task that is retried passes through the migrations it has not seen', async () => {
    const gateway = await startGateway()
    const name = newName()
    const first = await openNotes(gateway, { name })
    await createNote(first.client, 'n1', { count: 'many' as never }).catch(() => undefined)
    gateway.onTask = () => ({ code: 'SOLD_OUT', message: 'sold out' })
    await createNote(first.client, 'n2')
    gateway.onTask = () => undefined
    expect(first.client.outbox.entries.map(({ status }) => status)).toEqual(['parked', 'rejected'])
    await first.client.close()

    const { task } = await import('layover/client')
    const upgraded = [
      task(CREATE, { migrations: [({ input }) => ({ input: { ...input, count: 7 } })] }),
      ...noteTasks().filter(each => each.name !== 'CreateNote'),
    ]
    const second = await openNotes(gateway, { name, tasks: upgraded })
    for (const { id } of second.client.outbox.entries) await second.client.outbox.retry(id)
    await emptied(second.client)
    expect([...gateway.notes.values()].map(({ id, count }) => [id, count]).sort()).toEqual([
      ['n1', 7],
      ['n2', 7],
    ])
  })

  test('an entry that cannot be read stays, parked, and comes out of an export as it is', async () => {
    const gateway = await startGateway()
    const name = newName()
    const storage = memoryStorage()
    const first = await openOffline(gateway, { name, storage })
    await createNote(first.client, 'n1')
    await createNote(first.client, 'n2')
    await first.client.close()
    const [key] = (await storage.keys()).filter(each => each.includes('/entry/'))
    await storage.setItem(key!, '{"broken')
    const second = await openNotes(gateway, { name, storage })
    expect(second.client.outbox.entries.map(entry => entry.status)).toEqual(['parked', 'queued'])
    expect(JSON.parse(await second.client.outbox.export()).entries[0].text).toBe('{"broken')
    expect(await storage.getItem(key!)).toBe('{"broken')
    second.client.connection.setMode('auto')
    await vi.waitFor(() => expect(second.client.outbox.entries).toHaveLength(1))
    await second.client.outbox.discard(second.client.outbox.entries[0]!.id)
    expect(await storage.getItem(key!)).toBeNull()
  })

  test('a number is never used twice, even by a queue that was empty', async () => {
    const gateway = await startGateway()
    const name = newName()
    for (const id of ['n1', 'n2', 'n3']) {
      const { client } = await openNotes(gateway, { name })
      await createNote(client, id)
      expect(client.outbox.entries).toEqual([])
      await client.close()
    }
    expect(gateway.documents.flatMap(({ tasks }) => tasks.map(({ task }) => task.sequence))).toEqual([1, 2, 3])
  })
})

async function copyOf(storage: StorageDriver): Promise<StorageDriver> {
  const copy = memoryStorage()
  for (const key of await storage.keys()) await copy.setItem(key, String(await storage.getItem(key)))
  return copy
}
