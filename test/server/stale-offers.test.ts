/** An offer is trusted until its `validUntil` and no longer: afterwards the supplier is asked before anything is reserved. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../protocol/index.ts'
import { agent, BOOK, booking, newCustomer, startWorld, tokenFor, uuid, type World } from '../support/world.ts'

const DAY_MS = 86_400_000
const TEN_DAYS_SECONDS = 864_000

let world: World
let token: string
let customer: string
let aheadMs: number
const clock: Clock = { now: () => systemClock.now() + aheadMs, after: systemClock.after }

beforeEach(async () => {
  aheadMs = 0
  // Read once, at the start: from then on the gateway's offers grow old.
  world = await startWorld({ clock, environment: { TASK_WAIT_MS: '20000', OFFERS_REFRESH_SECONDS: '86400' } })
  token = await tokenFor(agent('agent-a'), TEN_DAYS_SECONDS)
  customer = await newCustomer({ ask: (_, ...rest) => world.ask(token, ...rest) }, agent('agent-a'))
})
afterEach(() => world.close())

interface Task {
  status: string
  steps: { name: string; status: string; attempts: number }[]
  rejection: { code: string; field: string; suggestions: { patch: Record<string, unknown> }[] } | null
  reconciliation: { rule: string; field: string; from: unknown; to: unknown }[]
}

async function book(input: object = {}): Promise<Task> {
  const answer = await world.ask(token, BOOK, { task: { id: uuid() }, input: booking(customer, input) })
  expect(answer.errors).toEqual([])
  return answer.data.bookVacation.task
}

const calls = (method: string, path: 'offers' | 'reservations'): number =>
  world.sandbox.control.log().filter(call => call.method === method && (call.key === undefined) === (path === 'offers'))
    .length
const growOld = (): void => {
  aheadMs = 3 * DAY_MS
}
const step = (task: Task): Task['steps'][number] | undefined => task.steps.find(({ name }) => name === 'offers')

it('offers within their time are reserved as they are', async () => {
  const read = calls('GET', 'offers')
  const task = await book()
  expect(task.status).toBe('CONFIRMED')
  expect(step(task)).toMatchObject({ status: 'SKIPPED', attempts: 0 })
  expect(calls('GET', 'offers')).toBe(read)
})

describe('offers past their time', () => {
  it('that are still sold are booked', async () => {
    growOld()
    const read = calls('GET', 'offers')
    const task = await book()
    expect(task).toMatchObject({ status: 'CONFIRMED', reconciliation: [] })
    expect(step(task)).toMatchObject({ status: 'DONE' })
    expect(calls('GET', 'offers')).toBe(read + 3)
  })

  it('that are discontinued are rejected with what would do, before anything is reserved', async () => {
    growOld()
    world.sandbox.control.discontinue('hotel-lisbon-1', 'hotel-lisbon-3')
    const task = await book()
    expect(task.rejection).toMatchObject({ code: 'DISCONTINUED', field: 'input.hotelOfferId' })
    expect(task.steps.find(({ name }) => name === 'hotel')?.status).toBe('WAITING')
    expect(world.sandbox.control.reservations()).toEqual([])
    const patches = task.rejection?.suggestions.map(({ patch }) => patch) ?? []
    expect(patches[0]).toEqual({ hotelOfferId: 'hotel-lisbon-3' })
    for (const patch of patches) expect((await book(patch)).status).toBe('CONFIRMED')
  })

  it('that are discontinued are replaced if the person accepts it, and that is reported', async () => {
    growOld()
    world.sandbox.control.discontinue('flight-lisbon-1', 'flight-lisbon-3')
    const task = await book({ acceptReplacement: true })
    expect(task.reconciliation).toMatchObject([
      { rule: 'ACCEPT_REPLACEMENT', from: 'flight-lisbon-1', to: 'flight-lisbon-3' },
    ])
  })

  it('that cost more than the limit now are rejected before anything is reserved', async () => {
    growOld()
    world.sandbox.control.setPrice('hotel-lisbon-1', 70_000)
    const reserved = calls('PUT', 'reservations')
    const task = await book({ priceLimit: 100_400 })
    expect(task.rejection).toMatchObject({ code: 'PRICE_CHANGED', field: 'input.priceLimit' })
    expect(calls('PUT', 'reservations')).toBe(reserved)
    const patches = task.rejection?.suggestions.map(({ patch }) => patch)
    expect(patches).toEqual([{ priceLimit: 106_400 }, { carOfferId: null }])
    for (const patch of patches ?? []) expect((await book({ priceLimit: 100_400, ...patch })).status).toBe('CONFIRMED')
  })

  it('that cost less or more now are booked without a limit, and reported', async () => {
    growOld()
    world.sandbox.control.setPrice('car-lisbon-1', 16_000)
    expect((await book()).reconciliation).toMatchObject([
      { rule: 'PRICE_UPDATED', field: 'car.price', from: { amount: 17_500 }, to: { amount: 16_000 } },
    ])
  })

  it('of a supplier that does not answer end UNAVAILABLE, and nothing is reserved', async () => {
    growOld()
    world.sandbox.control.fault({ supplier: 'flight', on: 'offers', kind: 'error-500' })
    const reserved = calls('PUT', 'reservations')
    const task = await book()
    expect(task.rejection?.code).toBe('UNAVAILABLE')
    expect(step(task)).toMatchObject({ attempts: 3 })
    expect(calls('PUT', 'reservations')).toBe(reserved)
    expect(world.sandbox.control.reservations()).toEqual([])
    world.sandbox.control.clearFaults()
    expect((await book()).status).toBe('CONFIRMED')
  })

  it('of cars that need not be are left out when their supplier does not answer', async () => {
    growOld()
    world.sandbox.control.fault({ supplier: 'car', on: 'offers', kind: 'cut-before' })
    const task = await book()
    expect(task.status).toBe('CONFIRMED')
    expect(task.reconciliation).toMatchObject([{ rule: 'CAR_OPTIONAL', from: 'car-lisbon-1', to: null }])
  })
})
