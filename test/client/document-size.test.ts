/** How many tasks a document carries at a gateway that takes fewer, or smaller ones, than the client would send. */
import { memoryStorage } from 'layover/client'
import { expect, test } from 'vitest'
import type { ScriptedGateway } from '../support/scripted-gateway.ts'
import { createNote, emptied, fixedRandom, ManualClock, newName, openOffline, startGateway } from './notes-app.ts'

const DAY = 86_400_000
const sizes = (gateway: ScriptedGateway): number[] => gateway.documents.splice(0).map(({ tasks }) => tasks.length)

async function device(gateway: ScriptedGateway) {
  const shared = { storage: memoryStorage(), name: newName(), clock: new ManualClock(), random: fixedRandom }
  let made = 0
  return {
    clock: shared.clock,
    /** Opens it, sends `tasks` and closes it; gives the sizes of the documents. */
    async send(tasks: number, input: object = {}): Promise<number[]> {
      const before = gateway.documents.length
      const options = { ...shared, tasksPerDocument: 16, documentsInFlight: 1, sync: undefined as never }
      const { client } = await openOffline(gateway, options)
      for (let each = 0; each < tasks; each += 1) {
        made += 1
        await createNote(client, `n${made}`, input)
      }
      client.connection.setMode('auto')
      await emptied(client)
      await client.close()
      return gateway.documents.slice(before).map(each => each.tasks.length)
    },
  }
}

test('what a gateway takes is found once, and known after a restart', async () => {
  const gateway = await startGateway()
  gateway.maxTasks = 5
  const { send } = await device(gateway)
  expect(await send(16)).toEqual([16, 8, 4, 4, 4, 4])
  expect(await send(10)).toEqual([4, 4, 2])
})

test('a day later twice as many are tried again', async () => {
  const gateway = await startGateway()
  gateway.maxTasks = 5
  const { send, clock } = await device(gateway)
  await send(16)
  clock.advance(DAY)
  expect(await send(8)).toEqual([8, 4, 4])
  gateway.maxTasks = 100
  expect(await send(8)).toEqual([4, 4])
  clock.advance(DAY)
  expect(await send(8)).toEqual([8])
  clock.advance(DAY)
  expect(await send(16)).toEqual([16])
})

test.each([
  ['413', { kind: 'status', status: 413 }],
  ['DOCUMENT_TOO_COMPLEX', { kind: 'refuse', code: 'DOCUMENT_TOO_COMPLEX' }],
] as const)('%s is about the size, too', async (_name, fault) => {
  const gateway = await startGateway()
  const { send } = await device(gateway)
  gateway.fault(fault, ({ tasks }) => tasks.length === 16)
  expect(await send(16)).toEqual([16, 8, 8])
  expect(await send(16)).toEqual([8, 8])
})

test('one task that is too large by itself leaves the others their documents', async () => {
  const gateway = await startGateway()
  const { client } = await openOffline(gateway, {
    tasksPerDocument: 4,
    documentsInFlight: 1,
    sync: undefined as never,
    clock: new ManualClock(),
    random: fixedRandom,
  })
  const large = (request: { tasks: { variables: Record<string, unknown> }[] }): boolean =>
    request.tasks.some(({ variables }) => JSON.stringify(variables).includes('very large'))
  for (let each = 0; each < 3; each += 1) gateway.fault({ kind: 'status', status: 413 }, large)
  for (const id of ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7']) {
    await createNote(client, id, id === 'n2' ? { body: 'very large' } : {})
  }
  client.connection.setMode('auto')
  await expect.poll(() => client.outbox.entries.map(({ status }) => status)).toEqual(['parked'])
  expect(client.outbox.entries[0]?.outcome).toMatchObject({ reason: expect.stringMatching(/^PAYLOAD_TOO_LARGE: /) })
  expect(sizes(gateway)).toEqual([4, 2, 1, 1, 4, 1])
})
