/**
 * Promise 7: after any error, once the network is back, the queue empties without a user's hand; what cannot succeed is
 * parked with its reason and blocks only what depends on it.
 */
import { memoryStorage, type OutboxEntry } from 'layover/client'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import {
  BookVacationDocument,
  CreateCustomerDocument,
  UpdateCustomerDocument,
  VacationsDocument,
} from '../../examples/demo/__generated__/graphql.ts'
import { type Device, startDevice } from '../../examples/demo/device.ts'
import { digTunnel, type Tunnel } from '../../examples/demo/tunnel.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { agent, booking, type Outside, startOutside, temporaryDirectory, tokenFor, uuid } from '../support/world.ts'

const directory = temporaryDirectory()
const devices: Device[] = []
let outside: Outside
let gateway: GatewayProcess
let tunnel: Tunnel

beforeAll(async () => {
  outside = await startOutside()
  gateway = await startGatewayProcess({ dataDir: directory.path, env: outside.environment })
  tunnel = await digTunnel(gateway.url)
})
afterEach(async () => {
  outside.sandbox.control.clearFaults()
  tunnel.loseAnswers(() => false)
  tunnel.open()
  await Promise.all(devices.splice(0).map(({ client }) => client.close()))
})
afterAll(async () => {
  await tunnel.close()
  await gateway.kill()
  await outside.close()
  directory.remove()
})

async function start(user: string): Promise<Device> {
  const device = await startDevice({
    url: tunnel.url,
    token: await tokenFor(agent(user)),
    user,
    storage: memoryStorage(),
  })
  devices.push(device)
  await device.client.sync.pull()
  return device
}

async function createCustomer({ client }: Device): Promise<string> {
  const id = uuid()
  await client.mutate({
    mutation: CreateCustomerDocument,
    variables: { input: { id, name: 'Harbour Rowing Club', email: 'club@example.com' } },
  })
  return id
}

const book = ({ client }: Device, customerId: string, input: object = {}): Promise<unknown> =>
  client.mutate({ mutation: BookVacationDocument, variables: { input: booking(customerId, input) as never } })

const statuses = ({ client }: Device): string[] => client.outbox.entries.map(({ status }) => status)
const empties = (device: Device, left: string[] = []): Promise<void> =>
  expect.poll(() => statuses(device), { timeout: 60_000, interval: 50 }).toEqual(left)
const bookings = async ({ client }: Device): Promise<string[]> =>
  (await client.query({ query: VacationsDocument, fetchPolicy: 'cache-only' })).data?.vacations.nodes.map(
    ({ status }) => status,
  ) ?? []

it('a queue made in a tunnel empties when the tunnel ends', async () => {
  const device = await start('agent-tunnel')
  tunnel.cut()
  const customer = await createCustomer(device)
  for (let count = 0; count < 3; count += 1) await book(device, customer)
  expect(await bookings(device)).toEqual(['REQUESTED', 'REQUESTED', 'REQUESTED'])
  tunnel.open()
  await empties(device)
  await expect.poll(() => bookings(device)).toEqual(['BOOKED', 'BOOKED', 'BOOKED'])
})

it('a gateway that is killed in the middle of the replay and comes back finds every task again', async () => {
  const device = await start('agent-killed')
  device.client.connection.setMode('offline')
  const customer = await createCustomer(device)
  for (let count = 0; count < 8; count += 1) await book(device, customer)
  outside.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'slow', ms: 150 } as never)
  const before = outside.sandbox.control.log().length
  device.client.connection.setMode('auto')
  await expect.poll(() => outside.sandbox.control.log().length - before).toBeGreaterThan(3)
  await gateway.kill()
  gateway = await startGatewayProcess({ dataDir: directory.path, port: gateway.port, env: outside.environment })
  await empties(device)
  await device.client.sync.pull()
  expect(await bookings(device)).toEqual(Array.from({ length: 8 }, () => 'BOOKED'))
})

it('answers lost again and again only cost time', async () => {
  const device = await start('agent-lossy')
  device.client.connection.setMode('offline')
  const customer = await createCustomer(device)
  for (let count = 0; count < 5; count += 1) await book(device, customer, { carOfferId: null })
  const before = outside.sandbox.control.reservations().length
  tunnel.loseAnswers(answer => answer < 4)
  device.client.connection.setMode('auto')
  await empties(device)
  expect(outside.sandbox.control.reservations().length - before).toBe(10)
})

it('a task that the gateway refuses stays with its reason, what builds on it with it, and the rest goes on', async () => {
  const device = await start('agent-poison')
  device.client.connection.setMode('offline')
  const good = await createCustomer(device)
  // Not a UUID and not an id at all: the gateway will not have it.
  const bad = 'no id/at all'
  await device.client.mutate({ mutation: CreateCustomerDocument, variables: { input: { id: bad, name: 'Club' } } })
  await device.client.mutate({
    mutation: UpdateCustomerDocument,
    variables: { id: good, baseVersion: 0, patch: { notes: 'after' } },
  })
  await book(device, good)
  device.client.connection.setMode('auto')
  await empties(device, ['rejected'])
  const [entry] = device.client.outbox.entries as readonly OutboxEntry[]
  expect(entry?.outcome).toMatchObject({ status: 'rejected', code: 'INVALID_INPUT' })
  expect(await bookings(device)).toEqual(['BOOKED'])
})

it('a booking that takes longer than the document waits settles by itself', async () => {
  const device = await start('agent-slow')
  const customer = await createCustomer(device)
  outside.sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'slow', ms: 3500 } as never)
  await book(device, customer)
  expect(statuses(device)).not.toEqual([])
  await empties(device)
  await expect.poll(() => bookings(device)).toEqual(['BOOKED'])
})
