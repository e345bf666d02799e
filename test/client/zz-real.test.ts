import 'fake-indexeddb/auto'
import { HttpLink, InMemoryCache } from '@apollo/client'
import { createOfflineClient, memoryStorage, syncedList } from 'layover/client'
import { expect, test, vi } from 'vitest'
import { ChangesDocument, CreateCustomerDocument, CustomersDocument, VacationsDocument, OffersDocument, UpdateCustomerDocument, DeleteCustomerDocument, BookVacationDocument, CancelVacationDocument } from '../../client/vacation/__generated__/graphql.ts'
import { TASKS } from '../../client/vacation/tasks.ts'
import { agent, startWorld, tokenFor, uuid } from '../support/world.ts'

const OFFERS = ['HotelOffer', 'FlightOffer', 'CarOffer']
const RECORDS = ['Customer', 'Vacation', 'Task', ...OFFERS]
const cacheOf = () => new InMemoryCache({
  possibleTypes: { Entity: RECORDS, Offer: OFFERS },
  typePolicies: { Query: { fields: { customers: syncedList('Customer', { connection: true }), vacations: syncedList('Vacation', { connection: true }),
   hotelOffers: syncedList('HotelOffer', { connection: true }), flightOffers: syncedList('FlightOffer', { connection: true }), carOffers: syncedList('CarOffer', { connection: true }) } } },
})

async function open(world: { url: string }, user: string, storage = memoryStorage()) {
  const token = await tokenFor(agent(user))
  const cache = cacheOf()
  const errors: unknown[] = []
  const client = await createOfflineClient({
    cache, link: new HttpLink({ uri: `${world.url}/graphql`, headers: { authorization: `Bearer ${token}` } }), user, storage, tasks: TASKS,
    sync: { document: ChangesDocument, scopes: RECORDS.map(type => ({ type })) }, onError: e => errors.push(e),
  })
  return { client, cache, errors, storage }
}

test('real', async () => {
  const world = await startWorld()
  const a = await open(world, 'ann')
  console.log(await a.client.sync.pull())
  console.log((await a.client.query({ query: OffersDocument })).data?.hotelOffers.nodes.length)
  a.client.connection.setMode('offline')
  const id = uuid()
  const vacationId = uuid()
  await a.client.mutate({ mutation: CreateCustomerDocument, variables: { input: { id, name: 'A' } } })
  const b = await a.client.mutate({ mutation: BookVacationDocument, variables: { input: { vacationId, customerId: id, startsOn: '2027-05-03', endsOn: '2027-05-08', travellers: 2, hotelOfferId: 'hotel-lisbon-1', flightOfferId: 'flight-lisbon-1', carOfferId: 'car-lisbon-1' } } })
  console.log(JSON.stringify(b.extensions), b.data?.bookVacation?.vacation?.status)
  await a.client.mutate({ mutation: UpdateCustomerDocument, variables: { id, baseVersion: 0, patch: { name: 'B', notes: 'x' } } })
  await a.client.mutate({ mutation: UpdateCustomerDocument, variables: { id, baseVersion: 0, patch: { name: 'C' } } })
  expect((await a.client.query({ query: CustomersDocument })).data?.customers.nodes).toMatchObject([{ name: 'C', notes: 'x' }])
  expect((await a.client.query({ query: VacationsDocument })).data?.vacations.nodes).toMatchObject([{ status: 'REQUESTED' }])
  await a.client.close()
  const a2 = await open(world, 'ann', a.storage)
  expect((await a2.client.query({ query: CustomersDocument })).data?.customers.nodes).toMatchObject([{ name: 'C', notes: 'x' }])
  a2.client.connection.setMode('auto')
  console.log(await a2.client.sync.push())
  console.log(a2.client.outbox.entries.map(e => [e.name, e.status, e.outcome]))
  await vi.waitFor(() => expect(a2.client.outbox.entries).toEqual([]), { timeout: 15000 })
  await a2.client.sync.pull()
  console.log(JSON.stringify((await a2.client.query({ query: VacationsDocument })).data))
  const [c] = (await a2.client.query({ query: CustomersDocument })).data!.customers.nodes
  console.log(c)
  // another device of the same user
  const d = await open(world, 'ann')
  await d.client.sync.pull()
  d.client.connection.setMode('offline')
  await d.client.mutate({ mutation: UpdateCustomerDocument, variables: { id, baseVersion: c!.version, patch: { name: 'D' } } })
  await a2.client.mutate({ mutation: UpdateCustomerDocument, variables: { id, baseVersion: c!.version, patch: { name: 'E', phone: '5' } } })
  d.client.connection.setMode('auto')
  await vi.waitFor(() => expect(d.client.conflicts.list).toHaveLength(1))
  console.log(JSON.stringify(d.client.conflicts.list))
  await d.client.conflicts.resolve(d.client.conflicts.list[0]!.id, 'KEEP_MINE')
  console.log(d.client.outbox.entries.map(e => [e.name, e.status, e.outcome]))
  await d.client.sync.pull()
  console.log((await d.client.query({ query: CustomersDocument })).data!.customers.nodes)
  const v = (await d.client.query({ query: VacationsDocument })).data!.vacations.nodes[0]!
  console.log(JSON.stringify((await d.client.mutate({ mutation: CancelVacationDocument, variables: { id: v.id, baseVersion: v.version } })).extensions))
  const cc = (await d.client.query({ query: CustomersDocument })).data!.customers.nodes[0]!
  const del = await d.client.mutate({ mutation: DeleteCustomerDocument, variables: { id, baseVersion: cc.version } })
  console.log(JSON.stringify(del))
  await d.client.sync.pull()
  console.log((await d.client.query({ query: CustomersDocument })).data!.customers.nodes)
  console.log(d.client.outbox.entries.map(e => [e.name, e.status, JSON.stringify(e.outcome)]))
  console.log(a.errors, a2.errors, d.errors)
  await d.client.close(); await a2.client.close()
  await world.close()
})
