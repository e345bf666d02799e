import type { TypedDocumentNode } from '@apollo/client'
import { parse } from 'graphql'
import { memoryStorage, type TaskOptions, task, temporaryId } from 'layover/client'
import { expect, test, vi } from 'vitest'
import {
  type CreateInput,
  createNote,
  emptied,
  newName,
  noteTasks,
  openNotes,
  openOffline,
  startGateway,
  UPDATE,
} from './notes-app.ts'

type Variables = { id: string; baseVersion: number; patch: Partial<CreateInput> }
const squash: TaskOptions<unknown, Variables>['squash'] = (earlier, later) => ({
  ...earlier,
  patch: { ...earlier.patch, ...later.patch },
})
const ADD = parse(`mutation AddNote($task: TaskInput, $input: AddNoteInput!) {
  addNote(task: $task, input: $input) { task { id status } note { id version updatedAt updatedBy title body count done parentId } }
}`) as TypedDocumentNode<
  { addNote: { note: { id: string } | null } | null },
  { input: { title: string }; noteId: string }
>
const tasks = () => [
  ...noteTasks().filter(({ name }) => name !== 'UpdateNote'),
  task(UPDATE, { squash }),
  task(ADD, {
    optimistic: ({ input, noteId }) => ({ addNote: { note: { __typename: 'Note', id: noteId, ...input } } }),
  }),
]
const idOf = ({ extensions }: { extensions?: object }) => (extensions as { layover: { id: string } }).layover.id

test('an export carries merged ids and temporary ids to the other device', async () => {
  const gateway = await startGateway()
  const old = await openNotes(gateway, { tasks: tasks() })
  const [made, waiting] = [temporaryId(), temporaryId()]
  await old.client.mutate({ mutation: ADD, variables: { input: { title: 'made' }, noteId: made } })
  await emptied(old.client)
  old.client.connection.setMode('offline')
  const update = (id: string, patch: Variables['patch']) =>
    old.client.mutate({ mutation: UPDATE, variables: { id, baseVersion: 1, patch } })
  await update(made, { body: 'a' })
  const later = idOf(await update(made, { count: 1 }))
  await old.client.mutate({ mutation: ADD, variables: { input: { title: 'waiting' }, noteId: waiting } })
  await update(waiting, { body: 'b' })
  const file = await old.client.outbox.export()

  const other = await openOffline(gateway, { tasks: tasks() })
  await other.client.outbox.import(file)
  expect(other.client.outbox.entries).toEqual(
    old.client.outbox.entries.map(entry => expect.objectContaining({ id: entry.id })),
  )
  expect(other.client.outbox.resolveId(made)).toBe('s1')
  const settled = other.client.outbox.settled(later)
  other.client.connection.setMode('auto')
  await emptied(other.client)
  expect(await settled).toMatchObject({ status: 'confirmed' })
  expect(gateway.notes.get('s1')).toMatchObject({ title: 'made', body: 'a', count: 1 })
  expect(gateway.notes.get(other.client.outbox.resolveId(waiting))).toMatchObject({ title: 'waiting', body: 'b' })
})

test('what was settled or discarded here is not run again, and what was being sent is in doubt', async () => {
  const gateway = await startGateway()
  const { client } = await openNotes(gateway)
  client.outbox.pause()
  await createNote(client, 'n1')
  await createNote(client, 'n2')
  const [first, second] = client.outbox.entries
  const file = await client.outbox.export()
  await client.outbox.discard(second!.id)
  client.outbox.resume()
  await emptied(client)
  await client.outbox.import(file)
  expect(client.outbox.entries).toEqual([])
  expect(gateway.applied).toEqual([first?.id])

  // While its document is under way.
  gateway.fault({ kind: 'hang' }, ({ tasks }) => tasks.length > 0)
  const sending = createNote(client, 'n3')
  await vi.waitFor(() => expect(client.outbox.entries[0]?.status).toBe('sending'))
  const other = await openOffline(gateway)
  await other.client.outbox.import(await client.outbox.export())
  expect(other.client.outbox.entries.map(({ status }) => status)).toEqual(['in-doubt'])
  await createNote(other.client, 'n4')
  other.client.connection.setMode('auto')
  await emptied(other.client)
  expect([...gateway.notes.keys()]).toEqual(['n1', 'n3', 'n4'])
  await client.close()
  await sending
})

test('what is no export of this version is refused, and nothing of it is taken in', async () => {
  const gateway = await startGateway()
  const { client } = await openOffline(gateway)
  await createNote(client, 'n1')
  const file = JSON.parse(await client.outbox.export())
  for (const text of [
    'no JSON',
    '7',
    '{}',
    JSON.stringify({ ...file, format: 'another' }),
    JSON.stringify({ ...file, version: 2 }),
    JSON.stringify({ ...file, entries: 'none' }),
    JSON.stringify({ ...file, entries: [...file.entries, { id: 'x' }] }),
    JSON.stringify({ ...file, entries: [null] }),
    JSON.stringify({ ...file, ids: { a: 1 } }),
  ]) {
    await expect(client.outbox.import(text)).rejects.toMatchObject({ code: 'BAD_EXPORT' })
  }
  expect(client.outbox.entries).toHaveLength(1)
})

test('an application that is older than the tasks it takes in does not let a newer one upgrade them again', async () => {
  const gateway = await startGateway()
  const upgrades: string[] = []
  const version = (count: number) => [
    ...noteTasks().filter(({ name }) => name !== 'UpdateNote'),
    task(UPDATE, {
      migrations: Array.from({ length: count }, (_, index) => (variables: Variables) => {
        upgrades.push(`to ${index + 1}`)
        return variables
      }),
    }),
  ]
  const [newer, older] = [
    await openOffline(gateway, { tasks: version(2) }),
    { name: newName(), storage: memoryStorage() },
  ]
  await newer.client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { title: 'b' } } })
  const { client } = await openOffline(gateway, { tasks: version(0), ...older })
  await client.outbox.import(await newer.client.outbox.export())
  await client.close()
  const again = await openOffline(gateway, { tasks: version(2), ...older })
  expect(again.client.outbox.entries).toHaveLength(1)
  expect(upgrades).toEqual([])
})
