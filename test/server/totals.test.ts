/** A total is the sum of what is reserved, in its currency; what has no such sum is not booked. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import type { CatalogueOffer } from '../../server/vacation/suppliers/catalogue.ts'
import { type Sandbox, startSandbox } from '../../server/vacation/suppliers/sandbox.ts'
import { agent, BOOK, booking, newCustomer, startWorld, TASK, uuid, type World } from '../support/world.ts'

const CHANGE = `mutation ($task: TaskInput, $id: ID!, $patch: VacationPatch!) {
  changeVacation(task: $task, id: $id, baseVersion: 1, patch: $patch) { ${TASK} vacation { version } }
}`
const MOST = 2_147_483_647

const offer = (supplier: 'hotel' | 'flight' | 'car', id: string, amount: number, currency = 'EUR'): CatalogueOffer => ({
  supplier,
  id,
  name: id,
  place: 'Lisbon',
  price: { amount, currency },
  stock: 10,
})

let sandbox: Sandbox
let world: World
let customer: string
const me = agent('agent-a')

beforeAll(async () => {
  sandbox = await startSandbox({
    clock: systemClock,
    offers: [
      offer('hotel', 'hotel-euro', 50_000),
      offer('hotel', 'hotel-dearest', MOST),
      offer('flight', 'flight-euro', 20_000),
      offer('flight', 'flight-dollar', 20_000, 'USD'),
      offer('car', 'car-euro', 10_000),
      offer('car', 'car-yen', 900_000, 'JPY'),
    ],
  })
  const { hotel, flight, car } = sandbox
  const environment = { HOTEL_SUPPLIER_URL: hotel, FLIGHT_SUPPLIER_URL: flight, CAR_SUPPLIER_URL: car }
  world = await startWorld({ environment: { ...environment, TASK_WAIT_MS: '20000' } })
  customer = await newCustomer(world, me)
})
afterAll(async () => {
  await world.close()
  await sandbox.close()
})

// biome-ignore lint/suspicious/noExplicitAny: answers of any document
async function book(input: object, id = uuid()): Promise<any> {
  const euro = { hotelOfferId: 'hotel-euro', flightOfferId: 'flight-euro', carOfferId: 'car-euro' }
  const variables = { task: { id }, input: booking(customer, { ...euro, ...input }) }
  const { data, errors } = await world.ask(me, BOOK, variables)
  expect(errors).toEqual([])
  return data.bookVacation
}

const heldBy = (id: string): string[] =>
  sandbox.control.reservations().flatMap(({ key, offerId }) => (key.startsWith(id) ? [offerId] : []))

it.each([
  ['of two currencies', { flightOfferId: 'flight-dollar' }, 'CURRENCIES_DIFFER', 'input.flightOfferId', []],
  [
    'with a car of another currency',
    { carOfferId: 'car-yen' },
    'CURRENCIES_DIFFER',
    'input.carOfferId',
    [{ carOfferId: null }],
  ],
  ['above what an amount can say', { hotelOfferId: 'hotel-dearest' }, 'TOTAL_TOO_LARGE', 'input.hotelOfferId', []],
])('a booking %s is undone and rejected', async (_, input, code, field, patches) => {
  const id = uuid()
  const { task } = await book({ ...input, priceLimit: MOST }, id)
  expect(task.rejection).toMatchObject({ code, field })
  expect(task.rejection.suggestions.map(({ patch }: { patch: object }) => patch)).toEqual(patches)
  for (const patch of patches) expect((await book({ ...input, ...patch })).task.status).toBe('CONFIRMED')
  expect(heldBy(id)).toEqual([])
})

it('a change to prices that have no total leaves the vacation as it was', async () => {
  const bookingId = uuid()
  const { vacation } = await book({}, bookingId)
  sandbox.control.setPrice('hotel-euro', MOST)
  const id = uuid()
  const { data } = await world.ask(me, CHANGE, { task: { id }, id: vacation.id, patch: { travellers: 5 } })
  expect(data.changeVacation.task.rejection).toMatchObject({ code: 'TOTAL_TOO_LARGE', field: 'patch.travellers' })
  expect(heldBy(id)).toEqual([])
  expect(heldBy(bookingId)).toEqual(['hotel-euro', 'flight-euro', 'car-euro'])
  sandbox.control.setPrice('hotel-euro', 50_000)
})
