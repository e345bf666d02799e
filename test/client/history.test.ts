import { memoryStorage } from 'layover/client'
import { expect, test, vi } from 'vitest'
import { createNote, emptied, newName, openNotes, openOffline, startGateway } from './notes-app.ts'

test('what was settled is on the device, newest first, with its report, and a restart still knows its verdict', async () => {
  const gateway = await startGateway()
  const name = newName()
  const first = await openNotes(gateway, { name })
  await createNote(first.client, 'n1')
  gateway.onTask = () => ({ code: 'SOLD_OUT', message: 'sold out' })
  await createNote(first.client, 'n2')
  gateway.onTask = () => undefined
  const [rejected] = first.client.outbox.entries
  expect(first.client.outbox.history.map(({ variables }) => variables)).toMatchObject([{ input: { id: 'n1' } }])
  await first.client.outbox.retry(rejected!.id)
  await emptied(first.client)
  const [third, second, created] = first.client.outbox.history
  expect(created).toMatchObject({
    name: 'CreateNote',
    queuedAt: expect.any(String),
    settledAt: expect.any(String),
    outcome: { status: 'confirmed', reconciliation: [], data: { createNote: { note: { id: 'n1' } } } },
  })
  expect(second).toMatchObject({ id: rejected?.id, outcome: { status: 'rejected' } })
  expect(third).toMatchObject({ variables: { input: { id: 'n2' } }, outcome: { status: 'confirmed' } })
  const before = first.client.outbox.history
  await first.client.close()

  const again = await openNotes(gateway, { name })
  expect(again.client.outbox.history).toEqual(before)
  expect(await again.client.outbox.settled(created!.id)).toEqual(created?.outcome)
  expect(await again.client.outbox.settled(rejected!.id)).toMatchObject({ status: 'rejected', code: 'SOLD_OUT' })
})

test('the history is written together with the leaving, one record each, and ends where it was told to', async () => {
  const gateway = await startGateway()
  const storage = memoryStorage()
  const name = newName()
  const first = await openOffline(gateway, { name, storage, historySize: 2 })
  for (const id of ['n1', 'n2', 'n3']) await createNote(first.client, id)
  const [one, two, three] = first.client.outbox.entries
  for (const entry of [one, two, three]) await first.client.outbox.cancel(entry!.id)
  expect(first.client.outbox.history.map(({ id, outcome }) => [id, outcome.status])).toEqual([
    [three?.id, 'discarded'],
    [two?.id, 'discarded'],
  ])
  const records = async () =>
    (await storage.keys()).filter(key => /\/(entry|history)\//.test(key)).map(key => key.split('/').at(-1))
  expect((await records()).sort()).toEqual([two?.id, three?.id].sort())
  // Of this session, all; of an earlier one, what the history holds.
  expect(await first.client.outbox.settled(one!.id)).toEqual({ status: 'discarded' })
  await first.client.close()
  const second = await openNotes(gateway, { name, storage, historySize: 1 })
  expect(second.client.outbox.history.map(({ id }) => id)).toEqual([three?.id])
  await vi.waitFor(async () => expect(await records()).toEqual([three?.id]))
  await expect(second.client.outbox.settled(one!.id)).rejects.toMatchObject({ code: 'UNKNOWN_ENTRY' })
})

test('a large task is remembered without its variables and data, and its verdict stays', async () => {
  const gateway = await startGateway()
  const { client } = await openNotes(gateway)
  await createNote(client, 'n1', { body: 'x'.repeat(20_000) })
  const [settled] = client.outbox.history
  expect(settled).toMatchObject({
    name: 'CreateNote',
    outcome: { status: 'confirmed', data: null, reconciliation: [] },
  })
  expect(settled?.variables).toBeUndefined()
  expect(await client.outbox.settled(settled!.id)).toMatchObject({ data: { createNote: { note: { id: 'n1' } } } })
})

test('signing out leaves no history, also where what waits is kept', async () => {
  const gateway = await startGateway()
  const storage = memoryStorage()
  const name = newName()
  const first = await openNotes(gateway, { name, storage })
  await createNote(first.client, 'n1')
  first.client.connection.setMode('offline')
  await createNote(first.client, 'n2')
  expect(first.client.outbox.history).toHaveLength(1)
  await first.client.signOut({ pending: 'keep' })
  const keys = await storage.keys()
  expect(keys.filter(key => key.includes('/history/'))).toEqual([])
  expect(keys.filter(key => key.includes('/entry/'))).toHaveLength(1)
})
