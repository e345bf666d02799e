/** Several documents of one installation under way at the same time, and their order. */
import { ApolloLink, HttpLink } from '@apollo/client'
import { memoryStorage } from 'layover/client'
import { expect, test, vi } from 'vitest'
import type { LoggedRequest, ScriptedGateway } from '../support/scripted-gateway.ts'
import { createNote, emptied, type NotesClient, newName, openNotes, openOffline, startGateway } from './notes-app.ts'

const IDS = Array.from({ length: 12 }, (_each, index) => `n${index}`)

/** The n-th document of two tasks, from 1, whenever it is sent. */
const isDocument =
  (n: number) =>
  ({ tasks }: LoggedRequest): boolean =>
    tasks[0]?.task.sequence === n * 2 - 1
/** By number, in the order in which they arrived. */
const arrived = ({ documents }: ScriptedGateway): number[] =>
  documents.map(({ tasks }) => ((tasks[0]?.task.sequence ?? 0) + 1) / 2)

/** Twelve tasks wait, to leave as six documents. */
async function openTwelve(
  gateway: ScriptedGateway,
  options: Parameters<typeof openOffline>[1] = {},
): Promise<NotesClient> {
  const opened = await openOffline(gateway, { sync: undefined as never, tasksPerDocument: 2, ...options })
  await Promise.all(IDS.map(id => createNote(opened.client, id)))
  return opened
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open: () => open() }
}

test('documents leave side by side once the gateway has shown that it keeps their order', async () => {
  const gateway = await startGateway()
  const { client } = await openTwelve(gateway)
  const [first, second] = [gate(), gate()]
  gateway.fault({ kind: 'late-answer', until: first.opened }, isDocument(1))
  gateway.fault({ kind: 'late-answer', until: second.opened }, isDocument(2))
  gateway.fault({ kind: 'late-answer', until: second.opened }, isDocument(3))
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(arrived(gateway)).toEqual([1]))
  expect(client.outbox.entries.map(({ status }) => status).slice(0, 4)).toEqual([
    'sending',
    'sending',
    'queued',
    'queued',
  ])
  first.open()
  await vi.waitFor(() => expect(arrived(gateway).sort()).toEqual([1, 2, 3]))
  second.open()
  await emptied(client)
  expect([...gateway.notes.keys()]).toEqual(IDS)
  expect(gateway.documents).toHaveLength(6)
  const lastOf = new Map(gateway.documents.map(({ tasks }) => [tasks[0]?.task.sequence, tasks.at(-1)?.task.id]))
  for (const { follows, tasks } of gateway.documents)
    expect([null, lastOf.get(tasks[0]!.task.sequence! - 2)]).toContain(follows)
})

test('what follows an answer leaves before the answer is applied', async () => {
  const gateway = await startGateway()
  const { client } = await openTwelve(gateway)
  const seen = new Set<string>()
  client.outbox.subscribe(() => {
    const [first] = client.outbox.entries
    if (client.outbox.entries.find(({ sequence }) => sequence === 3)?.status === 'sending')
      seen.add(`${first?.sequence} ${first?.status}`)
  })
  client.connection.setMode('auto')
  await emptied(client)
  expect([...seen][0]).toBe('1 sending')
})

test('no more documents are under way than was asked for', async () => {
  const gateway = await startGateway()
  const { client } = await openTwelve(gateway, { documentsInFlight: 2, tasksPerDocument: 1 })
  const [early, late] = [gate(), gate()]
  for (const sequence of [2, 3, 4, 5, 6, 7]) {
    const until = sequence < 4 ? early.opened : late.opened
    gateway.fault({ kind: 'late-answer', until }, ({ tasks }) => tasks[0]?.task.sequence === sequence)
  }
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(gateway.documents).toHaveLength(3))
  early.open()
  await vi.waitFor(() => expect(gateway.documents).toHaveLength(5))
  late.open()
  await emptied(client)
  expect(gateway.mostAtOnce).toBe(2)
  expect([...gateway.notes.keys()]).toEqual(IDS)
})

test('a document that arrives late is waited for, and nothing is sent twice', async () => {
  const gateway = await startGateway()
  gateway.waitMs = 10_000
  const { client } = await openTwelve(gateway)
  const until = vi.waitFor(() => expect(arrived(gateway)).toContain(3))
  gateway.fault({ kind: 'late-request', until }, isDocument(2))
  client.connection.setMode('auto')
  await emptied(client)
  expect([...gateway.notes.keys()]).toEqual(IDS)
  expect(arrived(gateway).sort()).toEqual([1, 2, 3, 4, 5, 6])
})

test('a document that is lost lets nothing overtake it; what followed is put back, and can be cancelled', async () => {
  const gateway = await startGateway()
  gateway.waitMs = 1
  const { client } = await openTwelve(gateway)
  gateway.fault({ kind: 'cut-before' }, isDocument(2))
  const statuses = new Map<number, Set<string>>()
  client.outbox.subscribe(() => {
    for (const { sequence, status } of client.outbox.entries)
      statuses.set(sequence, (statuses.get(sequence) ?? new Set()).add(status))
  })
  client.connection.setMode('auto')
  await emptied(client)
  expect([...gateway.notes.keys()]).toEqual(IDS)
  expect(arrived(gateway).slice(0, 3).sort()).toEqual([1, 2, 3])
  expect(arrived(gateway).slice(3)).toEqual([2, 3, 4, 5, 6])
  expect(statuses.get(3)).toContain('in-doubt')
  expect(statuses.get(5)).not.toContain('in-doubt')
})

test('what is sent again overtakes nobody who waits for it at the gateway', async () => {
  const gateway = await startGateway()
  gateway.waitMs = 10_000
  const { client } = await openTwelve(gateway)
  gateway.fault({ kind: 'cut-before' }, isDocument(2))
  client.connection.setMode('auto')
  await emptied(client)
  expect([...gateway.notes.keys()]).toEqual(IDS)
  expect(arrived(gateway).sort()).toEqual([1, 2, 2, 3, 4, 5, 6])
})

test('a lost answer leaves its own tasks in doubt, and those of the next document are confirmed', async () => {
  const gateway = await startGateway()
  const { client } = await openTwelve(gateway)
  gateway.fault({ kind: 'cut-after' }, isDocument(2))
  client.connection.setMode('auto')
  await vi.waitFor(() =>
    expect(client.outbox.entries.map(({ sequence, status }) => `${sequence} ${status}`).slice(0, 3)).toEqual([
      '3 in-doubt',
      '4 in-doubt',
      '7 queued',
    ]),
  )
  await emptied(client)
  expect([...gateway.notes.keys()]).toEqual(IDS)
  expect(gateway.applied).toHaveLength(12)
  expect(arrived(gateway).filter(n => n === 2)).toHaveLength(2)
})

test('they go one by one through a link that drops extensions', async () => {
  const gateway = await startGateway()
  const forgetful = new ApolloLink((operation, forward) => {
    operation.extensions = {}
    return forward(operation)
  })
  const { client } = await openTwelve(gateway, { link: forgetful.concat(new HttpLink({ uri: gateway.url })) })
  client.connection.setMode('auto')
  await emptied(client)
  expect(gateway.mostAtOnce).toBe(1)
  expect(arrived(gateway)).toEqual([1, 2, 3, 4, 5, 6])
  expect(gateway.documents.every(({ follows }) => follows === undefined)).toBe(true)
})

test('they go one by one at a gateway that does not say that it keeps their order', async () => {
  const gateway = await startGateway()
  gateway.keepsOrder = false
  const { client } = await openTwelve(gateway)
  client.connection.setMode('auto')
  await emptied(client)
  expect(gateway.mostAtOnce).toBe(1)
  expect(arrived(gateway)).toEqual([1, 2, 3, 4, 5, 6])
})

test('a poison task among several documents is parked, and the rest goes on in order', async () => {
  const gateway = await startGateway()
  gateway.waitMs = 1
  const { client } = await openOffline(gateway, { sync: undefined as never, tasksPerDocument: 4 })
  await Promise.all(IDS.map((id, index) => createNote(client, id, index === 6 ? { count: 'many' as never } : {})))
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(client.outbox.entries.map(({ status }) => status)).toEqual(['parked']))
  expect([...gateway.notes.keys()]).toEqual(IDS.filter(id => id !== 'n6'))
})

test('one sign-in serves all that were under way, also those that are refused after it', async () => {
  const gateway = await startGateway()
  const signedIn = gate()
  const reauthenticate = vi.fn(async () => signedIn.open())
  const { client } = await openTwelve(gateway, { reauthenticate })
  gateway.fault({ kind: 'status', status: 401 }, isDocument(2))
  const until = signedIn.opened.then(() => vi.waitFor(() => expect(client.outbox.paused).toBe(false)))
  gateway.fault({ kind: 'status', status: 401, until }, isDocument(3))
  client.connection.setMode('auto')
  await emptied(client)
  expect(reauthenticate).toHaveBeenCalledTimes(1)
  expect([...gateway.notes.keys()]).toEqual(IDS)
})

test('a task that is retried in its old place waits for a document that waits for nobody', async () => {
  const gateway = await startGateway()
  gateway.keepsOrder = false
  const { client } = await openTwelve(gateway, { tasksPerDocument: 1 })
  gateway.fault({ kind: 'refuse', code: 'BAD_USER_INPUT' }, ({ tasks }) => tasks[0]?.task.sequence === 1)
  const answer = gate()
  gateway.fault({ kind: 'late-answer', until: answer.opened }, ({ tasks }) => tasks[0]?.task.sequence === 2)
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(gateway.documents).toHaveLength(2))
  const [parked] = client.outbox.entries
  expect(parked?.status).toBe('parked')
  await client.outbox.retry(parked!.id)
  expect(client.outbox.entries[0]?.status).toBe('queued')
  answer.open()
  await emptied(client)
  expect(gateway.mostAtOnce).toBe(1)
})

test('what leaves is known on the device as sent before it leaves', async () => {
  const gateway = await startGateway()
  const storage = memoryStorage()
  const onDevice: Promise<unknown>[] = []
  const { client } = await openTwelve(gateway, { storage })
  gateway.onTask = (_field, { task }) => {
    const read = async (): Promise<string> => {
      const key = (await storage.keys()).find(each => each.endsWith(task.id))
      return JSON.parse(String(await storage.getItem(key ?? '')).replace(/^\d+ /, '')).status
    }
    onDevice.push(read())
    return undefined
  }
  client.connection.setMode('auto')
  await emptied(client)
  expect(await Promise.all(onDevice)).toEqual(Array(12).fill('sending'))
})

test('a restart with several documents under way sends each task once, in order', async () => {
  const gateway = await startGateway()
  const name = newName()
  const first = await openTwelve(gateway, { name })
  gateway.fault({ kind: 'hang' }, isDocument(2))
  first.client.connection.setMode('auto')
  await vi.waitFor(() => expect(arrived(gateway).sort()).toEqual([1, 2, 3]))
  await first.client.close()
  const network = { isOnline: () => false, subscribe: () => () => undefined }
  const second = await openNotes(gateway, { name, tasksPerDocument: 2, network, sync: undefined as never })
  await emptied(second.client)
  expect([...gateway.notes.keys()]).toEqual(IDS)
  expect(gateway.applied).toHaveLength(12)
})
