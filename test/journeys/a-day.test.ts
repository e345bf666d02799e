/** A travel agent's day with the published client against the real gateway: everything that the first version offers, once. */
import { memoryStorage, type OfflineClient } from 'layover/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  BookVacationDocument,
  CancelVacationDocument,
  CreateCustomerDocument,
  CustomersDocument,
  DeleteCustomerDocument,
  UpdateCustomerDocument,
  VacationsDocument,
} from '../../examples/demo/__generated__/graphql.ts'
import { type Device, startDevice } from '../../examples/demo/device.ts'
import { agent, booking, startWorld, supervisor, tokenFor, uuid, type World } from '../support/world.ts'

let world: World
const open: Device[] = []

beforeAll(async () => {
  world = await startWorld()
})
afterAll(async () => {
  await Promise.all(open.map(({ client }) => client.close()))
  await world.close()
})

async function deviceOf(viewer: ReturnType<typeof agent>, storage = memoryStorage()): Promise<Device> {
  const device = await startDevice({ url: world.url, token: await tokenFor(viewer), user: viewer.user, storage })
  open.push(device)
  await device.client.sync.pull()
  return device
}

const customers = async (client: OfflineClient) =>
  (await client.query({ query: CustomersDocument, fetchPolicy: 'cache-only' })).data?.customers.nodes ?? []
const vacations = async (client: OfflineClient) =>
  (await client.query({ query: VacationsDocument, fetchPolicy: 'cache-only' })).data?.vacations.nodes ?? []
const edit = (client: OfflineClient, id: string, baseVersion: number, patch: object) =>
  client.mutate({ mutation: UpdateCustomerDocument, variables: { id, baseVersion, patch } })

it('offline: create, edit twice, book; restart; back: one request, all confirmed', async () => {
  const storage = memoryStorage()
  const first = await deviceOf(agent('agent-day'), storage)
  first.client.connection.setMode('offline')
  const id = uuid()
  await first.client.mutate({
    mutation: CreateCustomerDocument,
    variables: { input: { id, name: 'Tram Club', notes: 'a' } },
  })
  await first.client.mutate({ mutation: BookVacationDocument, variables: { input: booking(id) as never } })
  await edit(first.client, id, 0, { notes: 'b' })
  await edit(first.client, id, 0, { notes: 'c', phone: '7' })
  const [create, book] = first.client.outbox.entries
  expect(book?.after).toEqual([create?.id])
  expect(await customers(first.client)).toMatchObject([{ id, notes: 'c', phone: '7', version: 0 }])
  await first.client.close()

  const second = await startDevice({
    url: world.url,
    token: await tokenFor(agent('agent-day')),
    user: 'agent-day',
    storage,
  })
  open.push(second)
  expect(second.client.connection.mode).toBe('offline')
  second.client.connection.setMode('auto')
  const pushed = await second.client.sync.push()
  expect(pushed).toMatchObject({ sent: 4, confirmed: 4, requests: 1 })
  expect(second.client.outbox.entries).toEqual([])
  expect(await customers(second.client)).toMatchObject([{ id, notes: 'c', phone: '7', version: 3 }])
  expect(await vacations(second.client)).toMatchObject([{ customerId: id, status: 'BOOKED' }])
})

it('two people, one field: a conflict that survives a restart and is settled by merging', async () => {
  const storage = memoryStorage()
  const mine = await deviceOf(agent('agent-two'), storage)
  const id = uuid()
  await mine.client.mutate({
    mutation: CreateCustomerDocument,
    variables: { input: { id, name: 'Quay Club', notes: 'first' } },
  })
  const theirs = await deviceOf(supervisor('chief-two'))
  mine.client.connection.setMode('offline')
  await edit(mine.client, id, 1, { notes: 'mine', phone: '1' })
  await edit(theirs.client, id, 1, { notes: 'theirs' })
  mine.client.connection.setMode('auto')
  await mine.client.sync.push()
  const [conflict] = mine.client.conflicts.list
  expect(conflict).toMatchObject({ type: 'Customer', entityId: id, fields: ['notes'], theirsBy: 'chief-two' })
  expect(conflict).toMatchObject({
    base: { notes: 'first' },
    mine: { notes: 'mine', phone: '1' },
    theirs: { notes: 'theirs' },
  })
  await mine.client.close()

  const again = await deviceOf(agent('agent-two'), storage)
  expect(again.client.conflicts.list.map(each => each.id)).toEqual([conflict?.id])
  await again.client.conflicts.resolve(conflict?.id ?? '', 'MERGE', { notes: 'theirs, then mine' })
  await expect.poll(() => again.client.outbox.entries.length, { timeout: 10_000 }).toBe(0)
  expect(again.client.conflicts.list).toEqual([])
  expect(await customers(again.client)).toMatchObject([{ id, notes: 'theirs, then mine', phone: '1' }])
  await again.client.sync.pull()
  expect(await customers(again.client)).toMatchObject([{ id, notes: 'theirs, then mine', phone: '1', version: 3 }])
  await theirs.client.sync.pull()
  expect((await customers(theirs.client)).find(each => each.id === id)).toMatchObject({
    notes: 'theirs, then mine',
    phone: '1',
  })
})

it('cancelling and deleting reach the other device', async () => {
  const mine = await deviceOf(agent('agent-three'))
  const theirs = await deviceOf(supervisor('chief-three'))
  const id = uuid()
  await mine.client.mutate({ mutation: CreateCustomerDocument, variables: { input: { id, name: 'Pier Club' } } })
  await mine.client.mutate({ mutation: BookVacationDocument, variables: { input: booking(id) as never } })
  await expect.poll(() => mine.client.outbox.entries.length, { timeout: 10_000 }).toBe(0)
  const [vacation] = await vacations(mine.client)
  expect(vacation?.status).toBe('BOOKED')
  await theirs.client.sync.pull()
  expect((await customers(theirs.client)).map(each => each.id)).toContain(id)
  await mine.client.mutate({
    mutation: CancelVacationDocument,
    variables: { id: vacation?.id ?? '', baseVersion: vacation?.version ?? 0 },
  })
  await mine.client.mutate({ mutation: DeleteCustomerDocument, variables: { id, baseVersion: 1 } })
  await expect.poll(() => mine.client.outbox.entries.length, { timeout: 10_000 }).toBe(0)
  await theirs.client.sync.pull()
  await mine.client.sync.pull()
  for (const { client } of [mine, theirs]) {
    expect((await customers(client)).map(each => each.id)).not.toContain(id)
    expect((await vacations(client)).find(each => each.id === vacation?.id)?.status).toBe('CANCELLED')
  }
})
