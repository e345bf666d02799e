import { describe, expect, test } from 'vitest'
import { createNote, emptied, newName, openNotes, openOffline, shownIds, startGateway } from './notes-app.ts'

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
    expect(result.data?.createNote).toMatchObject({ note: { id: 'n1', title: 'note n1', version: 0 } })
    expect(result.extensions).toMatchObject({ layover: { status: 'queued' } })
    expect(shownIds(cache)).toEqual(['n1'])
    expect(gateway.documents).toEqual([])
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'note n1' })
  })
})

test('restart restores queue and optimistic view, lists included', async () => {
  const gateway = await startGateway()
  const name = newName()
  const first = await openOffline(gateway, { name })
  for (const id of ['n1', 'n2', 'n3']) await createNote(first.client, id)
  await first.client.close()

  const second = await openNotes(gateway, { name })
  expect(second.client.connection.mode).toBe('offline')
  expect(second.client.outbox.entries.map(entry => [entry.sequence, entry.status])).toEqual([
    [1, 'queued'],
    [2, 'queued'],
    [3, 'queued'],
  ])
  expect(shownIds(second.cache)).toEqual(['n1', 'n2', 'n3'])
  second.client.connection.setMode('auto')
  await emptied(second.client)
  expect(shownIds(second.cache)).toEqual(['n1', 'n2', 'n3'])
})
