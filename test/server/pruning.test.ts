/** What is older than the horizon goes, and nobody who was away less long loses anything by it. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Calendar, calendar, DAY_MS, Device } from '../support/device.ts'
import {
  agent,
  CREATE_CUSTOMER,
  DELETE_CUSTOMER,
  newCustomer,
  RESOLVE,
  startWorld,
  supervisor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
let date: Calendar
const HORIZON = 30
const RETENTION = 400
const HOUR_MS = 3_600_000
const me = agent('agent-a')
const boss = supervisor('chief')

beforeEach(async () => {
  date = calendar()
  world = await startWorld({
    clock: date,
    environment: { SYNC_HORIZON_DAYS: String(HORIZON), TASK_RETENTION_DAYS: String(RETENTION) },
  })
})
afterEach(() => world.close())

const device = (viewer = me): Device => new Device(world.ask, viewer, [{ type: 'Customer' }, { type: 'Task' }])
const days = (count: number): void => {
  date.aheadMs += count * DAY_MS
}

/** Rows of a table as a second process sees them. */
function count(table: string, where = 'true'): number {
  const database = new Database(join(world.directory, 'layover.db'), { readonly: true })
  try {
    return database.prepare<[], { n: number }>(`select count(*) as n from ${table} where ${where}`).get()?.n ?? 0
  } finally {
    database.close()
  }
}

async function edit(id: string, baseVersion: number, patch: object, viewer = me): Promise<string> {
  const { data } = await world.ask(viewer, UPDATE_CUSTOMER, { task: { id: uuid() }, id, baseVersion, patch })
  return data.updateCustomer.task.status
}

const remove = async (id: string, baseVersion: number): Promise<void> => {
  const { data } = await world.ask(me, DELETE_CUSTOMER, { task: { id: uuid() }, id, baseVersion })
  expect(data.deleteCustomer.task.status).toBe('CONFIRMED')
}

describe('a tombstone', () => {
  it('goes with its versions when it is older than the horizon, and not before', async () => {
    const id = await newCustomer(world, me)
    await remove(id, 1)
    days(HORIZON)
    date.ring()
    await newCustomer(world, me)
    expect([count('record', "type = 'Customer' and deleted = 1"), count('version', `key = '${id}'`)]).toEqual([1, 2])
    days(1)
    date.ring()
    await expect.poll(() => count('record', "type = 'Customer' and deleted = 1")).toBe(0)
    expect(count('version', `key = '${id}'`)).toBe(0)
  })

  it('is still told to a device that was away exactly as long as the horizon', async () => {
    const id = await newCustomer(world, me)
    const phone = await device().pull()
    const moment = date.aheadMs
    await remove(id, 1)
    // The clock of this test runs on a little by itself: a minute less than the horizon is as near as it gets.
    date.aheadMs = moment + HORIZON * DAY_MS - 60_000
    date.ring()
    const customer = await newCustomer(world, me)
    const page = await phone.page()
    expect(page.reset).toBe(false)
    expect(page.removed).toEqual([{ type: 'Customer', id, reason: 'DELETED' }])
    expect(phone.ids('Customer')).toEqual([customer])
  })

  it('that is gone resurrects nothing: a device that was away longer starts anew', async () => {
    const [kept, lost] = [await newCustomer(world, me), await newCustomer(world, me)]
    const phone = await device().pull()
    await remove(lost, 1)
    days(HORIZON + 1)
    date.ring()
    await expect.poll(() => count('record', "type = 'Customer' and deleted = 1")).toBe(0)
    expect((await phone.page()).reset).toBe(true)
    expect(phone.ids('Customer')).toEqual([kept])
  })

  it('is told to a device that stopped between two pages, or that device starts anew', async () => {
    const ids: string[] = []
    for (let made = 0; made < 5; made += 1) ids.push(await newCustomer(world, me))
    const phone = await device().pull()
    for (const id of ids) await remove(id, 1)
    days(20)
    // A first page long after: the rest is still to come when its tombstones become too old.
    const { hasMore } = await phone.page(2)
    expect(hasMore).toBe(true)
    days(HORIZON - 19)
    date.ring()
    await expect.poll(() => count('record', "type = 'Customer' and deleted = 1")).toBe(0)
    await phone.pull(2)
    expect(phone.ids('Customer')).toEqual([])
    expect(phone.holds()).toEqual(await phone.anew())
  })
})

describe('a removal that went early', () => {
  let phone: Device
  let id: string
  beforeEach(async () => {
    id = await newCustomer(world, me)
    phone = await device().pull()
    await remove(id, 1)
  })

  it('because the horizon was shorter for a while, leaves nothing on a device that was away', async () => {
    days(5)
    await world.restart({ SYNC_HORIZON_DAYS: '2' })
    await expect.poll(() => count('record', `key = '${id}' and type = 'Customer'`)).toBe(0)
    await world.restart()
    await phone.pull()
    expect(phone.ids('Customer')).toEqual([])
    expect(phone.resets).toHaveLength(1)
  })

  it('because the clock was ahead for a while, leaves nothing either, and costs one new start', async () => {
    days(HORIZON + 20)
    date.ring()
    await expect.poll(() => count('record', `key = '${id}' and type = 'Customer'`)).toBe(0)
    days(-HORIZON - 19)
    await phone.pull()
    expect(phone.ids('Customer')).toEqual([])
    await newCustomer(world, me)
    await phone.pull()
    expect(phone.resets).toHaveLength(1)
  })
})

describe('a departure', () => {
  it('is told within the horizon, and afterwards the former owner starts anew', async () => {
    const id = await newCustomer(world, me)
    const [early, late] = [await device().pull(), await device().pull()]
    expect(await edit(id, 1, { ownerId: 'agent-b' }, boss)).toBe('CONFIRMED')
    days(HORIZON - 1)
    date.ring()
    await newCustomer(world, boss)
    expect((await early.page()).removed).toEqual([{ type: 'Customer', id, reason: 'OUT_OF_SCOPE' }])
    days(2)
    date.ring()
    await expect.poll(() => count('departed')).toBe(0)
    expect((await late.page()).reset).toBe(true)
    expect(late.ids('Customer')).toEqual([])
  })
})

describe('the base of a merge', () => {
  it('stays as long as a device may hold it, however old it is itself', async () => {
    const id = await newCustomer(world, me, { notes: 'old' })
    // Current for a hundred days: a device that pulled just before the change holds version 1.
    days(100)
    expect(await edit(id, 1, { phone: '2' }, boss)).toBe('CONFIRMED')
    days(HORIZON - 1)
    date.ring()
    await newCustomer(world, me)
    expect(await edit(id, 1, { notes: 'new' })).toBe('CONFIRMED')
  })

  it('goes when its successor is older than the horizon; an edit on it then conflicts in every field that differs', async () => {
    const id = await newCustomer(world, me, { notes: 'old', name: 'Same' })
    expect(await edit(id, 1, { phone: '2' }, boss)).toBe('CONFIRMED')
    days(HORIZON + 1)
    date.ring()
    await expect.poll(() => count('version', `key = '${id}'`)).toBe(1)
    const { data } = await world.ask(me, UPDATE_CUSTOMER, {
      task: { id: uuid() },
      id,
      baseVersion: 1,
      patch: { notes: 'new', name: 'Same' },
    })
    expect(data.updateCustomer.task).toMatchObject({ status: 'CONFLICT', conflict: { fields: ['notes'], base: null } })
  })

  it('of a record that the same installation made goes as well, and its edit from then on is a conflict, not an error', async () => {
    const id = await newCustomer(world, me)
    expect(await edit(id, 1, { notes: 'theirs' }, boss)).toBe('CONFIRMED')
    days(HORIZON + 1)
    date.ring()
    await expect.poll(() => count('version', `key = '${id}' and version = 1`)).toBe(0)
    const task = { id: uuid(), client: 'tablet' }
    const { data } = await world.ask(me, UPDATE_CUSTOMER, { task, id, baseVersion: 0, patch: { notes: 'mine' } })
    expect(data.updateCustomer.task).toMatchObject({ status: 'CONFLICT', conflict: { base: null, fields: ['notes'] } })
  })
})

describe('the outcome of a task', () => {
  const create = async (task: string, customer: string, name = 'Once'): Promise<{ status: string; code?: string }> => {
    const { data } = await world.ask(me, CREATE_CUSTOMER, { task: { id: task }, input: { id: customer, name } })
    const { status, rejection } = data.createCustomer.task
    return { status, ...(rejection === null ? {} : { code: rejection.code }) }
  }

  it('goes after its time, the claim stays: a late repeat is answered and never executed', async () => {
    const [task, customer] = [uuid(), uuid()]
    expect(await create(task, customer, 'Secret Name')).toEqual({ status: 'CONFIRMED' })
    await remove(customer, 1)
    days(RETENTION - 1)
    date.ring()
    await newCustomer(world, me)
    expect(await create(task, customer, 'Secret Name')).toEqual({ status: 'CONFIRMED' })
    const phone = await device().pull()
    expect(phone.ids('Task')).toContain(task)
    days(2)
    date.ring()
    await expect.poll(() => count('task', `id = '${task}' and expired = 1`)).toBe(1)
    expect(count('task', "args like '%Secret Name%'")).toBe(0)
    expect(await create(task, customer, 'Secret Name')).toEqual({ status: 'REJECTED', code: 'EXPIRED' })
    expect(await create(task, customer, 'Other')).toEqual({ status: 'REJECTED', code: 'ID_REUSED' })
    expect((await world.ask(me, 'query ($id: ID!) { customer(id: $id) { id } }', { id: customer })).data.customer).toBe(
      null,
    )
    // The device drops it, and no query shows it any more.
    await phone.pull()
    expect(phone.ids('Task')).not.toContain(task)
    expect(phone.resets).toEqual([])
    const { data } = await world.ask(
      me,
      'query ($id: ID!) { task(id: $id) { id } tasks(ids: [$id]) { nodes { id } } }',
      {
        id: task,
      },
    )
    expect(data).toEqual({ task: null, tasks: { nodes: [] } })
    // A longer time set later does not bring back what is gone.
    await world.restart({ TASK_RETENTION_DAYS: '4000' })
    expect(await create(task, customer, 'Secret Name')).toEqual({ status: 'REJECTED', code: 'EXPIRED' })
  })

  it('that a person has yet to decide stays', async () => {
    const id = await newCustomer(world, me, { notes: 'base' })
    await edit(id, 1, { notes: 'theirs' }, boss)
    const task = uuid()
    const patch = { notes: 'mine' }
    await world.ask(me, UPDATE_CUSTOMER, { task: { id: task }, id, baseVersion: 1, patch })
    days(RETENTION + 10)
    date.ring()
    await expect.poll(() => count('task', 'expired = 1')).toBe(2)
    const { data } = await world.ask(me, 'query ($id: ID!) { task(id: $id) { status conflict { mine } } }', {
      id: task,
    })
    expect(data.task).toEqual({ status: 'CONFLICT', conflict: { mine: { notes: 'mine' } } })
  })

  it('that a person decided is kept as long from then on, and answered until then as it stands', async () => {
    const id = await newCustomer(world, me, { notes: 'base' })
    await edit(id, 1, { notes: 'theirs' }, boss)
    const [task, decision] = [uuid(), uuid()]
    const repeat = async (): Promise<string> =>
      (await world.ask(me, UPDATE_CUSTOMER, { task: { id: task }, id, baseVersion: 1, patch: { notes: 'mine' } })).data
        .updateCustomer.task.status
    expect(await repeat()).toBe('CONFLICT')
    days(RETENTION + 10)
    expect(await repeat()).toBe('CONFLICT')
    await world.ask(me, RESOLVE, { task: { id: decision }, conflictOf: task, decision: 'KEEP_MINE' })
    days(RETENTION - 1)
    date.ring()
    await expect.poll(() => count('task', 'expired = 1')).toBe(2)
    expect(await repeat()).toBe('CONFIRMED')
    expect((await world.ask(me, `{ task(id: "${task}") { status } }`)).data.task).toEqual({ status: 'CONFIRMED' })
    days(2)
    date.ring()
    await expect.poll(() => count('task', `id = '${task}' and expired = 1`)).toBe(1)
    expect(await repeat()).toBe('REJECTED')
  })

  it('is given up in batches, whatever their number', async () => {
    const before = count('task')
    for (let made = 0; made < 7; made += 1) {
      await Promise.all(Array.from({ length: 60 }, () => newCustomer(world, me)))
    }
    const made = count('task') - before
    days(RETENTION + 1)
    date.ring()
    await expect.poll(() => count('task', 'expired = 1')).toBeGreaterThanOrEqual(made)
    expect(count('record', "type = 'Task' and deleted = 0")).toBe(0)
  })
})

it('a round follows every hour', async () => {
  for (let hour = 0; hour < 3; hour += 1) {
    const id = await newCustomer(world, me)
    await remove(id, 1)
    days(HORIZON)
    date.aheadMs += 2 * HOUR_MS
    date.ring()
    await expect.poll(() => count('record', `key = '${id}'`)).toBe(0)
  }
})
