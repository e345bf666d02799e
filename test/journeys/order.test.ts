/** The real client against the real gateway over a network that drops, delays and reorders documents: the order holds. */
import { setTimeout } from 'node:timers/promises'
import { HttpLink, InMemoryCache } from '@apollo/client'
import { createOfflineClient, memoryStorage, task } from 'layover/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CreateCustomerDocument } from '../../examples/demo/__generated__/graphql.ts'
import { fastClock } from '../support/fast-clock.ts'
import { seeded } from '../support/seeded.ts'
import { agent, startWorld, tokenFor, uuid, type World } from '../support/world.ts'

const TASKS = 150
let world: World

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '250' } })
})
afterAll(() => world.close())

it('never an inversion, whatever becomes of the documents on their way', async () => {
  const me = agent('agent-tangled')
  const token = await tokenFor(me)
  const chance = seeded(7)
  let underWay = 0
  let mostAtOnce = 0
  const faults = { lost: 0, unanswered: 0, late: 0 }
  const network: typeof fetch = async (uri, init) => {
    underWay += 1
    mostAtOnce = Math.max(mostAtOnce, underWay)
    try {
      const dice = chance()
      const headers = { ...init?.headers, authorization: `Bearer ${token}` }
      if (dice < 0.1) {
        faults.lost += 1
        throw new TypeError('lost on its way')
      }
      if (dice < 0.5) {
        faults.late += 1
        await setTimeout(chance() * 60)
      }
      const response = await fetch(uri, { ...init, headers })
      if (dice > 0.9) {
        faults.unanswered += 1
        throw new TypeError('its answer is lost')
      }
      return response
    } finally {
      underWay -= 1
    }
  }
  const client = await createOfflineClient({
    cache: new InMemoryCache(),
    link: new HttpLink({ uri: `${world.url}/graphql`, fetch: network }),
    user: 'agent-tangled',
    tasks: [task(CreateCustomerDocument, {})],
    storage: memoryStorage(),
    tasksPerDocument: 5,
    clock: fastClock(20),
    requestTimeoutMs: 200_000,
  })
  client.connection.setMode('offline')
  for (let index = 0; index < TASKS; index += 1) {
    await client.mutate({
      mutation: CreateCustomerDocument,
      variables: { input: { id: uuid(), name: `Club ${index}` } },
    })
  }
  const order = client.outbox.entries.map(({ id }) => id)
  client.connection.setMode('auto')
  await expect.poll(() => client.outbox.entries.length, { timeout: 60_000, interval: 50 }).toBe(0)
  const { data } = await world.ask(me, '{ tasks(first: 1000) { nodes { id } } }')
  expect(data.tasks.nodes.map(({ id }: { id: string }) => id)).toEqual(order)
  expect(mostAtOnce).toBeGreaterThan(1)
  expect(Math.min(faults.lost, faults.unanswered, faults.late)).toBeGreaterThan(1)
  await client.close()
})
