/** Promise 6: a task with several steps ends whole or undone: nothing stays reserved that no confirmed vacation holds. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { agent, BOOK, booking, CANCEL, newCustomer, startWorld, uuid, type World } from '../support/world.ts'

let world: World
const me = agent('agent-a')

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '20000' } })
})
afterAll(() => world.close())
afterEach(() => world.sandbox.control.clearFaults())

interface Step {
  name: string
  status: string
  error: string | null
  attempts: number
}

async function book(input: object = {}): Promise<{
  id: string
  task: {
    status: string
    steps: Step[]
    rejection: { code: string; field: string; suggestions: { label: string; patch: object }[] } | null
    reconciliation: { rule: string; from: string; to: string | null }[]
  }
  vacation: { id: string; version: number; total: { amount: number }; car: unknown; hotel: { offerId: string } } | null
}> {
  const customer = await newCustomer(world, me)
  const id = uuid()
  const answer = await world.ask(me, BOOK, { task: { id }, input: booking(customer, input) })
  expect(answer.errors).toEqual([])
  return { id, ...answer.data.bookVacation }
}

const steps = (task: { steps: Step[] }): string[] => task.steps.map(({ name, status }) => `${name} ${status}`)
const heldBy = (id: string): string[] =>
  world.sandbox.control
    .reservations()
    .filter(({ key }) => key.startsWith(id))
    .map(({ supplier }) => supplier)
const callsOf = (id: string): string[] =>
  world.sandbox.control
    .log()
    .filter(({ key }) => key?.startsWith(id))
    .map(({ supplier, method }) => `${method} ${supplier}`)

describe('a booking', () => {
  it('reserves hotel, flight and car, mails the customer once, and shows each step', async () => {
    const { id, task, vacation } = await book()
    expect(task.status).toBe('CONFIRMED')
    expect(steps(task)).toEqual(['offers SKIPPED', 'hotel DONE', 'flight DONE', 'car DONE', 'mail DONE'])
    expect(vacation?.total.amount).toBe(64_000 + 18_900 + 17_500)
    expect(heldBy(id).sort()).toEqual(['car', 'flight', 'hotel'])
    expect(world.mailbox.messages().filter(({ messageId }) => messageId.includes(id))).toHaveLength(1)
  })

  it('of a sold-out flight undoes the hotel, says so, and suggests flights that can be had', async () => {
    world.sandbox.control.setStock('flight-lisbon-2', 0)
    const { id, task, vacation } = await book({ flightOfferId: 'flight-lisbon-2' })
    expect(task.status).toBe('REJECTED')
    expect(task.rejection).toMatchObject({ code: 'SOLD_OUT', field: 'input.flightOfferId' })
    expect(steps(task)).toEqual(['offers SKIPPED', 'hotel UNDONE', 'flight FAILED', 'car WAITING', 'mail WAITING'])
    expect(vacation).toBeNull()
    expect(heldBy(id)).toEqual([])
    const [suggestion] = task.rejection?.suggestions ?? []
    expect((await book({ flightOfferId: 'flight-lisbon-2', ...suggestion?.patch })).task.status).toBe('CONFIRMED')
  })

  it('undoes in reverse order', async () => {
    world.sandbox.control.setStock('car-lisbon-2', 0)
    const { id, task } = await book({ carOfferId: 'car-lisbon-2', carOptional: false })
    expect(task.rejection?.code).toBe('SOLD_OUT')
    const reserved = ['PUT hotel', 'PUT flight', 'PUT car']
    // The refused key is given up before another car is tried and given back, so that a late answer can't hold it.
    const looked = ['DELETE car', 'PUT car', 'DELETE car']
    expect(callsOf(id)).toEqual([...reserved, ...looked, 'DELETE flight', 'DELETE hotel'])
  })

  it('goes on without an optional car that is sold out, and says so', async () => {
    const { task, vacation } = await book({ carOfferId: 'car-lisbon-2' })
    expect(task.status).toBe('CONFIRMED')
    expect(steps(task)).toContain('car SKIPPED')
    expect(vacation?.car).toBeNull()
    expect(task.reconciliation).toMatchObject([{ rule: 'CAR_OPTIONAL', from: 'car-lisbon-2', to: null }])
  })

  it('needs no car at all', async () => {
    const { task } = await book({ carOfferId: null })
    expect(steps(task)).toEqual(['offers SKIPPED', 'hotel DONE', 'flight DONE', 'car SKIPPED', 'mail DONE'])
    expect(task.reconciliation).toEqual([])
  })

  it('above the price limit is undone and rejected with the price that would do', async () => {
    const { id, task } = await book({ priceLimit: 100_399 })
    expect(task.rejection).toMatchObject({
      code: 'PRICE_CHANGED',
      suggestions: [{ patch: { priceLimit: 100_400 } }, { patch: { carOfferId: null } }],
    })
    expect(heldBy(id)).toEqual([])
    expect((await book({ priceLimit: 100_400 })).task.status).toBe('CONFIRMED')
  })

  it('of a discontinued offer is rejected with its successor, or takes it when the person said so', async () => {
    world.sandbox.control.discontinue('hotel-kyoto-2', 'hotel-kyoto-1')
    const asked = await book({ hotelOfferId: 'hotel-kyoto-2' })
    expect(asked.task.rejection).toMatchObject({ code: 'DISCONTINUED', field: 'input.hotelOfferId' })
    expect(asked.task.rejection?.suggestions[0]?.patch).toEqual({ hotelOfferId: 'hotel-kyoto-1' })
    const accepted = await book({ hotelOfferId: 'hotel-kyoto-2', acceptReplacement: true })
    expect(accepted.vacation?.hotel.offerId).toBe('hotel-kyoto-1')
    expect(accepted.task.reconciliation).toMatchObject([
      { rule: 'ACCEPT_REPLACEMENT', from: 'hotel-kyoto-2', to: 'hotel-kyoto-1' },
    ])
  })
})

describe('an answer that never comes', () => {
  it('is asked for again under the same key, so that a reservation made in the dark is found, not doubled', async () => {
    world.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'cut-after', times: 1 })
    const { id, task } = await book()
    expect(task.status).toBe('CONFIRMED')
    expect(task.steps.find(({ name }) => name === 'flight')?.attempts).toBe(2)
    expect(heldBy(id).sort()).toEqual(['car', 'flight', 'hotel'])
  })

  it('is undone by key when it stays unknown', async () => {
    world.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'cut-after' })
    const { id, task } = await book()
    expect(task.rejection?.code).toBe('UNAVAILABLE')
    expect(steps(task)).toEqual(['offers SKIPPED', 'hotel UNDONE', 'flight UNDONE', 'car WAITING', 'mail WAITING'])
    expect(heldBy(id)).toEqual([])
  })

  it('of an optional car is undone by key while the rest is booked', async () => {
    world.sandbox.control.fault({ supplier: 'car', on: 'reserve', kind: 'cut-after' })
    const { id, task, vacation } = await book()
    expect(task.status).toBe('CONFIRMED')
    expect(vacation?.car).toBeNull()
    expect(heldBy(id).sort()).toEqual(['flight', 'hotel'])
  })

  it('to an undo is repeated until it succeeds', async () => {
    world.sandbox.control.setStock('flight-lisbon-2', 0)
    world.sandbox.control.fault({ supplier: 'hotel', on: 'release', kind: 'error-500', times: 3 })
    const { id, task } = await book({ flightOfferId: 'flight-lisbon-2' })
    expect(task.status).toBe('REJECTED')
    expect(callsOf(id).filter(call => call === 'DELETE hotel')).toHaveLength(4)
    expect(heldBy(id)).toEqual([])
  })

  it('from the mail server delays the mail, not the booking', async () => {
    world.mailbox.refuse(2)
    const { id, task } = await book()
    expect(task.status).toBe('CONFIRMED')
    expect(task.steps.find(({ name }) => name === 'mail')).toMatchObject({ status: 'DONE', attempts: 3 })
    expect(world.mailbox.messages().filter(({ messageId }) => messageId.includes(id))).toHaveLength(1)
  })
})

describe('cancelling', () => {
  it('gives everything back, once, and can be asked for again', async () => {
    const { id, vacation } = await book()
    const variables = { task: { id: uuid() }, id: vacation?.id, baseVersion: vacation?.version }
    const first = await world.ask(me, CANCEL, variables)
    expect(first.data.cancelVacation).toMatchObject({
      task: { status: 'CONFIRMED' },
      vacation: { status: 'CANCELLED' },
    })
    expect(heldBy(id)).toEqual([])
    expect((await world.ask(me, CANCEL, variables)).data).toEqual(first.data)
  })

  it('goes on until every supplier has answered', async () => {
    const { id, vacation } = await book()
    world.sandbox.control.fault({ supplier: 'flight', on: 'release', kind: 'error-500', times: 4 })
    const answer = await world.ask(me, CANCEL, {
      task: { id: uuid() },
      id: vacation?.id,
      baseVersion: vacation?.version,
    })
    expect(answer.data.cancelVacation.task.status).toBe('CONFIRMED')
    expect(heldBy(id)).toEqual([])
  })
})
