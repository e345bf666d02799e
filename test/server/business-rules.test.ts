/** Business rules are held against what is true when a task is carried out, and a rejection says what would do instead. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  agent,
  BOOK,
  booking,
  CANCEL,
  DELETE_CUSTOMER,
  newCustomer,
  RESOLVE,
  startWorld,
  supervisor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

interface Task {
  id: string
  status: string
  steps: { name: string; status: string; error: string | null }[]
  rejection: {
    code: string
    message: string
    field: string | null
    suggestions: { label: string; patch: Record<string, unknown> }[]
  } | null
  reconciliation: { field: string; rule: string; from: unknown; to: unknown }[]
}

let world: World
let customer: string
const me = agent('agent-a')
const boss = supervisor('boss')
const confirmed = new Set<string>()

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '20000' } })
  customer = await newCustomer(world, me)
})
afterAll(() => world.close())
afterEach(() => {
  world.sandbox.control.clearFaults()
  const foreign = world.sandbox.control
    .reservations()
    .filter(({ key, supplier }) => !confirmed.has(key.slice(0, -supplier.length - 1)))
  expect(foreign, 'reservations that no confirmed booking holds').toEqual([])
})

async function book(input: object = {}, id = uuid()): Promise<Task> {
  const { data, errors } = await world.ask(me, BOOK, { task: { id }, input: booking(customer, input) })
  expect(errors).toEqual([])
  const { task } = data.bookVacation as { task: Task }
  if (task.status === 'CONFIRMED') confirmed.add(id)
  return task
}

const at = (place: string, input: object = {}): Record<string, unknown> => ({
  hotelOfferId: `hotel-${place}-1`,
  flightOfferId: `flight-${place}-2`,
  carOfferId: null,
  ...input,
})

/** Each suggestion, taken, books; and there are some. Returns the patches. */
async function everySuggestionBooks(input: object, { rejection }: Task): Promise<Record<string, unknown>[]> {
  const patches = (rejection?.suggestions ?? []).map(({ patch }) => patch)
  expect(patches).not.toEqual([])
  for (const patch of patches) {
    const { status, rejection: again } = await book({ ...input, ...patch })
    expect(again, `taken: ${JSON.stringify(patch)}`).toBeNull()
    expect(status).toBe('CONFIRMED')
  }
  return patches
}

describe('an offer that is discontinued', () => {
  it('is answered with its successor first, then with what is free at the same place', async () => {
    const input = at('lisbon', { hotelOfferId: 'hotel-lisbon-2' })
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'DISCONTINUED', field: 'input.hotelOfferId' })
    const patches = await everySuggestionBooks(input, task)
    expect(patches[0]).toEqual({ hotelOfferId: 'hotel-lisbon-1' })
    // Sold out in the catalogue: cheapest of the place, and of no use to anybody.
    expect(patches).not.toContainEqual({ hotelOfferId: 'hotel-lisbon-4' })
    expect(task.steps[0]).toMatchObject({ name: 'offers', status: 'FAILED', error: 'DISCONTINUED' })
  })

  it('without a successor is answered with others, cheapest first', async () => {
    const input = at('valparaiso', { hotelOfferId: 'hotel-valparaiso-4' })
    const task = await book(input)
    expect(task.rejection?.code).toBe('DISCONTINUED')
    expect(await everySuggestionBooks(input, task)).toEqual(
      [1, 2, 3].map(number => ({ hotelOfferId: `hotel-valparaiso-${number}` })),
    )
  })

  it('since the gateway read the offers is answered alike, from the refusal of the supplier', async () => {
    world.sandbox.control.discontinue('hotel-tbilisi-2', 'hotel-tbilisi-3')
    const input = at('tbilisi', { hotelOfferId: 'hotel-tbilisi-2' })
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'DISCONTINUED', field: 'input.hotelOfferId' })
    expect((await everySuggestionBooks(input, task))[0]).toEqual({ hotelOfferId: 'hotel-tbilisi-3' })
  })

  it('is replaced by the end of its chain of successors, which is reported', async () => {
    world.sandbox.control.discontinue('hotel-halifax-4', 'hotel-halifax-3')
    world.sandbox.control.discontinue('hotel-halifax-3', 'hotel-halifax-2')
    const replacement = { rule: 'ACCEPT_REPLACEMENT', from: 'hotel-halifax-4', to: 'hotel-halifax-2' }
    const input = at('halifax', { hotelOfferId: 'hotel-halifax-4', acceptReplacement: true })
    expect((await book(input)).reconciliation).toMatchObject([replacement])
    await world.restart()
    // Now the gateway's own copy says so.
    expect((await book(input)).reconciliation).toMatchObject([replacement])
  })

  it('with successors in a circle is rejected with others, whether supplier or copy says so', async () => {
    world.sandbox.control.discontinue('hotel-bergen-2', 'hotel-bergen-3')
    world.sandbox.control.discontinue('hotel-bergen-3', 'hotel-bergen-2')
    const input = at('bergen', { hotelOfferId: 'hotel-bergen-2', acceptReplacement: true })
    for (const restart of [false, true]) {
      if (restart) await world.restart()
      const task = await book(input)
      expect(task.rejection?.code).toBe('DISCONTINUED')
      expect(await everySuggestionBooks(input, task)).toEqual([{ hotelOfferId: 'hotel-bergen-1' }])
    }
  })

  it('and whose successor is sold out is rejected as sold out, with others', async () => {
    world.sandbox.control.setStock('flight-kyoto-2', 0)
    const input = at('kyoto', { flightOfferId: 'flight-kyoto-1', acceptReplacement: true })
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'SOLD_OUT', field: 'input.flightOfferId', suggestions: [] })
    world.sandbox.control.setStock('flight-kyoto-3', 5)
    const again = await book(input)
    expect(await everySuggestionBooks(input, again)).toEqual([{ flightOfferId: 'flight-kyoto-3' }])
  })
})

describe('an offer that is sold out', () => {
  it("is answered with the same hotel's next free offer first", async () => {
    world.sandbox.control.setStock('hotel-lisbon-1', 0)
    const input = at('lisbon', { flightOfferId: 'flight-lisbon-1' })
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'SOLD_OUT', field: 'input.hotelOfferId' })
    const patches = await everySuggestionBooks(input, task)
    expect(patches).toEqual([{ hotelOfferId: 'hotel-lisbon-5' }, { hotelOfferId: 'hotel-lisbon-3' }])
    world.sandbox.control.setStock('hotel-lisbon-1', 80)
  })

  it("is answered with the same airline's before a cheaper one", async () => {
    world.sandbox.control.setStock('flight-lisbon-1', 0)
    const input = at('lisbon', { flightOfferId: 'flight-lisbon-1' })
    expect(await everySuggestionBooks(input, await book(input))).toEqual([
      { flightOfferId: 'flight-lisbon-2' },
      { flightOfferId: 'flight-lisbon-3' },
    ])
    world.sandbox.control.setStock('flight-lisbon-1', 160)
  })

  it('is answered with what fits the price limit, or with the limit that it takes', async () => {
    world.sandbox.control.setStock('hotel-marrakesh-4', 0)
    const input = at('marrakesh', { hotelOfferId: 'hotel-marrakesh-4', priceLimit: 36_000 + 20_600 })
    expect(await everySuggestionBooks(input, await book(input))).toEqual([
      { hotelOfferId: 'hotel-marrakesh-3' },
      { hotelOfferId: 'hotel-marrakesh-1', priceLimit: 58_000 + 20_600 },
      { hotelOfferId: 'hotel-marrakesh-2', priceLimit: 104_000 + 20_600 },
    ])
  })

  it('and is a car that must be, is answered with another car, and with none', async () => {
    world.sandbox.control.setStock('car-reykjavik-2', 0)
    const input = at('reykjavik', { carOfferId: 'car-reykjavik-2', carOptional: false })
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'SOLD_OUT', field: 'input.carOfferId' })
    expect(await everySuggestionBooks(input, task)).toEqual([{ carOfferId: 'car-reykjavik-1' }, { carOfferId: null }])
  })

  it.each([
    ['hotel-kyoto-4', 'offers', 'flight-kyoto-2'],
    ['hotel-bergen-4', 'hotel', 'flight-bergen-2'],
  ])('and is %s leaves no trial behind that could not be given back at once', async (hotelOfferId, failed, flight) => {
    const control = world.sandbox.control
    control.setStock('flight-kyoto-2', 100)
    control.fault({ supplier: 'hotel', on: 'release', kind: 'error-500', key: ':trial-', times: 25 })
    const id = uuid()
    const task = await book({ hotelOfferId, flightOfferId: flight, carOfferId: null }, id)
    expect(task.rejection?.code).toBe('UNAVAILABLE')
    expect(task.steps.find(({ name }) => name === failed)).toMatchObject({ status: 'UNDONE' })
    expect(control.log().filter(({ key }) => key?.startsWith(`${id}:hotel:trial-`))).not.toEqual([])
  })

  it('leaves no trial behind when the gateway stops in the middle of looking for others', async () => {
    world.sandbox.control.setStock('hotel-kyoto-3', 0)
    world.sandbox.control.fault({ supplier: 'hotel', on: 'release', kind: 'hang', key: ':trial-' })
    const id = uuid()
    const answer = book(at('kyoto', { hotelOfferId: 'hotel-kyoto-3', flightOfferId: 'flight-kyoto-3' }), id).catch(
      () => undefined,
    )
    const trials = (): number =>
      world.sandbox.control.reservations().filter(({ key }) => key.startsWith(`${id}:hotel:trial-`)).length
    await expect.poll(trials).toBeGreaterThan(0)
    // What was sold out is to be had again: whoever repeats the step must not forget the trials over it.
    world.sandbox.control.setStock('hotel-kyoto-3', 5)
    await world.restart()
    await answer
    expect(trials()).toBeGreaterThan(0)
    world.sandbox.control.clearFaults()
    const status = async (): Promise<string> =>
      (await world.ask(me, `{ task(id: "${id}") { status } }`)).data.task.status
    await expect.poll(status, { timeout: 20_000 }).toBe('REJECTED')
    expect(trials()).toBe(0)
  })
})

describe('an offer that nobody knows', () => {
  it('is answered with what is free at the place of the rest', async () => {
    const input = at('marrakesh', { hotelOfferId: 'hotel-of-yesterday' })
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'NOT_FOUND', field: 'input.hotelOfferId' })
    await everySuggestionBooks(input, task)
  })

  it('is left out when it is a car that need not be', async () => {
    const task = await book(at('marrakesh', { carOfferId: 'car-of-yesterday' }))
    expect(task.status).toBe('CONFIRMED')
    expect(task.steps.find(({ name }) => name === 'car')).toMatchObject({ status: 'SKIPPED', error: 'NOT_FOUND' })
    expect(task.reconciliation).toMatchObject([{ rule: 'CAR_OPTIONAL', from: 'car-of-yesterday', to: null }])
  })
})

describe('a price', () => {
  it('above the limit is answered with the price, and with the booking without a car if that is enough', async () => {
    const input = at('reykjavik', { carOfferId: 'car-reykjavik-1', priceLimit: 112_000 + 24_900 })
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'PRICE_CHANGED', field: 'input.priceLimit' })
    expect(await everySuggestionBooks(input, task)).toEqual([
      { priceLimit: 112_000 + 24_900 + 57_000 },
      { carOfferId: null },
    ])
  })

  it('that differs from the one in the offer is booked without a limit, and reported', async () => {
    world.sandbox.control.setPrice('hotel-reykjavik-1', 115_000)
    const task = await book(at('reykjavik'))
    expect(task.reconciliation).toMatchObject([
      {
        rule: 'PRICE_UPDATED',
        field: 'hotel.price',
        from: { amount: 112_000, currency: 'EUR' },
        to: { amount: 115_000, currency: 'EUR' },
      },
    ])
  })
})

describe('dates', () => {
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

  it.each([
    ['that are past', { startsOn: day(-9), endsOn: day(-2) }, 'DATE_IN_PAST', 'input.startsOn'],
    ['that began yesterday', { startsOn: day(-1), endsOn: day(5) }, 'DATE_IN_PAST', 'input.startsOn'],
    ['the wrong way round', { startsOn: day(9), endsOn: day(5) }, 'INVALID_INPUT', 'input.endsOn'],
    ['past and the wrong way round', { startsOn: day(-5), endsOn: day(-9) }, 'INVALID_INPUT', 'input.endsOn'],
    ['too far apart', { startsOn: day(9), endsOn: day(375) }, 'INVALID_INPUT', 'input.endsOn'],
    ['too far ahead', { startsOn: day(1_100), endsOn: day(1_102) }, 'INVALID_INPUT', 'input.startsOn'],
  ])('%s are rejected with dates that would do', async (_, dates, code, field) => {
    const input = at('marrakesh', dates)
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code, field })
    await everySuggestionBooks(input, task)
  })

  it('from today to today are dates', async () => {
    expect((await book(at('marrakesh', { startsOn: day(0), endsOn: day(0) }))).status).toBe('CONFIRMED')
  })
})

describe('input', () => {
  it.each([
    ['too many travellers', { travellers: 100 }, 'input.travellers'],
    ['notes without end', { notes: 'x'.repeat(10_001) }, 'input.notes'],
    ['an offer that is no id', { hotelOfferId: 'x'.repeat(201) }, 'input.hotelOfferId'],
  ])('%s is rejected before anybody is asked', async (_, input, field) => {
    const task = await book(input)
    expect(task.rejection).toMatchObject({ code: 'INVALID_INPUT', field })
    expect(task.steps).toEqual([])
  })

  it.each([
    ['name', 'x'.repeat(201)],
    ['phone', '1'.repeat(51)],
    ['address', 'x'.repeat(1_001)],
    ['email', 'two@example.com, three@example.com'],
    ['notes', 'x'.repeat(10_001)],
  ])('of a customer: %s', async (field, value) => {
    const variables = { task: { id: uuid() }, id: customer, baseVersion: 1, patch: { [field]: value } }
    const { data } = await world.ask(me, UPDATE_CUSTOMER, variables)
    expect(data.updateCustomer.task.rejection).toMatchObject({ code: 'INVALID_INPUT', field })
  })
})

describe('a customer who goes', () => {
  it('before the booking is carried out, takes it along', async () => {
    const gone = await newCustomer(world, me)
    await world.ask(me, DELETE_CUSTOMER, { task: { id: uuid() }, id: gone, baseVersion: 1 })
    expect((await book({ customerId: gone })).rejection).toMatchObject({ code: 'NOT_FOUND', field: 'input.customerId' })
  })

  it('while it is carried out, has everything undone', async () => {
    const gone = await newCustomer(world, me)
    await world.ask(boss, UPDATE_CUSTOMER, { task: { id: uuid() }, id: gone, baseVersion: 1, patch: { notes: 'new' } })
    const contested = uuid()
    const conflict = await world.ask(me, DELETE_CUSTOMER, { task: { id: contested }, id: gone, baseVersion: 1 })
    expect(conflict.data.deleteCustomer.task.status).toBe('CONFLICT')
    world.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'slow', ms: 1500, times: 1 })
    const id = uuid()
    const booked = book({ customerId: gone }, id)
    const reserved = (): boolean => world.sandbox.control.reservations().some(({ key }) => key.startsWith(id))
    await expect.poll(reserved).toBe(true)
    const settled = await world.ask(me, RESOLVE, { task: { id: uuid() }, conflictOf: contested, decision: 'KEEP_MINE' })
    expect(settled.data.resolveConflict.task.status).toBe('CONFIRMED')
    expect((await booked).rejection).toMatchObject({ code: 'NOT_FOUND', field: 'input.customerId' })
    expect(reserved()).toBe(false)
  })

  it('is kept while a vacation is booked, however the deletion is asked for', async () => {
    const kept = await newCustomer(world, me)
    await world.ask(boss, UPDATE_CUSTOMER, { task: { id: uuid() }, id: kept, baseVersion: 1, patch: { notes: 'new' } })
    const contested = uuid()
    await world.ask(me, DELETE_CUSTOMER, { task: { id: contested }, id: kept, baseVersion: 1 })
    const vacationId = uuid()
    expect((await book({ customerId: kept, vacationId })).status).toBe('CONFIRMED')
    const direct = await world.ask(me, DELETE_CUSTOMER, { task: { id: uuid() }, id: kept, baseVersion: 2 })
    expect(direct.data.deleteCustomer.task.rejection).toMatchObject({ code: 'CUSTOMER_HAS_VACATIONS', field: 'id' })
    expect(direct.data.deleteCustomer.task.rejection.message).toContain('cancelVacation')
    const resolve = { conflictOf: contested, decision: 'KEEP_MINE' }
    const decided = await world.ask(me, RESOLVE, { task: { id: uuid() }, ...resolve })
    expect(decided.data.resolveConflict.task.rejection.code).toBe('CUSTOMER_HAS_VACATIONS')
    expect((await world.ask(me, `{ customer(id: "${kept}") { id } }`)).data.customer).toEqual({ id: kept })
    const cancelled = await world.ask(me, CANCEL, { task: { id: uuid() }, id: vacationId, baseVersion: 1 })
    expect(cancelled.data.cancelVacation.task.status).toBe('CONFIRMED')
    const late = await world.ask(me, DELETE_CUSTOMER, { task: { id: uuid() }, id: kept, baseVersion: 2 })
    expect(late.data.deleteCustomer.task.status).toBe('CONFIRMED')
  })
})

describe('a vacation that is cancelled', () => {
  it('keeps its total and what was reserved, and a second cancelling is confirmed without effect', async () => {
    const vacationId = uuid()
    const id = uuid()
    await book({ vacationId }, id)
    const first = await world.ask(me, CANCEL, { task: { id: uuid() }, id: vacationId, baseVersion: 1 })
    expect(first.data.cancelVacation).toMatchObject({ task: { status: 'CONFIRMED' }, vacation: { version: 2 } })
    const query = `{ vacation(id: "${vacationId}") { version status total { amount } hotel { offerId } } }`
    const { vacation } = (await world.ask(me, query)).data
    expect(vacation).toMatchObject({
      status: 'CANCELLED',
      total: { amount: 100_400 },
      hotel: { offerId: 'hotel-lisbon-1' },
    })
    const calls = world.sandbox.control.log().length
    const second = await world.ask(me, CANCEL, { task: { id: uuid() }, id: vacationId, baseVersion: 1 })
    expect(second.data.cancelVacation.task).toMatchObject({ status: 'CONFIRMED', reconciliation: [] })
    expect((await world.ask(me, query)).data.vacation).toEqual(vacation)
    expect(world.sandbox.control.log().length).toBe(calls)
  })
})
