/** A refusal answers one try; a try before it that was never answered may still take hold, and is undone all the same. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { fastClock } from '../support/fast-clock.ts'
import { agent, BOOK, booking, newCustomer, startWorld, TASK, uuid, type World } from '../support/world.ts'

let world: World
let customer: string
const me = agent('agent-a')

beforeAll(async () => {
  // Ten times as fast as the suppliers: what they hold back for a second is given up after half of one.
  world = await startWorld({ clock: fastClock(10), environment: { TASK_WAIT_MS: '200000' } })
  customer = await newCustomer(world, me)
})
afterAll(() => world.close())
afterEach(() => {
  world.sandbox.control.clearFaults()
  for (const offer of ['hotel-lisbon-1', 'flight-lisbon-1', 'car-lisbon-1']) world.sandbox.control.setStock(offer, 100)
})

const CHANGE = `mutation ($task: TaskInput, $id: ID!) {
  changeVacation(task: $task, id: $id, baseVersion: 1, patch: { travellers: 3 }) { ${TASK} }
}`

const heldBy = (id: string): string[] =>
  world.sandbox.control.reservations().flatMap(({ key }) => (key.startsWith(id) ? [key.slice(id.length + 1)] : []))

/** Statuses of the calls about `kind` that this task made, in the order in which they arrived; null: not answered. */
const answersTo = (id: string, kind: string, method: string): (number | null)[] =>
  world.sandbox.control
    .log()
    .flatMap(call => (call.key === `${id}:${kind}` && call.method === method ? [call.status] : []))

// biome-ignore lint/suspicious/noExplicitAny: answers of any document
async function book(id: string, input: object): Promise<any> {
  const { data, errors } = await world.ask(me, BOOK, { task: { id }, input: booking(customer, input) })
  expect(errors).toEqual([])
  return data.bookVacation.task
}

const settled = (id: string, status: string): Promise<void> =>
  expect
    .poll(async () => (await world.ask(me, `{ task(id: "${id}") { status } }`)).data.task.status, { timeout: 10_000 })
    .toBe(status)

it.each([
  ['flight', 'REJECTED', []],
  ['car', 'CONFIRMED', ['hotel', 'flight']],
] as const)(
  'a %s that is sold out at the second try is not reserved by the first one, which comes late',
  async (kind, status, held) => {
    const { control } = world.sandbox
    const offer = `${kind}-lisbon-1`
    const id = uuid()
    control.fault({ supplier: kind, on: 'reserve', kind: 'slow', ms: 1_500, key: id, times: 1 })
    control.setStock(offer, 0)
    const task = await book(id, {})
    expect(task.status).toBe(status)
    expect(answersTo(id, kind, 'PUT')).toEqual([null, 409])
    // Somebody else gives one back before the late one gets its turn.
    control.setStock(offer, 3)
    await expect.poll(() => answersTo(id, kind, 'PUT')[0], { timeout: 5_000 }).not.toBeNull()
    expect(heldBy(id)).toEqual(held)
  },
)

it('a change that is sold out at the second try keeps nothing of the first one, which comes late', async () => {
  const { control } = world.sandbox
  const [bookingId, id] = [uuid(), uuid()]
  const vacationId = uuid()
  expect((await book(bookingId, { vacationId })).status).toBe('CONFIRMED')
  control.fault({ supplier: 'flight', on: 'reserve', kind: 'slow', ms: 1_500, key: id, times: 1 })
  control.setStock('flight-lisbon-1', 0)
  const { data } = await world.ask(me, CHANGE, { task: { id }, id: vacationId })
  expect(data.changeVacation.task).toMatchObject({ status: 'REJECTED', rejection: { code: 'SOLD_OUT' } })
  control.setStock('flight-lisbon-1', 3)
  await expect.poll(() => answersTo(id, 'flight', 'PUT')[0], { timeout: 5_000 }).not.toBeNull()
  expect(heldBy(id)).toEqual([])
  expect(heldBy(bookingId)).toEqual(['hotel', 'flight', 'car'])
})

it('a car that is sold out after a restart is not reserved by the try before it, which comes late', async () => {
  const { control } = world.sandbox
  const id = uuid()
  control.fault({ supplier: 'car', on: 'reserve', kind: 'slow', ms: 1_500, key: id, times: 1 })
  control.setStock('car-lisbon-1', 0)
  const asked = book(id, {}).catch(() => undefined)
  await expect.poll(() => answersTo(id, 'car', 'PUT')).toEqual([null])
  await world.restart()
  await asked
  await settled(id, 'CONFIRMED')
  control.setStock('car-lisbon-1', 3)
  await expect.poll(() => answersTo(id, 'car', 'PUT')[0], { timeout: 5_000 }).not.toBeNull()
  expect(heldBy(id)).toEqual(['hotel', 'flight'])
})

it('trials from before a restart are given back, though the suppliers say something else after it', async () => {
  const { control } = world.sandbox
  const id = uuid()
  const trials = (): string[] => heldBy(id).filter(key => key.includes(':trial-'))
  control.fault({ supplier: 'hotel', on: 'release', kind: 'hang', key: `${id}:hotel:trial-` })
  // The gateway's copy knows no such hotel: the supplier is asked, and others at the place are tried.
  const asked = book(id, { hotelOfferId: 'hotel-lisbon-9', priceLimit: 90_000 }).catch(() => undefined)
  await expect.poll(trials).not.toEqual([])
  control.setPrice('flight-lisbon-1', 95_000)
  for (const offer of ['hotel-lisbon-1', 'hotel-lisbon-3', 'hotel-lisbon-4', 'hotel-lisbon-5'])
    control.discontinue(offer)
  await world.restart()
  await asked
  control.clearFaults()
  await settled(id, 'REJECTED')
  expect(heldBy(id)).toEqual([])
})
