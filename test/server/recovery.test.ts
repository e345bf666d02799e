/** A gateway that comes back goes on by itself: the device that asked may never return. */
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import {
  agent,
  ask,
  BOOK,
  booking,
  newCustomer,
  type Outside,
  startOutside,
  temporaryDirectory,
  tokenFor,
  uuid,
} from '../support/world.ts'

const me = agent('agent-a')
const directory = temporaryDirectory()
let outside: Outside
let gateway: GatewayProcess

const start = async (): Promise<void> => {
  gateway = await startGatewayProcess({ dataDir: directory.path, env: { ...outside.environment, TASK_WAIT_MS: '0' } })
}
const world = {
  ask: (viewer: Parameters<typeof ask>[1], query: string, variables?: object) =>
    ask(gateway.url, viewer, query, variables),
}
const heldBy = (id: string): number =>
  outside.sandbox.control.reservations().filter(({ key }) => key.startsWith(id)).length
const called = (id: string, call: string): boolean =>
  outside.sandbox.control
    .log()
    .some(({ key, method, supplier }) => key?.startsWith(id) && `${method} ${supplier}` === call)
const statusOf = async (id: string): Promise<string> =>
  (await world.ask(me, `{ task(id: "${id}") { status } }`)).data.task.status

beforeAll(async () => {
  outside = await startOutside()
  await start()
})
afterAll(async () => {
  await gateway.kill()
  await outside.close()
  directory.remove()
})

async function bookAndKillAt(call: string, input: object, fault: object): Promise<string> {
  const id = uuid()
  const customer = await newCustomer(world, me)
  outside.sandbox.control.fault(fault as never)
  const answer = await world.ask(me, BOOK, { task: { id }, input: booking(customer, input) })
  expect(answer.data.bookVacation.task.status).toBe('RUNNING')
  await expect.poll(() => called(id, call)).toBe(true)
  await gateway.kill()
  outside.sandbox.control.clearFaults()
  await start()
  return id
}

it('a booking killed in the middle of a step is finished after the restart', async () => {
  const id = await bookAndKillAt('PUT flight', {}, { supplier: 'flight', on: 'reserve', kind: 'hang' })
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('CONFIRMED')
  expect(heldBy(id)).toBe(3)
})

it('a booking killed in the middle of its undo is undone after the restart', async () => {
  outside.sandbox.control.setStock('flight-lisbon-2', 0)
  const id = await bookAndKillAt(
    'DELETE hotel',
    { flightOfferId: 'flight-lisbon-2' },
    { supplier: 'hotel', on: 'release', kind: 'error-500' },
  )
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('REJECTED')
  expect(heldBy(id)).toBe(0)
})

it('on SIGTERM it lets its sockets go, ends, and leaves the rest to the next start', async () => {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${await tokenFor(me)}` } }))
  await once(socket, 'message')
  const closed = once(socket, 'close')
  outside.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang' } as never)
  const id = uuid()
  const customer = await newCustomer(world, me)
  await world.ask(me, BOOK, { task: { id }, input: booking(customer) })
  await expect.poll(() => called(id, 'PUT flight')).toBe(true)
  await gateway.stop()
  expect((await closed)[0]).toBe(1001)
  outside.sandbox.control.clearFaults()
  await start()
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('CONFIRMED')
  expect(heldBy(id)).toBe(3)
})

it('a second gateway on the same file is refused with a message that says what to do', async () => {
  await expect(startGatewayProcess({ dataDir: directory.path, env: outside.environment })).rejects.toThrow(
    /in use by another gateway.*stop the other one/,
  )
})
