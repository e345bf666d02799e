import type { InMemoryCache } from '@apollo/client'
import type { OfflineClient } from 'layover/client'
import type { NetworkFault } from 'layover/testing'
import { expect, test } from 'vitest'
import { notesWorld } from '../simulation/notes-world.ts'
import { createNote, DELETE, NOTE_BY_ID, openNotes, shown, shownIds, startGateway, UPDATE } from './notes-app.ts'

const last = (client: OfflineClient): string => client.outbox.entries.at(-1)!.id

test('a cancelled task leaves the view at once, as if it had never been queued: record, list and what built on it', async () => {
  const gateway = await startGateway()
  gateway.write({ id: 'n1', title: 'one', count: 1 })
  gateway.write({ id: 'n2', title: 'two' })
  const { client, cache } = await openNotes(gateway)
  await client.sync.pull()
  client.connection.setMode('offline')
  const before = shown(cache)
  const single = (id: string) => cache.readQuery({ query: NOTE_BY_ID, variables: { id } }, true)?.note

  await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { count: 2 } } })
  expect(single('n1')?.count).toBe(2)
  const update = client.outbox.cancel(last(client))
  expect(shown(cache)).toEqual(before)

  await client.mutate({ mutation: DELETE, variables: { id: 'n2', baseVersion: 1 } })
  expect(shown(cache)).toHaveLength(1)
  const deletion = client.outbox.cancel(last(client))
  expect(shown(cache)).toEqual(before)

  await createNote(client, 'n3')
  const created = last(client)
  await client.mutate({ mutation: UPDATE, variables: { id: 'n3', baseVersion: 0, patch: { count: 3 } } })
  await createNote(client, 'n4', { parentId: 'n3' })
  expect(shown(cache)).toHaveLength(4)
  const creation = client.outbox.cancel(created)
  expect(shown(cache)).toEqual(before)
  expect(client.outbox.entries).toEqual([])
  await Promise.all([update, deletion, creation])
  expect(gateway.documents).toEqual([])
})

test.each<[string, NetworkFault]>([
  ['of the gateway', { kind: 'rate-limited', retryAfterSeconds: 60 }],
  ['of a proxy', { kind: 'status', status: 429 }],
  ['without a status', { kind: 'refused', code: 'RATE_LIMITED' }],
])('a task that was refused for now by a limit %s was not run, and can be cancelled', async (_of, fault) => {
  const { clock, gateway, network, device } = notesWorld()
  const client = await device().open()
  network.fault(fault, { when: ({ tasks }) => tasks.length > 0 })
  void createNote(client, 'n1').catch(() => undefined)
  await clock.settle()
  expect(client.outbox.entries).toMatchObject([{ status: 'queued', attempts: 1 }])
  await clock.until(client.outbox.cancel(last(client)))
  await clock.advance(120_000)
  expect([client.outbox.entries, gateway.taken]).toEqual([[], []])
})

test('what is just being stored falls with the task that it builds on, and says so', async () => {
  const { clock, gateway, network, device } = notesWorld()
  const phone = device()
  const client = await phone.open()
  await clock.settle()
  network.offline()
  await clock.until(createNote(client, 'n1'))
  const created = last(client)
  phone.storage.latencyMs = 1000
  const mutations = ['a', 'b'].map(body =>
    client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 0, patch: { body } } }),
  )
  const other = createNote(client, 'n2')
  await clock.settle()
  const cancelled = client.outbox.cancel(created)
  expect(shownIds(client.cache as InMemoryCache)).toEqual(['n2'])
  expect(client.outbox.storing).toHaveLength(1)
  const results = await clock.until(Promise.all(mutations))
  expect(results.map(({ extensions }) => extensions)).toMatchObject(
    mutations.map(() => ({ layover: { status: 'discarded' } })),
  )
  await clock.until(Promise.all([cancelled, other]))
  await clock.until(phone.reopen())
  expect(client.outbox.entries).toHaveLength(1)
  network.online()
  await clock.advance(60_000)
  expect(gateway.taken).toMatchObject([{ name: 'createNote', status: 'CONFIRMED' }])
})
