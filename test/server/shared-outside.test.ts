/** `npm run outside`: the suppliers and the mail server of several gateways, as a process of its own. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import {
  type GatewayProcess,
  startGatewayProcess,
  startOutsideProcess,
  temporaryDataDir,
} from '../support/gateway-process.ts'

type Folder = Awaited<ReturnType<typeof temporaryDataDir>>

let folders: Folder[]
let outside: GatewayProcess
let gateways: GatewayProcess[]

/** Demo gateways, each with a store of its own: what they share is the outside alone. */
beforeAll(async () => {
  folders = await Promise.all([1, 2, 3].map(temporaryDataDir))
  const [ofOutside, ...ofGateways] = folders
  outside = await startOutsideProcess({ dataDir: ofOutside?.path ?? '' })
  gateways = await Promise.all(
    ofGateways.map(({ path }) => startGatewayProcess({ dataDir: path, env: { OUTSIDE_URL: outside.url } })),
  )
})
afterAll(async () => {
  await Promise.all([...gateways, outside].map(each => each.kill()))
  await Promise.all(folders.map(folder => folder.remove()))
})

async function post(gateway: GatewayProcess, path: string, body: object, token = ''): Promise<unknown> {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  })
  return answer.json()
}
const faults = async (gateway: GatewayProcess): Promise<Record<string, unknown>> =>
  (await (await fetch(`${gateway.url}/demo/faults`)).json()) as Record<string, unknown>

async function book(gateway: GatewayProcess, task: string): Promise<unknown> {
  const { token } = (await post(gateway, '/demo/token', { user: 'agent-1' })) as { token: string }
  const dayIn = (days: number): string => new Date(systemClock.now() + days * 86_400_000).toISOString().slice(0, 10)
  return post(
    gateway,
    '/graphql',
    {
      query:
        'mutation ($task: TaskInput, $input: BookVacationInput!) { bookVacation(task: $task, input: $input) { task { status rejection { code } } } }',
      variables: {
        task: { id: task },
        input: {
          vacationId: `vacation-${task}`,
          customerId: 'customer-1',
          startsOn: dayIn(30),
          endsOn: dayIn(35),
          travellers: 2,
          hotelOfferId: 'hotel-lisbon-1',
          flightOfferId: 'flight-lisbon-1',
        },
      },
    },
    token,
  )
}
const status = (of: string): object => ({ data: { bookVacation: { task: expect.objectContaining({ status: of }) } } })
const reservations = async (): Promise<string[]> => {
  const answer = await fetch(`${outside.url}/control/reservations`)
  const { reservations: held } = (await answer.json()) as { reservations: { key: string }[] }
  return held.map(({ key }) => key)
}

it('holds what every gateway reserves, and gets the mails of all', async () => {
  const [one, two] = gateways as [GatewayProcess, GatewayProcess]
  expect(one.said.filter(line => line.includes('stand-in'))).toEqual([
    expect.stringContaining(`supplier sandbox ${outside.url}`),
    expect.stringContaining('mailbox smtp://127.0.0.1:'),
  ])
  expect(await book(one, 'first')).toMatchObject(status('CONFIRMED'))
  expect(await book(two, 'second')).toMatchObject(status('CONFIRMED'))
  expect((await reservations()).sort()).toEqual(['first:flight', 'first:hotel', 'second:flight', 'second:hotel'])
  for (const gateway of gateways)
    await expect.poll(async () => (await faults(gateway))['ledger']).toMatchObject({ reservations: 4, mails: 2 })
})

it('has one set of faults, which every gateway shows and switches, and which a switch of another kind leaves alone', async () => {
  const [one, two] = gateways as [GatewayProcess, GatewayProcess]
  await post(one, '/demo/faults', { slowHotel: true })
  await post(two, '/demo/faults', { failCar: true })
  expect(await faults(one)).toMatchObject({ slowHotel: true, failCar: true, cut: false })
  await post(one, '/demo/faults', { slowHotel: false, loseAnswers: false })
  expect(await faults(two)).toMatchObject({ slowHotel: false, failCar: true })
  await post(two, '/demo/faults', { failCar: false })

  await post(one, '/demo/faults/offer', { offerId: 'hotel-lisbon-1', action: 'sell-out' })
  expect(await book(two, 'third')).toMatchObject({
    data: { bookVacation: { task: { status: 'REJECTED', rejection: { code: 'SOLD_OUT' } } } },
  })
  expect(await post(two, '/demo/faults/offer', { offerId: 'nowhere', action: 'sell-out' })).toMatchObject({
    code: 'INVALID_INPUT',
    field: 'offerId',
    message: 'offerId: there is no such offer',
  })
})

it('keeps what is reserved across a restart; while it is away, gateways serve on and say so', async () => {
  const [one] = gateways as [GatewayProcess]
  const before = await reservations()
  const port = outside.port
  expect(await outside.stop()).toBe(0)
  expect(await faults(one)).toMatchObject({ code: 'SANDBOX_AWAY', message: expect.stringContaining(outside.url) })
  expect((await fetch(`${one.url}/health/ready`)).status).toBe(200)
  outside = await startOutsideProcess({ dataDir: folders[0]?.path ?? '', port })
  expect(await reservations()).toEqual(before)
  expect(await faults(one)).toMatchObject({ sandbox: true })
})
