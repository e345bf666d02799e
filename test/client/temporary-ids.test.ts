import type { InMemoryCache, TypedDocumentNode } from '@apollo/client'
import { parse } from 'graphql'
import {
  isTemporaryId,
  memoryStorage,
  type OfflineClient,
  type OfflineClientOptions,
  type StorageDriver,
  task,
  temporaryId,
} from 'layover/client'
import { isClientId } from 'layover/protocol'
import { device, memoryGateway, simulatedNetwork } from 'layover/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FEATURES_SDL, featureFunctions } from '../simulation/features-app.ts'
import type { ScriptedGateway } from '../support/scripted-gateway.ts'
import {
  CHANGES,
  createNote,
  emptied,
  NOTE_BY_ID,
  NOTES,
  newName,
  notesCache,
  noteTasks,
  openNotes,
  shown,
  shownIds,
  startGateway,
  UPDATE,
} from './notes-app.ts'

interface AddVariables {
  input: { title: string; parentId?: string; links?: { to: string }[] }
  /** Not declared by the document: it stays on the device. */
  noteId: string
}
const ADD = parse(`mutation AddNote($task: TaskInput, $input: AddNoteInput!) {
  addNote(task: $task, input: $input) { task { id status } note { id version updatedAt updatedBy title body count done parentId } }
}`) as TypedDocumentNode<{ addNote: { note: { id: string } | null } | null }, AddVariables>

const addTask = (
  options: Parameters<typeof task<{ addNote: { note: { id: string } | null } | null }, AddVariables>>[1] = {},
) =>
  task(ADD, {
    optimistic: ({ input: { title, parentId }, noteId }) => ({
      addNote: { note: { __typename: 'Note', id: noteId, title, ...(parentId ? { parentId } : {}) } },
    }),
    ...options,
  })
const tasks = () => [...noteTasks(), addTask()]
const add = (client: OfflineClient, noteId: string, input: Partial<AddVariables['input']> = {}) =>
  client.mutate({ mutation: ADD, variables: { input: { title: 'added', ...input }, noteId } })
const update = (client: OfflineClient, id: string) =>
  client.mutate({ mutation: UPDATE, variables: { id, baseVersion: 0, patch: { body: 'later' } } })
const statuses = (client: OfflineClient) => client.outbox.entries.map(({ name, status }) => `${name} ${status}`)
const sent = (gateway: ScriptedGateway) => gateway.documents.flatMap(request => request.tasks)

async function openWithNote(options: Partial<OfflineClientOptions> = {}) {
  const gateway = await startGateway()
  gateway.write({ id: 'n1', title: 'first' })
  const opened = await openNotes(gateway, { tasks: tasks(), ...options })
  await opened.client.sync.pull()
  opened.client.connection.setMode('offline')
  return { gateway, ...opened }
}

test('a temporary id is one of its own kind, and never legal on the wire', () => {
  expect(isTemporaryId(temporaryId())).toBe(true)
  expect(isClientId(temporaryId())).toBe(false)
  for (const other of ['temp:1', 'n1', crypto.randomUUID(), null, 7]) expect(isTemporaryId(other)).toBe(false)
})

describe('a record whose id the server chooses', () => {
  test("a reload in the middle of a replay still sends the server's id", async () => {
    const name = newName()
    const storage = memoryStorage()
    const { gateway, client } = await openWithNote({ name, storage })
    const [parent, child] = [temporaryId(), temporaryId()]
    await add(client, parent)
    await update(client, parent)
    await add(client, child, { title: 'child', parentId: parent, links: [{ to: parent }, { to: 'n1' }] })
    await createNote(client, 'n2')
    // The first document is answered, the second meets a hole; there the process ends.
    gateway.fault({ kind: 'hang' }, request => request.tasks.some(({ field }) => field === 'updateNote'))
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(gateway.faultsLeft).toBe(0))
    expect(client.outbox.resolveId(parent)).toBe('s2')
    await client.close()
    const stored = await entriesOf(storage)
    expect(stored.map(({ variables }) => variables)).toMatchObject([
      { id: 's2' },
      { input: { parentId: 's2', links: [{ to: 's2' }, { to: 'n1' }] }, noteId: child },
    ])

    const again = await openNotes(gateway, { name, storage, tasks: tasks() })
    expect(again.client.outbox.resolveId(parent)).toBe('s2')
    expect(shown(again.cache)).toMatchObject([
      { id: 'n1' },
      { id: 's2', title: 'added', body: 'later' },
      { id: 'n2' },
      { id: child, parentId: 's2' },
    ])
    await emptied(again.client)
    const wire = JSON.stringify(sent(gateway).map(({ variables }) => variables))
    expect(wire).not.toContain('temp:')
    expect(sent(gateway).at(-1)?.variables).toMatchObject({ input: { links: [{ to: 's2' }, { to: 'n1' }] } })
    expect(gateway.notes.get('s2')).toMatchObject({ title: 'added', body: 'later' })
    expect(gateway.notes.get(again.client.outbox.resolveId(child))).toMatchObject({ title: 'child', parentId: 's2' })
    expect(new Set(gateway.applied).size).toBe(gateway.applied.length)
    expect(gateway.applied).toHaveLength(4)
  })

  test('stands in lists and behind its old id without a flicker and without the network', async () => {
    const { gateway, client, cache } = await openWithNote()
    const id = temporaryId()
    await add(client, id)
    await update(client, id)
    const lists: string[] = []
    const notes: unknown[] = []
    const queries = (): string[] => gateway.requests.map(({ operation }) => operation)
    const watches = [
      client
        .watchQuery({ query: NOTES, variables: {} })
        .subscribe(({ data }) => lists.push(data?.notes?.map(note => note?.id).join('+') ?? 'nothing')),
      client
        .watchQuery({ query: NOTE_BY_ID, variables: { id } })
        .subscribe(({ data, dataState }) => notes.push([dataState, data?.note?.id, data?.note?.body])),
    ]
    onTestFinished(() => {
      for (const each of watches) each.unsubscribe()
    })
    await vi.waitFor(() => expect(notes).toHaveLength(1))
    client.connection.setMode('auto')
    await emptied(client)
    await vi.waitFor(() => expect(notes.at(-1)).toEqual(['complete', 's2', 'later']))
    expect(new Set(lists)).toEqual(new Set([`n1+${id}`, 'n1+s2']))
    expect(notes.every(note => (note as unknown[])[0] === 'complete' && (note as unknown[])[2] === 'later')).toBe(true)
    expect(queries()).not.toContain('NoteById')
    expect(cache.extract()).not.toHaveProperty([`Note:${id}`])
    // What still says the old id is understood.
    client.connection.setMode('offline')
    await update(client, id)
    expect(client.outbox.entries).toMatchObject([{ variables: { id: 's2' }, after: [] }])
  })

  test('a task that waits blocks only what depends on it', async () => {
    const { gateway, client, cache } = await openWithNote()
    const id = temporaryId()
    gateway.slow.add('addNote')
    await add(client, id)
    await update(client, id)
    await createNote(client, 'n2')
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(statuses(client)).toEqual(['AddNote accepted', 'UpdateNote queued']))
    expect([...gateway.notes.keys()]).toContain('n2')
    expect(shownIds(cache)).toContain(id)
    gateway.finish(sent(gateway)[0]!.task.id)
    await client.sync.pull()
    await emptied(client)
    expect(gateway.notes.get('s2')?.body).toBe('later')
  })

  test('that is refused lets what needs it fall; mended, both are sent with the id', async () => {
    const { gateway, client, cache } = await openWithNote()
    const id = temporaryId()
    gateway.onTask = field => (field === 'addNote' ? { code: 'SOLD_OUT', message: 'sold out' } : undefined)
    const first = await add(client, id)
    await update(client, id)
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(statuses(client)).toEqual(['AddNote rejected', 'UpdateNote rejected']))
    expect(client.outbox.entries[1]?.outcome).toMatchObject({ code: 'DEPENDENCY_FAILED' })
    expect(shownIds(cache)).toEqual(['n1'])
    gateway.onTask = () => undefined
    await client.outbox.retry((first.extensions as { layover: { id: string } }).layover.id)
    await emptied(client)
    expect(gateway.notes.get('s2')?.body).toBe('later')
  })

  test('whose answer gives no id parks what waits for it, with the reason; the application may say where it stands', async () => {
    const { gateway, client } = await openWithNote({
      tasks: [...noteTasks(), addTask({ optimistic: () => ({}) })],
    })
    await add(client, temporaryId())
    const [lost] = client.outbox.entries
    await update(client, lost!.variables['noteId'] as string)
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(statuses(client)).toEqual(['UpdateNote parked']))
    expect(client.outbox.entries[0]?.outcome).toMatchObject({
      reason: expect.stringMatching(/^NO_SERVER_ID: .*AddNote/),
    })
    await client.outbox.edit(client.outbox.entries[0]!.id, { id: 's2', baseVersion: 1, patch: { body: 'by hand' } })
    await emptied(client)
    expect(gateway.notes.get('s2')?.body).toBe('by hand')

    const told = await openNotes(gateway, {
      tasks: [
        ...noteTasks(),
        addTask({
          optimistic: () => ({}),
          assignedIds: ({ addNote }, { noteId }) => ({ [noteId]: addNote?.note?.id ?? '' }),
        }),
      ],
    })
    told.client.connection.setMode('offline')
    const id = temporaryId()
    await add(told.client, id)
    await update(told.client, id)
    told.client.connection.setMode('auto')
    await emptied(told.client)
    expect(gateway.notes.get(told.client.outbox.resolveId(id))?.body).toBe('later')
  })

  test('may be named by the answer that mutate was given alone, also after a restart', async () => {
    const name = newName()
    const storage = memoryStorage()
    const options = { name, storage, tasks: [...noteTasks(), task(ADD)] }
    const { gateway, client } = await openWithNote(options)
    const id = temporaryId()
    await client.mutate({
      mutation: ADD,
      variables: { input: { title: 'added' } } as AddVariables,
      optimisticResponse: { addNote: { note: { __typename: 'Note', id, title: 'added' } } } as never,
    })
    await update(client, id)
    expect(client.outbox.entries[1]?.after).toEqual([client.outbox.entries[0]?.id])
    await client.close()
    const again = await openNotes(gateway, options)
    again.client.connection.setMode('auto')
    await emptied(again.client)
    expect(gateway.notes.get('s2')).toMatchObject({ title: 'added', body: 'later' })
  })

  test('a task that is being stored while the answer comes gets the id, too', async () => {
    const storage = memoryStorage()
    let release: (() => void) | undefined
    let isHeld = false
    const driver: StorageDriver = {
      ...storage,
      setItem: async (key, value) => {
        if (isHeld && value.includes('held back')) await new Promise<void>(resolve => (release = resolve))
        await storage.setItem(key, value)
      },
    }
    const { gateway, client, cache } = await openWithNote({ storage: driver })
    const id = temporaryId()
    gateway.slow.add('addNote')
    await add(client, id)
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(statuses(client)).toEqual(['AddNote accepted']))
    isHeld = true
    const held = client.mutate({ mutation: UPDATE, variables: { id, baseVersion: 0, patch: { body: 'held back' } } })
    await vi.waitFor(() => expect(release).toBeDefined())
    gateway.finish(sent(gateway)[0]!.task.id)
    void client.sync.pull()
    await vi.waitFor(() => expect(client.outbox.resolveId(id)).toBe('s2'))
    client.connection.setMode('offline')
    isHeld = false
    release?.()
    await held
    expect(client.outbox.entries).toMatchObject([{ variables: { id: 's2' } }])
    expect(shown(cache)).toMatchObject([{ id: 'n1' }, { id: 's2', body: 'held back' }])
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.notes.get('s2')?.body).toBe('held back')
    expect(shownIds(cache)).toEqual(['n1', 's2'])
  })
})

async function entriesOf(storage: StorageDriver): Promise<{ sequence: number; variables: object }[]> {
  const keys = (await storage.keys()).filter(key => key.includes('/entry/'))
  const texts = await Promise.all(keys.map(key => storage.getItem(key)))
  return texts.map(text => JSON.parse(String(text).replace(/^\d+ /, ''))).sort((a, b) => a.sequence - b.sequence)
}

test('a record that a pull brings before the verdict on its maker never stands beside itself', async () => {
  for (const slow of [true, false]) {
    const gateway = memoryGateway({ typeDefs: FEATURES_SDL, tasks: featureFunctions(() => undefined) })
    if (slow) gateway.slow.add('addNote')
    const network = simulatedNetwork({ gateway })
    const app = () => ({ cache: notesCache(), user: 'ann', tasks: tasks(), sync: { document: CHANGES } })
    const phone = device({ network, app })
    const client = await phone.open()
    onTestFinished(() => phone.crash())
    await client.sync.pull()
    const lists: number[] = []
    const callback = ({ result }: { result?: { notes?: unknown[] } | null }) => lists.push(result?.notes?.length ?? 0)
    client.cache.watch<{ notes?: unknown[] }>({ query: NOTES, variables: {}, optimistic: true, callback })
    if (!slow) network.fault('cut', { when: request => request.tasks.length > 0 })
    await add(client, temporaryId())
    expect(client.outbox.entries).toMatchObject([{ status: slow ? 'accepted' : 'in-doubt' }])
    if (slow) await gateway.finish(gateway.taken[0]!.id)
    await client.sync.pull()
    expect([client.outbox.entries, shown(client.cache as InMemoryCache)]).toMatchObject([[], [{ title: 'added' }]])
    expect(Math.max(...lists)).toBe(1)
  }
})
