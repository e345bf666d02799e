/** Who gains a right to a record is sent it; who loses it learns so once, and is never sent the record again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Device, type Page, type Scope } from '../support/device.ts'
import { seeded } from '../support/seeded.ts'
import {
  agent,
  DELETE_CUSTOMER,
  newCustomer,
  startWorld,
  supervisor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
const [ann, bob, cas] = [agent('ann'), agent('bob'), agent('cas')]
const boss = supervisor('chief')
const CUSTOMERS: readonly Scope[] = [{ type: 'Customer' }]

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const device = (viewer: typeof ann, scopes = CUSTOMERS): Device => new Device(world.ask, viewer, scopes)

async function versionOf(id: string): Promise<number> {
  const { data } = await world.ask(boss, 'query ($id: ID!) { customer(id: $id) { version } }', { id })
  return data.customer.version
}

async function edit(id: string, patch: object): Promise<void> {
  const baseVersion = await versionOf(id)
  const { data } = await world.ask(boss, UPDATE_CUSTOMER, { task: { id: uuid() }, id, baseVersion, patch })
  expect(data.updateCustomer.task.status).toBe('CONFIRMED')
}
const give = (id: string, to: typeof ann): Promise<void> => edit(id, { ownerId: to.user })

async function remove(id: string): Promise<void> {
  const { data } = await world.ask(boss, DELETE_CUSTOMER, {
    task: { id: uuid() },
    id,
    baseVersion: await versionOf(id),
  })
  expect(data.deleteCustomer.task.status).toBe('CONFIRMED')
}

const gone = (id: string, reason: 'DELETED' | 'OUT_OF_SCOPE' = 'OUT_OF_SCOPE'): Page['removed'] => [
  { type: 'Customer', id, reason },
]

describe('a customer that changes hands', () => {
  it('there and back between two pulls is simply a changed one', async () => {
    const id = await newCustomer(world, ann)
    const [anns, bobs] = [await device(ann).pull(), await device(bob).pull()]
    await give(id, bob)
    await give(id, ann)
    expect(await anns.page()).toMatchObject({ changed: [{ id, version: 3 }], removed: [] })
    await bobs.page()
    expect(bobs.ids('Customer')).not.toContain(id)
  })

  it('twice leaves both former owners', async () => {
    const id = await newCustomer(world, ann)
    const [anns, bobs, cass] = [await device(ann).pull(), await device(bob).pull(), await device(cas).pull()]
    await give(id, bob)
    expect((await bobs.page()).changed).toMatchObject([{ id }])
    await give(id, cas)
    expect((await anns.page()).removed).toEqual(gone(id))
    expect((await bobs.page()).removed).toEqual(gone(id))
    expect((await cass.page()).changed).toMatchObject([{ id, ownerId: 'cas' }])
    for (const each of [anns, bobs, cass]) expect(await each.page()).toMatchObject({ changed: [], removed: [] })
  })

  it('and is deleted afterwards is told to the former owner once, as no longer his', async () => {
    const id = await newCustomer(world, ann)
    const [anns, bobs, bosss] = [await device(ann).pull(), await device(bob).pull(), await device(boss).pull()]
    await give(id, bob)
    await remove(id)
    expect(await anns.page()).toMatchObject({ changed: [], removed: gone(id) })
    expect(await anns.page()).toMatchObject({ changed: [], removed: [] })
    expect((await bobs.page()).removed).toEqual(gone(id, 'DELETED'))
    expect((await bosss.page()).removed).toEqual(gone(id, 'DELETED'))
  })

  it('leaves a device with a filter that it met, and reaches one whose filter it meets', async () => {
    const where: readonly Scope[] = [{ type: 'Customer', where: { notes: 'harbour' } }]
    const id = await newCustomer(world, ann, { notes: 'harbour' })
    const [anns, bobs, bosss] = [
      await device(ann, where).pull(),
      await device(bob, where).pull(),
      await device(boss, where).pull(),
    ]
    expect(anns.ids('Customer')).toEqual([id])
    await give(id, bob)
    expect((await anns.page()).removed).toEqual(gone(id))
    expect((await bobs.page()).changed).toMatchObject([{ id }])
    expect((await bosss.page()).changed).toMatchObject([{ id, ownerId: 'bob' }])
    await edit(id, { notes: 'inland' })
    expect(await anns.page()).toMatchObject({ changed: [], removed: [] })
    expect((await bobs.page()).removed).toEqual(gone(id))
    expect((await bosss.page()).removed).toEqual(gone(id))
  })
})

describe('a person whose role changes', () => {
  it('starts anew, with what the new role may see and nothing else', async () => {
    const theirs = await newCustomer(world, bob)
    const asBoss = await device(supervisor('dora')).pull()
    expect(asBoss.ids('Customer')).toContain(theirs)
    const asAgent = device(agent('dora'))
    asAgent.cursor = asBoss.cursor
    expect(await asAgent.page()).toMatchObject({ reset: true, changed: [] })
  })
})

describe('whatever happens', () => {
  it.each([1, 2, 3, 4])(
    'every device ends with what it may see, and is sent nothing else on the way (seed %i)',
    async seed => {
      const next = seeded(seed)
      const tenant = `agency-${seed}`
      const people = ['p', 'q', 'r'].map(user => agent(user, tenant))
      const chief = supervisor('chief', tenant)
      const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item
      const filters: (readonly Scope[])[] = [
        CUSTOMERS,
        [{ type: 'Customer', where: { phone: { in: ['1', '3'] } } }],
        [
          { type: 'Customer', where: { phone: { gte: '2' }, notes: 'x' } },
          { type: 'Customer', where: { phone: '1' } },
        ],
      ]
      const devices = [...people, chief].flatMap(viewer => filters.map(scopes => device(viewer, scopes)))
      const customers: string[] = []
      const ask = async (query: string, variables: object): Promise<void> => {
        const { errors } = await world.ask(chief, query, { task: { id: uuid() }, ...variables })
        expect(errors).toEqual([])
      }
      const version = async (id: string): Promise<number> =>
        (await world.ask(chief, 'query ($id: ID!) { customer(id: $id) { version } }', { id })).data.customer.version
      for (let turn = 0; turn < 120; turn += 1) {
        const dice = next()
        const id = pick(customers)
        if (dice < 0.25 || id === undefined) {
          customers.push(
            await newCustomer(world, pick(people), { phone: pick(['1', '2', '3']), notes: pick(['x', 'y']) }),
          )
        } else if (dice < 0.4) {
          await ask(UPDATE_CUSTOMER, { id, baseVersion: await version(id), patch: { ownerId: pick(people).user } })
        } else if (dice < 0.55) {
          const patch = { phone: pick(['1', '2', '3']), notes: pick(['x', 'y']) }
          await ask(UPDATE_CUSTOMER, { id, baseVersion: await version(id), patch })
        } else if (dice < 0.62) {
          await ask(DELETE_CUSTOMER, { id, baseVersion: await version(id) })
          customers.splice(customers.indexOf(id), 1)
        } else {
          const chosen = pick(devices)
          const { changed } = await chosen.page(1 + Math.floor(next() * 4))
          if (chosen.viewer === chief) continue
          expect(changed.filter(({ ownerId }) => ownerId !== chosen.viewer.user)).toEqual([])
        }
      }
      for (const each of devices) {
        await each.pull(3)
        expect(each.holds()).toEqual(await each.anew())
        const before = each.removals.length
        expect(await each.page()).toMatchObject({ changed: [], removed: [], hasMore: false })
        expect(each.removals.length).toBe(before)
      }
    },
  )
})
