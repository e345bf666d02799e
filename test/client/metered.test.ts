/** The mode 'metered': tasks leave together, and news are asked for seldom. */

import { parse } from 'graphql'
import { memoryStorage } from 'layover/client'
import { expect, test, vi } from 'vitest'
import { CHANGES, createNote, fixedRandom, ManualClock, newName, openNotes, startGateway } from './notes-app.ts'

const MINUTE = 60_000

async function openMetered(options: Parameters<typeof openNotes>[1] = {}) {
  const gateway = await startGateway()
  const clock = new ManualClock()
  const opened = await openNotes(gateway, {
    clock,
    random: fixedRandom,
    sync: undefined as never,
    metered: { maxTasks: 3, maxDelayMs: 2 * MINUTE, pullEveryMs: 10 * MINUTE },
    ...options,
  })
  opened.client.connection.setMode('metered')
  return { gateway, clock, ...opened }
}

test('a task is answered at once and waits for others; when enough wait, they leave in one request', async () => {
  const { gateway, client } = await openMetered()
  for (const id of ['n1', 'n2'])
    expect((await createNote(client, id)).extensions).toMatchObject({ layover: { status: 'queued' } })
  expect(gateway.requests).toEqual([])
  expect((await createNote(client, 'n3')).extensions).toMatchObject({ layover: { status: expect.anything() } })
  await vi.waitFor(() => expect(client.outbox.entries).toEqual([]))
  expect(gateway.requests).toHaveLength(1)
  expect([...gateway.notes.keys()]).toEqual(['n1', 'n2', 'n3'])
})

test('after the longest waiting of the oldest all of them leave', async () => {
  const { gateway, clock, client } = await openMetered()
  await createNote(client, 'n1')
  clock.advance(MINUTE)
  await createNote(client, 'n2')
  clock.advance(MINUTE - 1)
  expect(gateway.requests).toEqual([])
  clock.advance(1)
  await vi.waitFor(() => expect(client.outbox.entries).toEqual([]))
  expect(gateway.documents.map(({ tasks }) => tasks.length)).toEqual([2])
  await createNote(client, 'n3')
  expect(client.outbox.entries).toMatchObject([{ status: 'queued', attempts: 0 }])
})

test('push, pull and retry send at once', async () => {
  const { gateway, client } = await openMetered({ sync: { document: CHANGES } })
  await createNote(client, 'n1')
  expect(await client.sync.push()).toMatchObject({ confirmed: 1, requests: 1 })
  await createNote(client, 'n2')
  await client.sync.pull()
  await createNote(client, 'n3')
  await client.outbox.retry(client.outbox.entries[0]!.id)
  await vi.waitFor(() => expect(client.outbox.entries).toEqual([]))
  expect([...gateway.notes.keys()]).toEqual(['n1', 'n2', 'n3'])
})

test('what failed on its way out is tried again by itself', async () => {
  const { gateway, clock, client } = await openMetered()
  gateway.fault({ kind: 'cut-before' }, ({ tasks }) => tasks.length > 0)
  for (const id of ['n1', 'n2', 'n3']) await createNote(client, id)
  await vi.waitFor(() => expect(client.outbox.entries[0]?.status).toBe('in-doubt'))
  await vi.waitFor(() => {
    clock.advance(500)
    expect(client.outbox.entries).toEqual([])
  })
})

test('nobody listens for pokes, and a pull comes at its own time', async () => {
  const notice = parse('subscription { changesAvailable { at } }')
  const { gateway, clock, client } = await openMetered({ sync: { document: CHANGES, notice } })
  await client.sync.pull()
  const requests = gateway.requests.length
  const isNotice = ({ body }: { body: { query: string } }): boolean => body.query.includes('changesAvailable')
  const notices = gateway.requests.filter(isNotice).length
  clock.advance(10 * MINUTE - 1)
  expect(gateway.requests).toHaveLength(requests)
  clock.advance(1)
  await vi.waitFor(() => expect(gateway.requests).toHaveLength(requests + 1))
  expect(gateway.requests.filter(isNotice)).toHaveLength(notices)
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(gateway.requests.filter(isNotice).length).toBeGreaterThan(notices))
})

test('the mode survives a restart, and so does the waiting', async () => {
  const storage = memoryStorage()
  const name = newName()
  const { gateway, clock, client } = await openMetered({ storage, name })
  await createNote(client, 'n1')
  clock.advance(MINUTE)
  await client.close()
  const metered = { maxDelayMs: 2 * MINUTE }
  const again = await openNotes(gateway, { storage, name, clock, metered, sync: undefined as never })
  expect(again.client.connection.mode).toBe('metered')
  await vi.waitFor(() => expect(clock.waits).toEqual([MINUTE]))
  expect(gateway.requests).toEqual([])
  clock.advance(MINUTE)
  await vi.waitFor(() => expect(again.client.outbox.entries).toEqual([]))
})

test('back in the mode auto everything leaves', async () => {
  const { client } = await openMetered()
  await createNote(client, 'n1')
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(client.outbox.entries).toEqual([]))
})

test.each([
  ['tasksPerDocument', { tasksPerDocument: 0 }],
  ['documentsInFlight', { documentsInFlight: Number.NaN }],
  ['metered.maxTasks', { metered: { maxTasks: -1 } }],
  ['metered.maxDelayMs', { metered: { maxDelayMs: 0 } }],
  ['metered.pullEveryMs', { metered: { pullEveryMs: 'often' as never } }],
])('%s has to be a number of at least 1', async (name, options) => {
  const opening = openNotes({ url: 'http://127.0.0.1:1' }, options)
  await expect(opening).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining(`\`${name}\``) })
})
