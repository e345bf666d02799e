/** Promise 2: a task ends in exactly one final state, and its effect is applied once or not at all, matching that state. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import {
  agent,
  BOOK,
  booking,
  CHANGES,
  CREATE_CUSTOMER,
  newCustomer,
  startWorld,
  supervisor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
/** Days by which the gateway's clock is ahead. */
let daysAhead = 0
const me = agent('agent-a')

beforeAll(async () => {
  world = await startWorld({ clock: { ...systemClock, now: () => systemClock.now() + daysAhead * 86_400_000 } })
})
afterAll(() => world.close())

const held = (): number => world.sandbox.control.reservations().length

describe('a task sent twice', () => {
  it('is executed once and answered twice with the first outcome', async () => {
    const customer = await newCustomer(world, me)
    const variables = { task: { id: uuid() }, input: booking(customer) }
    const before = held()
    const first = await world.ask(me, BOOK, variables)
    const second = await world.ask(me, BOOK, variables)
    expect(first.data.bookVacation.task.status).toBe('CONFIRMED')
    expect(second.data).toEqual(first.data)
    expect(held() - before).toBe(3)
  })

  it('at the same time, twenty times over, is executed once', async () => {
    const customer = await newCustomer(world, me)
    const variables = { task: { id: uuid() }, input: booking(customer) }
    const before = held()
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.ask(me, BOOK, variables)))
    expect(new Set(answers.map(({ data }) => data.bookVacation.vacation.hotel.confirmation)).size).toBe(1)
    expect(held() - before).toBe(3)
  })

  it('is the same task when its arguments come in another order, or spell out a default', async () => {
    const customer = await newCustomer(world, me)
    const task = { id: uuid() }
    const input = booking(customer)
    const first = await world.ask(me, BOOK, { task, input })
    const reordered = Object.fromEntries(Object.entries(input).reverse())
    const again = await world.ask(me, BOOK, {
      task,
      input: { ...reordered, carOptional: true, acceptReplacement: false },
    })
    expect(again.data).toEqual(first.data)
  })

  it('with a rejection is answered with that rejection, even when it would go through by now', async () => {
    const customer = await newCustomer(world, me)
    world.sandbox.control.setStock('hotel-bergen-1', 0)
    const variables = { task: { id: uuid() }, input: booking(customer, { hotelOfferId: 'hotel-bergen-1' }) }
    const first = await world.ask(me, BOOK, variables)
    expect(first.data.bookVacation.task.rejection.code).toBe('SOLD_OUT')
    world.sandbox.control.setStock('hotel-bergen-1', 10)
    expect((await world.ask(me, BOOK, variables)).data).toEqual(first.data)
  })
})

describe('an id that was used for something else', () => {
  it('is rejected as ID_REUSED, and neither the first task nor the second input changes anything', async () => {
    const customer = await newCustomer(world, me)
    const task = { id: uuid() }
    await world.ask(me, UPDATE_CUSTOMER, { task, id: customer, baseVersion: 1, patch: { notes: 'one' } })
    const answer = await world.ask(me, UPDATE_CUSTOMER, { task, id: customer, baseVersion: 1, patch: { notes: 'two' } })
    expect(answer.data.updateCustomer.task).toMatchObject({
      id: task.id,
      status: 'REJECTED',
      rejection: { code: 'ID_REUSED', field: 'task.id' },
    })
    const now = await world.ask(
      me,
      '{ customers(search: "Harbour", first: 1000) { nodes { id version notes } } task(id: "' +
        task.id +
        '") { status } }',
    )
    expect(now.data.customers.nodes).toContainEqual({ id: customer, version: 2, notes: 'one' })
    expect(now.data.task.status).toBe('CONFIRMED')
  })

  it("by another user is that user's own task, and reaches neither the other's answer nor his reservations", async () => {
    const [mine, theirs] = [await newCustomer(world, me), await newCustomer(world, agent('copycat'))]
    const task = { id: uuid() }
    const first = await world.ask(me, BOOK, { task, input: booking(mine) })
    world.sandbox.control.setStock('flight-lisbon-3', 0)
    const copied = await world.ask(agent('copycat'), BOOK, {
      task,
      input: booking(theirs, { flightOfferId: 'flight-lisbon-3' }),
    })
    expect(copied.data.bookVacation.task.rejection.code).toBe('SOLD_OUT')
    const keys = world.sandbox.control.reservations().filter(({ key }) => key.startsWith(task.id))
    expect(keys.map(({ key }) => key).sort()).toEqual([`${task.id}:car`, `${task.id}:flight`, `${task.id}:hotel`])
    expect((await world.ask(me, BOOK, { task, input: booking(mine) })).data.bookVacation.task.rejection?.code).toBe(
      'ID_REUSED',
    )
    expect((await world.ask(supervisor('chief'), `{ task(id: "${task.id}") { status } }`)).data.task.status).toMatch(
      /CONFIRMED|REJECTED/,
    )
    expect(first.data.bookVacation.task.status).toBe('CONFIRMED')
  })
})

describe('an outcome older than TASK_RETENTION_DAYS', () => {
  it('is answered EXPIRED, and the task is never executed again', async () => {
    const variables = { task: { id: uuid() }, input: { id: uuid(), name: 'Late Club' } }
    await world.ask(me, CREATE_CUSTOMER, variables)
    daysAhead = 401
    // Tokens are checked against the real clock; only the gateway's own clock has moved on.
    const answer = await world.ask(me, CREATE_CUSTOMER, variables)
    daysAhead = 0
    expect(answer.data.createCustomer).toMatchObject({
      task: { status: 'REJECTED', rejection: { code: 'EXPIRED' } },
      customer: null,
    })
    const versions = (await world.ask(me, CHANGES)).data.changes.changed.filter(
      (record: { id: string }) => record.id === variables.input.id,
    )
    expect(versions).toMatchObject([{ version: 1 }])
  })
})
