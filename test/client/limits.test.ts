import { memoryStorage } from 'layover/client'
import { expect, test } from 'vitest'
import { createNote, emptied, newName, openNotes, openOffline, shownIds, startGateway, UPDATE } from './notes-app.ts'

test('a full outbox refuses one more task, naming the limit; nothing of it is shown or stored', async () => {
  const gateway = await startGateway()
  const storage = memoryStorage()
  const name = newName()
  const first = await openOffline(gateway, { name, storage, limits: { tasks: 2 } })
  await Promise.all([createNote(first.client, 'n1'), createNote(first.client, 'n2')])
  await expect(createNote(first.client, 'n3')).rejects.toMatchObject({
    code: 'OUTBOX_FULL',
    message: expect.stringContaining('`limits.tasks` of 2'),
  })
  expect(shownIds(first.cache)).toEqual(['n1', 'n2'])
  expect((await storage.keys()).filter(key => key.includes('/entry/'))).toHaveLength(2)
  await first.client.close()

  const second = await openNotes(gateway, { name, storage, limits: { tasks: 2 } })
  await expect(createNote(second.client, 'n3')).rejects.toMatchObject({ code: 'OUTBOX_FULL' })
  await second.client.outbox.cancel(second.client.outbox.entries[0]!.id)
  await createNote(second.client, 'n3')
  second.client.connection.setMode('auto')
  await emptied(second.client)
  await createNote(second.client, 'n4')
  await emptied(second.client)
  expect([...gateway.notes.keys()]).toEqual(['n2', 'n3', 'n4'])
})

test('the stored text is limited, too: as bytes, edits included, and what came to nothing gives its room back', async () => {
  const gateway = await startGateway()
  const { client } = await openOffline(gateway, { limits: { bytes: 5000 } })
  await createNote(client, 'n1', { body: 'x'.repeat(1500) })
  // Three bytes a character.
  await expect(createNote(client, 'n2', { body: '語'.repeat(1500) })).rejects.toMatchObject({
    code: 'OUTBOX_FULL',
    message: expect.stringContaining('`limits.bytes` of 5000'),
  })
  await createNote(client, 'n2', { body: 'x'.repeat(1500) })
  await expect(
    client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 0, patch: { body: 'x'.repeat(500) } } }),
  ).rejects.toMatchObject({ code: 'OUTBOX_FULL' })
  await client.outbox.edit(client.outbox.entries[0]!.id, { input: { id: 'n1', title: 'short' } })
  await createNote(client, 'n3', { body: 'x'.repeat(500) })
  expect(client.outbox.entries).toHaveLength(3)
})

test('a limit that is none is refused by name', async () => {
  const gateway = await startGateway()
  await expect(openNotes(gateway, { limits: { tasks: 0 } })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringContaining('limits.tasks'),
  })
})
