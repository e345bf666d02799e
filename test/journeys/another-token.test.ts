/** Whoever is signed in: what was queued for one user is never sent, and nothing read, with another's token. */
import { HttpLink, InMemoryCache } from '@apollo/client'
import { createOfflineClient, memoryStorage, task } from 'layover/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ChangesDocument, CreateCustomerDocument } from '../../examples/demo/__generated__/graphql.ts'
import { agent, newCustomer, startWorld, tokenFor, uuid, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

it('an outbox stays where it is while somebody else is signed in, and leaves when its owner is again', async () => {
  const [ann, bob] = [agent('ann'), agent('bob')]
  await newCustomer(world, bob, { name: 'Bob’s customer' })
  const storage = memoryStorage()
  let token = await tokenFor(ann)
  let asked = 0
  const open = () =>
    createOfflineClient({
      cache: new InMemoryCache({ possibleTypes: { Entity: ['Customer', 'Vacation', 'Task'] } }),
      link: new HttpLink({
        uri: `${world.url}/graphql`,
        fetch: (uri, init) => fetch(uri, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } }),
      }),
      user: 'ann',
      tasks: [task(CreateCustomerDocument, {})],
      sync: { document: ChangesDocument, scopes: [{ type: 'Customer' }, { type: 'Task' }] },
      storage,
      reauthenticate: async () => {
        asked += 1
        throw new Error('nobody is there')
      },
    })
  const create = (client: Awaited<ReturnType<typeof open>>, name: string) =>
    client.mutate({ mutation: CreateCustomerDocument, variables: { input: { id: uuid(), name } } })
  const first = await open()
  await first.sync.pull()
  await first.close()

  token = await tokenFor(bob)
  const again = await open()
  again.connection.setMode('offline')
  await create(again, 'queued for ann')
  again.connection.setMode('auto')
  await expect.poll(() => asked).toBeGreaterThan(0)
  await expect(again.sync.pull()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  expect(again.outbox.entries).toMatchObject([{ name: 'CreateCustomer', status: 'queued' }])
  const names = async (viewer: typeof ann): Promise<string[]> =>
    (await world.ask(viewer, '{ customers { nodes { name } } }')).data.customers.nodes.map(
      ({ name }: { name: string }) => name,
    )
  expect(await names(bob)).toEqual(['Bob’s customer'])
  expect(JSON.stringify(again.cache.extract())).not.toContain('Bob’s customer')

  token = await tokenFor(ann)
  again.outbox.resume()
  await expect.poll(() => again.outbox.entries).toEqual([])
  expect(await names(ann)).toEqual(['queued for ann'])
  await again.close()
})
