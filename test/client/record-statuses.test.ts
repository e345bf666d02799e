import { GraphQLError } from 'graphql'
import { memoryStorage, type OfflineClient } from 'layover/client'
import { expect, test, vi } from 'vitest'
import { RecordStatuses } from '../../client/react/record-statuses.ts'
import { createNote, DELETE, emptied, openNotes, openOffline, startGateway, UPDATE } from './notes-app.ts'

const note = (id: string) => ({ type: 'Note', id })

/** The statuses of a note as a row on the screen would show them, each once. */
function watch(client: OfflineClient, id: string): { statuses: RecordStatuses; seen: string[]; stop(): void } {
  const statuses = new RecordStatuses(client)
  const seen: string[] = [statuses.of(note(id)).status.status]
  const stop = statuses.subscribe(note(id), () => seen.push(statuses.of(note(id)).status.status))
  return { statuses, seen, stop }
}

const update = (client: OfflineClient, id: string, title: string) =>
  client.mutate({ mutation: UPDATE, variables: { id, baseVersion: 1, patch: { title } }, errorPolicy: 'all' })

test('a record is queued before its change shows, sent, and synced when the gateway has confirmed', async () => {
  const gateway = await startGateway()
  const { client } = await openOffline(gateway)
  const { seen, statuses } = watch(client, 'n1')
  const creating = createNote(client, 'n1')
  expect(statuses.of(note('n1')).status.status).toBe('queued')
  expect(client.outbox.entries).toEqual([])
  expect(client.outbox.storing).toHaveLength(1)
  await creating
  client.connection.setMode('auto')
  await emptied(client)
  expect(seen).toEqual(['synced', 'queued', 'sending', 'synced'])
})

test('an entry of which nothing is foreseen is about the records that its variables name', async () => {
  const { client } = await openOffline(await startGateway())
  await client.mutate({ mutation: DELETE, variables: { id: 'n1', baseVersion: 1 } })
  await createNote(client, 'n2', { parentId: 'n3' })
  const { statuses } = watch(client, 'n1')
  expect(statuses.of(note('n1')).status.status).toBe('queued')
  expect(statuses.of({ type: 'Other', id: 'n2' }).status.status).toBe('synced')
  expect(statuses.of({ id: 'n2' }).status.status).toBe('queued')
  // Foreseen is only n2 itself.
  expect(statuses.of(note('n3')).status.status).toBe('synced')
})

test('what a person has to settle comes first, then what is farthest from being confirmed', async () => {
  const gateway = await startGateway()
  gateway.write({ id: 'n1', title: 'one' })
  const { client } = await openNotes(gateway)
  await client.sync.pull()
  const { statuses, stop } = watch(client, 'n1')
  gateway.onTask = () => {
    throw new GraphQLError('not you', { extensions: { code: 'FORBIDDEN' } })
  }
  await update(client, 'n1', 'parked')
  gateway.onTask = () => ({ code: 'SOLD_OUT', message: 'sold out' })
  await update(client, 'n1', 'rejected')
  client.outbox.pause()
  await createNote(client, 'n2')
  await update(client, 'n1', 'queued')
  const [parked, rejected, other, queued] = client.outbox.entries.map(({ id }) => id)
  expect(statuses.of(note('n1')).status).toEqual({ status: 'rejected', ids: [rejected, parked, queued] })
  expect(statuses.of(note('n1')).entries.map(({ id }) => id)).toEqual([parked, rejected, queued])
  expect(statuses.of(note('n2')).status).toEqual({ status: 'queued', ids: [other] })
  const before = statuses.of(note('n1'))
  await client.outbox.cancel(other!)
  expect(statuses.of(note('n1'))).toBe(before)
  await client.outbox.discard(rejected!)
  expect(statuses.of(note('n1')).status).toEqual({ status: 'parked', ids: [parked, queued] })
  stop()
})

test('a conflict shows until a decision about it is on its way', async () => {
  const gateway = await startGateway()
  gateway.write({ id: 'n1', title: 'one' })
  const { client } = await openNotes(gateway)
  await client.sync.pull()
  const { seen } = watch(client, 'n1')
  gateway.write({ id: 'n1', title: 'theirs' })
  await update(client, 'n1', 'mine')
  await vi.waitFor(() => expect(client.conflicts.list).toHaveLength(1))
  client.connection.setMode('offline')
  await client.conflicts.resolve(client.conflicts.list[0]!.id, 'TAKE_THEIRS')
  expect(seen.at(-1)).toBe('queued')
  client.connection.setMode('auto')
  await emptied(client)
  expect(seen).toEqual(['synced', 'queued', 'sending', 'conflict', 'conflict', 'queued', 'sending', 'synced'])
})

test('an entry that could not be stored is about nothing', async () => {
  const storage = memoryStorage()
  const { client } = await openOffline(await startGateway(), { storage })
  const { seen } = watch(client, 'n1')
  storage.setItem = () => Promise.reject(new Error('full'))
  await expect(createNote(client, 'n1')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect(seen).toEqual(['synced', 'queued', 'synced'])
})
