/**
 * Promises 2, 4 and 6 under kill -9: what the gateway acknowledged it never loses; unfinished tasks go on or are undone;
 * nothing is booked twice, nothing stays reserved that no confirmed vacation holds.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { operateSqlite, signalSqlite } from '../../server/store/sqlite-operator.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { seeded } from '../support/seeded.ts'
import {
  agent,
  ask,
  BOOK,
  booking,
  CREATE_CUSTOMER,
  type Outside,
  startOutside,
  temporaryDirectory,
  uuid,
} from '../support/world.ts'

const ROUNDS = 50
const FAR_AHEAD = 1_000_000
const SEED = 20261120

const me = agent('agent-a')
const directory = temporaryDirectory()
let outside: Outside
let gateway: GatewayProcess

beforeAll(async () => {
  outside = await startOutside()
  for (const offer of ['hotel-lisbon-1', 'flight-lisbon-1', 'car-lisbon-1'])
    outside.sandbox.control.setStock(offer, FAR_AHEAD)
})
afterAll(async () => {
  await gateway?.kill()
  await outside.close()
  directory.remove()
})

const start = async (): Promise<void> => {
  gateway = await startGatewayProcess({ dataDir: directory.path, env: outside.environment })
}

/** As an operator would, and how many there were. */
async function resumeParked(): Promise<number> {
  const file = join(directory.path, 'layover.db')
  const store = await operateSqlite(file)
  const unfinished = await store.unfinished()
  await store.close()
  const parked = unfinished.filter(({ task }) => task.parked !== null)
  for (const { task } of parked) await signalSqlite(file, task.reference, 'resume', systemClock.now())
  return parked.length
}

interface Sent {
  readonly query: string
  readonly field: string
  readonly variables: { task: { id: string }; input?: Record<string, unknown> }
  acknowledged?: string
}

/** Settled for good, as one word; undefined while it runs or if nothing was answered. */
async function send(sent: Sent): Promise<void> {
  try {
    const { data } = await ask(gateway.url, me, sent.query, sent.variables)
    const status: string | undefined = data?.[sent.field]?.task.status
    if (status === undefined) return
    // What was acknowledged once must be said again, except that a task may have moved on.
    if (sent.acknowledged !== undefined && sent.acknowledged !== 'RUNNING' && sent.acknowledged !== 'ACCEPTED')
      expect(status).toBe(sent.acknowledged)
    sent.acknowledged = status
  } catch (error) {
    // The connection went with the process: no answer, so it is sent again.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
  }
}

it(`survives kill -9 in ${ROUNDS} rounds without losing, doubling or leaking anything`, {
  timeout: 300_000,
}, async () => {
  const random = seeded(SEED)
  const all: Sent[] = []
  const customers: string[] = []
  await start()
  for (let round = 0; round < ROUNDS; round += 1) {
    const customerId = uuid()
    customers.push(customerId)
    const fresh: Sent[] = [
      {
        field: 'createCustomer',
        query: CREATE_CUSTOMER,
        variables: {
          task: { id: uuid() },
          input: { id: customerId, name: `Club ${round}`, email: 'club@example.com' },
        },
      },
      { field: 'bookVacation', query: BOOK, variables: { task: { id: uuid() }, input: booking(customerId) } },
      {
        field: 'bookVacation',
        query: BOOK,
        variables: { task: { id: uuid() }, input: booking(customerId, { carOfferId: null }) },
      },
      // car-lisbon-2 is sold out: hotel and flight have to be given back.
      {
        field: 'bookVacation',
        query: BOOK,
        variables: {
          task: { id: uuid() },
          input: booking(customerId, { carOfferId: 'car-lisbon-2', carOptional: false }),
        },
      },
    ]
    const first = fresh[0]
    if (first !== undefined) await send(first)
    all.push(...fresh)
    const underWay = Promise.all(
      all.filter(({ acknowledged }) => acknowledged === undefined || acknowledged === 'RUNNING').map(send),
    )
    await new Promise(resolve => setTimeout(resolve, random() * 120))
    await gateway.kill()
    await underWay
    await start()
  }
  // The network is back and stays: everything comes to rest.
  await expect
    .poll(
      async () => {
        for (const sent of all)
          if (sent.acknowledged === undefined || sent.acknowledged === 'RUNNING' || sent.acknowledged === 'ACCEPTED')
            await send(sent)
        return all.filter(
          ({ acknowledged }) => acknowledged === undefined || acknowledged === 'RUNNING' || acknowledged === 'ACCEPTED',
        ).length
      },
      { timeout: 60_000 },
    )
    .toBe(0)

  const bookings = all.filter(({ field }) => field === 'bookVacation')
  const confirmed = bookings.filter(({ acknowledged }) => acknowledged === 'CONFIRMED')
  const wanted = bookings.filter(({ variables }) => variables.input?.['carOfferId'] !== 'car-lisbon-2')
  expect(all.filter(({ field, acknowledged }) => field === 'createCustomer' && acknowledged !== 'CONFIRMED')).toEqual(
    [],
  )
  expect(confirmed.map(({ variables }) => variables.task.id).sort()).toEqual(
    wanted.map(({ variables }) => variables.task.id).sort(),
  )

  // Reserved is exactly what the confirmed vacations hold.
  const expected = confirmed.flatMap(({ variables: { task, input } }) =>
    ['hotel', 'flight', ...(input?.['carOfferId'] ? ['car'] : [])].map(step => `${task.id}:${step}`),
  )
  expect(
    outside.sandbox.control
      .reservations()
      .map(({ key }) => key)
      .sort(),
  ).toEqual(expected.sort())
  const { data } = await ask(
    gateway.url,
    me,
    '{ vacations(first: 1000) { nodes { id status version } } customers(first: 1000) { nodes { id version } } }',
  )
  expect(data.vacations.nodes.map(({ id }: { id: string }) => id).sort()).toEqual(
    confirmed.map(({ variables }) => variables.input?.['vacationId']).sort(),
  )
  expect(data.customers.nodes).toHaveLength(customers.length)
  expect(new Set(data.customers.nodes.map(({ version }: { version: number }) => version))).toEqual(new Set([1]))

  // Who died ten times over one task leaves it to an operator. Confirmed it stays; its mail goes out at his word.
  const parked = await resumeParked()
  // Mail goes out at least once, always under the same id.
  await expect.poll(() => outside.mailbox.messages().length, { timeout: 30_000 }).toBe(confirmed.length)
  process.stdout.write(
    `kill -9: ${ROUNDS} rounds, seed ${SEED}: ${all.length} tasks, ${confirmed.length} vacations, ${outside.mailbox.deliveries() - confirmed.length} mails repeated, ${parked} tasks parked, ${outside.sandbox.control.log().length} calls to suppliers\n`,
  )
})
