/** Scopes with filters: a device keeps a part of the data, and learns what enters and leaves that part. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_CONDITIONS, MAX_SCOPES, MAX_VALUES } from '../../server/sync/scopes.ts'
import { Device, type Scope } from '../support/device.ts'
import {
  agent,
  BOOK,
  booking,
  CHANGES,
  DELETE_CUSTOMER,
  newCustomer,
  startWorld,
  supervisor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
const me = agent('agent-a')
const boss = supervisor('chief')

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const device = (scopes: readonly Scope[], viewer = me): Device => new Device(world.ask, viewer, scopes)
const customers = (where: unknown): Scope[] => [{ type: 'Customer', where }]

async function edit(id: string, patch: object, viewer = me): Promise<void> {
  const found = await world.ask(viewer, 'query ($id: ID!) { customer(id: $id) { version } }', { id })
  const answer = await world.ask(viewer, UPDATE_CUSTOMER, {
    task: { id: uuid() },
    id,
    baseVersion: found.data.customer.version,
    patch,
  })
  expect(answer.data.updateCustomer.task.status).toBe('CONFIRMED')
}

describe('a filter', () => {
  it('compares with a value, a list and bounds; the conditions of a scope hold together', async () => {
    const mark = uuid()
    const [a, b, c] = [
      await newCustomer(world, me, { name: 'Anker', notes: mark, phone: '10' }),
      await newCustomer(world, me, { name: 'Boje', notes: mark, phone: '20' }),
      await newCustomer(world, me, { name: 'Buhne', notes: mark, phone: '30' }),
    ]
    const found = async (where: object): Promise<string[]> =>
      (await device(customers({ notes: mark, ...where })).pull()).ids('Customer').sort()
    expect(await found({})).toEqual([a, b, c].sort())
    expect(await found({ name: 'Boje' })).toEqual([b])
    expect(await found({ name: { in: ['Anker', 'Buhne', "' or 1=1 --"] } })).toEqual([a, c].sort())
    expect(await found({ name: { in: [] } })).toEqual([])
    expect(await found({ name: { gte: 'B', lt: 'Bu' } })).toEqual([b])
    expect(await found({ name: { gt: 'Anker' }, phone: { lte: '20' } })).toEqual([b])
  })

  it('knows numbers, booleans, dates, enums and null from texts that look like them', async () => {
    const offers = async (where: object): Promise<unknown[]> =>
      [...(await device([{ type: 'HotelOffer', where }]).pull()).records.values()].map(({ stars }) => stars)
    const all = await offers({})
    expect(await offers({ stars: { gte: 4 } })).toEqual(all.filter(stars => Number(stars) >= 4))
    expect(await offers({ stars: { gte: 4 } })).not.toEqual(all)
    expect(await offers({ discontinued: false, stars: 4 })).toEqual(all.filter(stars => stars === 4))
    expect((await offers({ discontinued: true })).length + (await offers({ discontinued: false })).length).toBe(
      all.length,
    )
    const [with0, without] = [
      await newCustomer(world, me, { phone: '0' }),
      await newCustomer(world, me, { phone: null }),
    ]
    const ids = async (where: object): Promise<string[]> => (await device(customers(where)).pull()).ids('Customer')
    expect(await ids({ phone: null })).toContain(without)
    expect(await ids({ phone: null })).not.toContain(with0)
    expect(await ids({ phone: { in: ['0', null] } })).toEqual(expect.arrayContaining([with0, without]))
    const input = booking(with0)
    await world.ask(me, BOOK, { task: { id: uuid() }, input })
    const vacations = async (where: object): Promise<string[]> =>
      (await device([{ type: 'Vacation', where }]).pull()).ids('Vacation')
    expect(await vacations({ startsOn: { gte: '2027-05-01', lt: '2027-06-01' }, status: 'BOOKED' })).toEqual([
      input['vacationId'],
    ])
    expect(await vacations({ status: { in: ['CANCELLED'] } })).toEqual([])
    expect(await vacations({ updatedAt: { gt: '2020-01-01T00:00:00+02:00' }, travellers: { gt: 1 } })).toHaveLength(1)
  })

  it('several scopes of a type add up, and one without a filter is the whole type', async () => {
    const [a, b] = [await newCustomer(world, me, { name: 'Left' }), await newCustomer(world, me, { name: 'Right' })]
    const two = device([...customers({ name: 'Left' }), ...customers({ id: b })])
    expect((await two.pull()).ids('Customer').sort()).toEqual([a, b].sort())
    const whole = device([...customers({ name: 'Left' }), { type: 'Customer' }])
    expect(await (await whole.pull()).anew()).toEqual(await device([{ type: 'Customer' }]).anew())
  })

  it('a literal in the document works like a variable', async () => {
    const id = await newCustomer(world, me, { name: 'Literal' })
    const answer = await world.ask(
      me,
      `{ changes(scopes: [{type: "Customer", where: {name: {in: ["Literal"]}}}], first: 10) { changed { id } } }`,
    )
    expect(answer.data.changes.changed).toEqual([{ id }])
  })
})

describe('a record that leaves the filter', () => {
  it('is sent as a removal once, and comes back when it fits again', async () => {
    const id = await newCustomer(world, me, { phone: '7', notes: 'enter' })
    const phone = await device(customers({ phone: '7' })).pull()
    expect(phone.ids('Customer')).toEqual([id])
    await edit(id, { phone: '8' })
    expect((await phone.page()).removed).toEqual([{ type: 'Customer', id, reason: 'OUT_OF_SCOPE' }])
    expect(await phone.page()).toMatchObject({ changed: [], removed: [] })
    await edit(id, { phone: '9' })
    await edit(id, { phone: '7' })
    expect(await phone.page()).toMatchObject({ changed: [{ id, phone: '7' }], removed: [] })
    await edit(id, { notes: 'still in' })
    expect(await phone.page()).toMatchObject({ changed: [{ id, notes: 'still in' }], removed: [] })
    await world.ask(me, DELETE_CUSTOMER, { task: { id: uuid() }, id, baseVersion: 5 })
    expect((await phone.page()).removed).toEqual([{ type: 'Customer', id, reason: 'DELETED' }])
  })

  it('tells nothing of records that the viewer may not read', async () => {
    const hers = agent('agent-h')
    const phone = await device(customers({ name: 'Nobody' })).pull()
    const id = await newCustomer(world, hers)
    await edit(id, { name: 'Somebody' }, hers)
    expect(await phone.page()).toMatchObject({ changed: [], removed: [] })
  })

  it('a first pull of many pages brings no removals of what it never brought', async () => {
    const other = agent('agent-first', 'west')
    const chief = supervisor('chief-west', 'west')
    const ids: string[] = []
    for (let count = 0; count < 12; count += 1) {
      ids.push(await newCustomer(world, other, { name: count % 2 === 0 ? 'even' : 'odd' }))
    }
    await world.ask(other, DELETE_CUSTOMER, { task: { id: uuid() }, id: ids[0], baseVersion: 1 })
    await edit(ids[1] as string, { ownerId: 'agent-second' }, chief)
    const [filtered, own] = [device(customers({ name: 'even' }), chief), device([{ type: 'Customer' }], other)]
    await filtered.pull(2)
    await own.pull(3)
    expect([filtered.removals, own.removals]).toEqual([[], []])
    expect(filtered.ids('Customer')).toHaveLength(5)
    expect(own.ids('Customer')).toHaveLength(10)
  })

  it('between two pages of a first pull is not lost', async () => {
    const chief = supervisor('chief-east', 'east')
    const ids: string[] = []
    for (let count = 0; count < 6; count += 1) ids.push(await newCustomer(world, chief, { name: 'in' }))
    const phone = device(customers({ name: 'in' }), chief)
    await phone.page(3)
    const received = phone.ids('Customer')
    expect(received).toEqual(ids.slice(0, 3))
    await edit(ids[0] as string, { name: 'out' }, chief)
    await edit(ids[5] as string, { name: 'out' }, chief)
    await phone.pull(2)
    expect(phone.holds()).toEqual(await phone.anew())
    expect(phone.ids('Customer').sort()).toEqual(ids.slice(1, 5).sort())
  })
})

describe('a cursor is bound to the filters', () => {
  it('and with others it starts anew', async () => {
    const phone = await device(customers({ name: 'a' })).pull()
    const other = device(customers({ name: 'b' }))
    other.cursor = phone.cursor
    expect((await other.page()).reset).toBe(true)
  })
})

describe('a filter that cannot be', () => {
  const many = (count: number, make: (index: number) => unknown): unknown[] =>
    Array.from({ length: count }, (_, index) => make(index))
  const wrong: readonly [string, Scope[], string][] = [
    ['an unknown field', customers({ nothing: 1 }), 'scopes[0].where.nothing'],
    ['a field that is no column but a path', customers({ 'name") or 1=1 --': 1 }), 'scopes[0].where.name") or 1=1 --'],
    ['a field with a resolver', [{ type: 'Vacation', where: { customer: 'x' } }], 'scopes[0].where.customer'],
    ['an object field', [{ type: 'Vacation', where: { hotel: 'x' } }], 'scopes[0].where.hotel'],
    ['a list field', [{ type: 'Task', where: { steps: 'x' } }], 'scopes[0].where.steps'],
    ['a text for a number', [{ type: 'HotelOffer', where: { stars: 'four' } }], 'scopes[0].where.stars'],
    ['no such enum value', [{ type: 'Vacation', where: { status: 'LOST' } }], 'scopes[0].where.status'],
    ['no date', [{ type: 'Vacation', where: { startsOn: { gte: 'May' } } }], 'scopes[0].where.startsOn.gte'],
    ['an unknown test', customers({ name: { like: 'a%' } }), 'scopes[0].where.name.like'],
    ['no test', customers({ name: {} }), 'scopes[0].where.name'],
    ['a bound of null', customers({ name: { gt: null } }), 'scopes[0].where.name.gt'],
    ['a list without in', customers({ name: ['a'] }), 'scopes[0].where.name'],
    ['no list', customers({ name: { in: 'a' } }), 'scopes[0].where.name.in'],
    ['an object in a list', customers({ name: { in: [{}] } }), 'scopes[0].where.name.in'],
    ['too long a list', customers({ name: { in: many(MAX_VALUES + 1, String) } }), 'scopes[0].where.name.in'],
    ['no object', customers('name'), 'scopes[0].where'],
    ['an unknown type', [{ type: 'Customer' }, { type: 'Nothing' }], 'scopes[1].type'],
    ['too many scopes', many(MAX_SCOPES + 1, () => ({ type: 'Customer' })) as Scope[], 'scopes'],
  ]
  it.each(wrong)('%s is refused with its place', async (_, scopes, field) => {
    const { data, errors } = await world.ask(me, CHANGES, { scopes })
    expect(data).toBeNull()
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field })
    expect(errors[0]?.message).toContain(field)
  })

  it('too many conditions are refused, as many as allowed are served', async () => {
    const tests = (count: number): Scope[] => {
      const fields = ['name', 'phone', 'notes', 'email', 'address', 'id']
      const all = many(count, index => [fields[index % fields.length], ['gte', 'lte', 'gt', 'lt'][index % 4]])
      const where: Record<string, Record<string, string>> = {}
      for (const [field, test] of all as [string, string][]) where[field] = { ...where[field], [test]: 'x' }
      return customers(where)
    }
    const count = (scopes: Scope[]): number =>
      Object.values(scopes[0]?.where as object).flatMap(test => Object.keys(test)).length
    const most = many(MAX_SCOPES, () => tests(12)[0]) as Scope[]
    expect((await world.ask(boss, CHANGES, { scopes: most })).errors).toEqual([])
    const everything = customers(
      Object.fromEntries(
        ['name', 'phone', 'notes', 'email', 'address', 'id'].map(field => [
          field,
          { gt: 'a', gte: 'a', lt: 'b', lte: 'b' },
        ]),
      ),
    )
    expect(count(everything)).toBeGreaterThan(MAX_CONDITIONS)
    const { errors } = await world.ask(me, CHANGES, { scopes: everything })
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'scopes[0].where' })
  })
})
