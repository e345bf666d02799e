import { memoryStorage, type OfflineClient, type StorageDriver, type TaskOptions, task } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import {
  CREATE,
  type CreateInput,
  createNote,
  DELETE,
  emptied,
  newName,
  noteTasks,
  openNotes,
  PRINT,
  shown,
  startGateway,
  UPDATE,
} from './notes-app.ts'

type Variables = { id: string; baseVersion: number; patch: Partial<CreateInput> }
type Squash = NonNullable<TaskOptions<unknown, Variables>['squash']>

const squashUpdates = (
  squash: Squash = (earlier, later) =>
    earlier.id === later.id ? { ...earlier, patch: { ...earlier.patch, ...later.patch } } : undefined,
) => [
  ...noteTasks().filter(({ name }) => name !== 'UpdateNote'),
  task(UPDATE, {
    optimistic: ({ id, patch }) => ({ updateNote: { note: { __typename: 'Note', id, ...patch } } }),
    squash,
  }),
]

const update = (client: OfflineClient, id: string, patch: Partial<CreateInput>) =>
  client.mutate({ mutation: UPDATE, variables: { id, baseVersion: 1, patch } })
const queued = (client: OfflineClient) =>
  client.outbox.entries.map(({ name, variables }) => `${name} ${JSON.stringify(variables['patch'] ?? null)}`)

async function openWithNote(options: Parameters<typeof openNotes>[1] = {}) {
  const gateway = await startGateway()
  for (const id of ['n1', 'n2']) gateway.write({ id, title: id })
  const opened = await openNotes(gateway, { tasks: squashUpdates(), ...options })
  await opened.client.sync.pull()
  opened.client.connection.setMode('offline')
  return { gateway, ...opened }
}

describe('redundant updates', () => {
  test('squashes only tasks never attempted, never across a dependency', async () => {
    const { gateway, client } = await openWithNote()
    await update(client, 'n1', { title: 'a' })
    await update(client, 'n2', { title: 'other' })
    await update(client, 'n1', { body: 'b' })
    await update(client, 'n1', { title: 'c' })
    expect(queued(client)).toEqual(['UpdateNote {"title":"c","body":"b"}', 'UpdateNote {"title":"other"}'])
    const [first] = client.outbox.entries
    expect(first?.squashed).toHaveLength(2)

    // A task of another kind on the same record lies between.
    await client.mutate({ mutation: PRINT, variables: { id: 'n1' } })
    await update(client, 'n1', { count: 1 })
    // One that merely refers to it, too.
    await createNote(client, 'n3', { parentId: 'n1' })
    await update(client, 'n1', { count: 2 })
    await client.mutate({ mutation: DELETE, variables: { id: 'n1', baseVersion: 1 } })
    await update(client, 'n1', { count: 3 })
    expect(queued(client).slice(2)).toEqual([
      'PrintNote null',
      'UpdateNote {"count":1}',
      'CreateNote null',
      'UpdateNote {"count":2}',
      'DeleteNote null',
      'UpdateNote {"count":3}',
    ])
    for (const { id } of client.outbox.entries.slice(2)) await client.outbox.cancel(id)

    // One that was sent stays what it was, whatever became of it.
    gateway.fault({ kind: 'cut-after' }, ({ tasks }) => tasks.length > 0)
    const inDoubt = (): boolean => client.outbox.entries.some(({ status }) => status === 'in-doubt')
    const stop = client.outbox.subscribe(() => inDoubt() && client.connection.setMode('offline'))
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(inDoubt()).toBe(true))
    stop()
    await update(client, 'n2', { title: 'later' })
    expect(queued(client).at(-1)).toBe('UpdateNote {"title":"later"}')
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'c', body: 'b' })
    expect(gateway.notes.get('n2')).toMatchObject({ title: 'later' })
    expect(gateway.applied).toHaveLength(3)
  })

  test('nothing that builds on something else, or that somebody waits for, is merged', async () => {
    const { client } = await openWithNote()
    await update(client, 'n1', { title: 'a' })
    await createNote(client, 'n9')
    // Builds on the note that is still to be made.
    await update(client, 'n1', { parentId: 'n9' })
    expect(client.outbox.entries).toHaveLength(3)
    // The maker of n8 is followed by an update, which builds on it as the first update does: these two are one.
    await createNote(client, 'n8')
    await update(client, 'n8', { title: 'a' })
    await update(client, 'n8', { title: 'b' })
    expect(queued(client).slice(3)).toEqual(['CreateNote null', 'UpdateNote {"title":"b"}'])
  })

  test('nor what a task was told to come after, be that task on the device or on its way there', async () => {
    const { client } = await openWithNote()
    const createAfter = (id: string, entryId: string) =>
      client.mutate({
        mutation: CREATE,
        variables: { input: { id, title: id } },
        context: { layover: { after: [entryId] } },
      })
    await update(client, 'n1', { title: 'a' })
    await createAfter('n8', client.outbox.entries[0]!.id)
    await update(client, 'n1', { title: 'b' })
    expect(client.outbox.entries).toHaveLength(3)
    // The one that would be merged was told of something that the earlier was not.
    await client.mutate({
      mutation: UPDATE,
      variables: { id: 'n1', baseVersion: 1, patch: { title: 'x' } },
      context: { layover: { after: [client.outbox.entries[1]!.id] } },
    })
    expect(client.outbox.entries).toHaveLength(4)
    await client.outbox.cancel(client.outbox.entries[3]!.id)
    await Promise.all([createAfter('n9', client.outbox.entries[2]!.id), update(client, 'n1', { title: 'c' })])
    expect(queued(client)).toEqual([
      'UpdateNote {"title":"a"}',
      'CreateNote null',
      'UpdateNote {"title":"b"}',
      'CreateNote null',
      'UpdateNote {"title":"c"}',
    ])
  })

  test('the later id stands for the whole: what comes after it, and cancelling', async () => {
    const { client, cache } = await openWithNote()
    await update(client, 'n1', { title: 'a' })
    const { extensions } = await update(client, 'n1', { body: 'b' })
    const later = (extensions as { layover: { id: string } }).layover.id
    await client.mutate({
      mutation: CREATE,
      variables: { input: { id: 'n9', title: 'n9' } },
      context: { layover: { after: [later] } },
    })
    const [first, second] = client.outbox.entries
    expect(second?.after).toEqual([first?.id])
    expect(client.outbox.dependents(later)).toEqual([second])
    await client.outbox.cancel(later)
    expect(client.outbox.entries).toEqual([])
    expect(shown(cache)).toMatchObject([{ id: 'n1', title: 'n1', body: null }, { id: 'n2' }])
    expect(await client.outbox.settled(later)).toEqual({ status: 'discarded' })
  })

  test('both have the same verdict and the tentative answer shows both; a restart knows the later id', async () => {
    const name = newName()
    const storage = memoryStorage()
    const { gateway, client, cache } = await openWithNote({ name, storage })
    const first = await update(client, 'n1', { title: 'a' })
    const second = await update(client, 'n1', { body: 'b' })
    expect(second.data?.updateNote?.note).toMatchObject({ id: 'n1', title: 'a', body: 'b', version: 1 })
    expect(shown(cache)?.[0]).toMatchObject({ title: 'a', body: 'b' })
    const [one, two] = [first, second].map(({ extensions }) => (extensions as { layover: { id: string } }).layover.id)
    expect(two).not.toBe(one)
    // As it is on the device before the second promise resolved.
    const entries = (await storage.keys()).filter(key => key.includes('/entry/'))
    expect(entries).toHaveLength(1)
    expect(JSON.parse(String(await storage.getItem(entries[0]!)).replace(/^\d+ /, ''))).toMatchObject({
      id: one,
      squashed: [two],
      variables: { patch: { title: 'a', body: 'b' } },
    })
    await client.close()

    const again = await openNotes(gateway, { name, storage, tasks: squashUpdates() })
    const settled = again.client.outbox.settled(two!)
    again.client.connection.setMode('auto')
    expect(await settled).toMatchObject({
      status: 'confirmed',
      data: { updateNote: { note: { title: 'a', body: 'b' } } },
    })
    await emptied(again.client)
    await again.client.close()
    const third = await openNotes(gateway, { name, storage, tasks: squashUpdates() })
    expect(await third.client.outbox.settled(two!)).toEqual(await third.client.outbox.settled(one!))
  })

  test('that were merged meet the gateway as one', async () => {
    const { gateway, client } = await openWithNote()
    client.outbox.pause()
    client.connection.setMode('auto')
    const both = [update(client, 'n1', { title: 'a' }), update(client, 'n2', { title: 'b' })]
    await Promise.all(both)
    const third = update(client, 'n1', { body: 'c' })
    await third
    client.outbox.resume()
    await emptied(client)
    expect(gateway.applied).toHaveLength(2)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'a', body: 'c', version: 2 })
  })

  test('a function that declines or throws leaves two tasks', async () => {
    const { client, errors } = await openWithNote({
      tasks: squashUpdates(({ patch }) => {
        if (patch.title === 'a') return undefined
        throw new Error('a bug')
      }),
    })
    for (const title of ['a', 'b', 'c']) await update(client, 'n1', { title })
    expect(client.outbox.entries).toHaveLength(3)
    expect(errors).toMatchObject([{ code: 'UPDATE_FAILED', cause: { message: 'a bug' } }])
  })

  test('one that cannot be stored rejects, and the earlier is as it was', async () => {
    const storage = memoryStorage()
    let isFull = false
    const driver: StorageDriver = {
      ...storage,
      setItem: async (key, value) => {
        if (isFull && key.includes('/entry/')) throw new Error('quota')
        await storage.setItem(key, value)
      },
    }
    const { gateway, client, cache } = await openWithNote({ storage: driver })
    await update(client, 'n1', { title: 'a' })
    isFull = true
    await expect(update(client, 'n1', { title: 'b' })).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    isFull = false
    expect(queued(client)).toEqual(['UpdateNote {"title":"a"}'])
    expect(shown(cache)?.[0]).toMatchObject({ title: 'a' })
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.notes.get('n1')?.title).toBe('a')
  })
})
