/** The faults that a visitor of the demo plays with. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock, systemRandom } from '../../protocol/index.ts'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from '../support/gateway-process.ts'

let gateway: GatewayProcess
let data: Awaited<ReturnType<typeof temporaryDataDir>>
let token: string

beforeAll(async () => {
  data = await temporaryDataDir()
  gateway = await startGatewayProcess({ dataDir: data.path })
  token = ((await post('/demo/token', { user: 'agent-1' })).body as { token: string }).token
}, 120_000)

afterAll(async () => {
  await gateway.kill()
  await data.remove()
})

beforeEach(() => post('/demo/faults', { cut: false, loseAnswers: false, slowHotel: false, failCar: false }))

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: await answer.json() }
}
const faults = async (): Promise<Record<string, unknown>> =>
  (await (await fetch(`${gateway.url}/demo/faults`)).json()) as Record<string, unknown>

const dayIn = (days: number): string => new Date(systemClock.now() + days * 86_400_000).toISOString().slice(0, 10)
const BOOK = `mutation ($task: TaskInput, $input: BookVacationInput!) {
  bookVacation(task: $task, input: $input) { task { status rejection { code } steps { name status } } vacation { id } } }`
const booking = (id: string, over: object = {}): object => ({
  query: BOOK,
  variables: {
    task: { id },
    input: {
      vacationId: systemRandom.uuid(),
      customerId: 'customer-1',
      startsOn: dayIn(30),
      endsOn: dayIn(35),
      travellers: 2,
      hotelOfferId: 'hotel-lisbon-1',
      flightOfferId: 'flight-lisbon-1',
      ...over,
    },
  },
})

test('cut, the gateway answers nothing, over HTTP and WebSocket, but the page and the switches do', async () => {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await new Promise(resolve => socket.once('open', resolve))
  const closed = new Promise(resolve => socket.once('close', resolve))
  await post('/demo/faults', { cut: true })
  await closed
  await expect(post('/graphql', { query: '{ __typename }' })).rejects.toThrow()
  const refused = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await new Promise(resolve => refused.once('error', resolve))
  expect(await faults()).toMatchObject({ cut: true })
  await post('/demo/faults', { cut: false })
  expect(await post('/graphql', { query: '{ __typename }' })).toMatchObject({ status: 200 })
})

test('an answer that is lost leaves the work done, and a repeat hears of it, once', async () => {
  const before = (await faults())['ledger'] as { reservations: number; vacations: number }
  await post('/demo/faults', { loseAnswers: true })
  const request = booking(systemRandom.uuid())
  await expect(post('/graphql', request)).rejects.toThrow()
  await post('/demo/faults', { loseAnswers: false })
  const { body } = await post('/graphql', request)
  expect(body).toMatchObject({ data: { bookVacation: { task: { status: 'CONFIRMED' } } } })
  expect((await faults())['ledger']).toMatchObject({
    vacations: before.vacations + 1,
    reservations: before.reservations + 2,
    withoutVacation: 0,
  })
})

test('a hotel that is sold out refuses, nothing stays reserved, and restocked it takes guests again', async () => {
  const { ledger } = await faults()
  await post('/demo/faults/offer', { offerId: 'hotel-lisbon-1', action: 'sell-out' })
  expect((await post('/graphql', booking(systemRandom.uuid()))).body).toMatchObject({
    data: { bookVacation: { task: { status: 'REJECTED', rejection: { code: 'SOLD_OUT' } } } },
  })
  expect((await faults())['ledger']).toEqual(ledger)
  await post('/demo/faults/offer', { offerId: 'hotel-lisbon-1', action: 'restock' })
  expect((await post('/graphql', booking(systemRandom.uuid()))).body).toMatchObject({
    data: { bookVacation: { task: { status: 'CONFIRMED' } } },
  })
})

test('a car that fails is left out, and holds nothing', async () => {
  await post('/demo/faults', { failCar: true })
  const { body } = await post('/graphql', booking(systemRandom.uuid(), { carOfferId: 'car-lisbon-1' }))
  expect(body).toMatchObject({
    data: { bookVacation: { task: { steps: expect.arrayContaining([{ name: 'hotel', status: 'DONE' }]) } } },
  })
  await post('/demo/faults', { failCar: false })
  await expect.poll(async () => ((await faults())['ledger'] as { withoutVacation: number }).withoutVacation).toBe(0)
})

test('a colleague changes a customer, as a supervisor would', async () => {
  await post('/demo/faults/colleague', { customerId: 'customer-1' })
  const { body } = await post('/graphql', { query: '{ customer(id: "customer-1") { updatedBy notes } }' })
  expect(body).toMatchObject({
    data: { customer: { updatedBy: 'supervisor-1', notes: expect.stringContaining('colleague') } },
  })
})

test('what cannot be used is refused, and the field named', async () => {
  const refusals: [string, unknown, string][] = [
    ['/demo/faults', { cut: 'yes' }, 'cut'],
    ['/demo/faults', { explode: true }, 'explode'],
    ['/demo/faults/offer', { offerId: 'nowhere', action: 'sell-out' }, 'offerId'],
    ['/demo/faults/offer', { offerId: 'hotel-lisbon-1', action: 'burn' }, 'action'],
    ['/demo/faults/colleague', { customerId: 'nobody' }, 'customerId'],
  ]
  for (const [path, input, field] of refusals) {
    expect([path, await post(path, input)]).toEqual([
      path,
      { status: 400, body: { code: 'INVALID_INPUT', field, message: expect.stringContaining(field) } },
    ])
  }
})

test('outside demo mode there is nothing of it', async () => {
  const other = await temporaryDataDir()
  const real = await startGatewayProcess({ dataDir: other.path, env: { AUTH_SECRET: 'a'.repeat(40) } })
  for (const [method, path] of [
    ['GET', '/demo/faults'],
    ['POST', '/demo/faults'],
    ['POST', '/demo/faults/offer'],
    ['POST', '/demo/faults/colleague'],
  ] as const) {
    const answer = await fetch(real.url + path, {
      method,
      ...(method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{"cut":true}' } : {}),
    })
    expect([path, answer.status]).toEqual([path, 404])
  }
  await real.kill()
  await other.remove()
})
