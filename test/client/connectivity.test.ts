/** What the screen is told of the connection: the truth, but no flicker. */
import type { NetworkHint } from 'layover/client'
import { expect, test, vi } from 'vitest'
import { CHANGES, createNote, fixedRandom, ManualClock, openNotes, openOffline, startGateway } from './notes-app.ts'

async function openWatched(options: Parameters<typeof openNotes>[1] = {}) {
  const gateway = await startGateway()
  const clock = new ManualClock()
  const opened = await openNotes(gateway, { clock, random: fixedRandom, sync: { document: CHANGES }, ...options })
  await vi.waitFor(() => expect(opened.client.sync.lastSyncedAt).not.toBeNull())
  const states: string[] = []
  opened.client.connection.subscribe(() => states.push(opened.client.connection.state))
  return { gateway, clock, states, ...opened }
}

test('one failed request among good ones is not shown, but nothing waits for it either', async () => {
  const { gateway, clock, states, client } = await openWatched()
  gateway.fault({ kind: 'cut-before' })
  await expect(client.sync.pull()).rejects.toMatchObject({ code: 'UNREACHABLE' })
  expect(client.connection.state).toBe('online')
  // Whoever writes now is answered at once.
  gateway.fault({ kind: 'hang' })
  expect((await createNote(client, 'n1')).extensions).toMatchObject({ layover: { status: 'queued' } })
  await vi.waitFor(() => {
    clock.advance(100)
    expect(gateway.faultsLeft).toBe(0)
  })
  expect(states).toEqual([])
})

test('two failed requests, one sent after the other, are shown; the first answer ends it', async () => {
  const { gateway, states, client } = await openWatched()
  for (let round = 0; round < 2; round += 1) {
    gateway.fault({ kind: 'cut-before' })
    await expect(client.sync.pull()).rejects.toMatchObject({ code: 'UNREACHABLE' })
  }
  expect(states).toEqual(['unreachable'])
  await client.sync.pull()
  expect(states).toEqual(['unreachable', 'online'])
})

test('a single failure is shown when nothing was answered for a while after it', async () => {
  const { gateway, clock, states, client } = await openWatched()
  gateway.fault({ kind: 'cut-before' })
  gateway.fault({ kind: 'hang' })
  await expect(client.sync.pull()).rejects.toMatchObject({ code: 'UNREACHABLE' })
  clock.advance(2999)
  expect(states).toEqual([])
  clock.advance(1)
  expect(states).toEqual(['unreachable'])
})

test('requests that fail together are one failure', async () => {
  const gateway = await startGateway()
  const options = { clock: new ManualClock(), random: fixedRandom, tasksPerDocument: 1, sync: undefined as never }
  const { client } = await openOffline(gateway, options)
  for (const id of ['n1', 'n2', 'n3']) await createNote(client, id)
  for (const sequence of [2, 3])
    gateway.fault({ kind: 'cut-before' }, ({ tasks }) => tasks[0]?.task.sequence === sequence)
  client.connection.setMode('auto')
  const statuses = (): string[] => client.outbox.entries.map(({ status }) => status)
  await vi.waitFor(() => expect(statuses()).toEqual(['in-doubt', 'in-doubt']))
  expect(client.connection.state).toBe('online')
})

test('the device’s own word is only a hint', async () => {
  let isOnline = true
  let tell: () => void = () => undefined
  const network: NetworkHint = {
    isOnline: () => isOnline,
    subscribe(listener) {
      tell = listener
      return () => undefined
    },
  }
  const { states, client } = await openWatched({ network })
  isOnline = false
  tell()
  expect(client.connection.state).toBe('offline')
  // It errs: the gateway answers.
  await client.sync.pull()
  expect(client.connection.state).toBe('online')
  isOnline = true
  tell()
  await vi.waitFor(() => expect(states).toEqual(['offline', 'online', 'unreachable', 'online']))
})
