/** A long queue against a gateway that takes only so many tasks a second: it waits as told, loses nothing and keeps its order. */
import { memoryStorage } from 'layover/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CreateCustomerDocument } from '../../examples/demo/__generated__/graphql.ts'
import { startDevice } from '../../examples/demo/device.ts'
import { agent, startWorld, tokenFor, uuid, type World } from '../support/world.ts'

const TASKS = 150
const me = agent('agent-hurry')
let world: World

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_RATE_LIMIT: '50/50' } })
})
afterAll(() => world.close())

it('is empty in the end, each task applied once and in order', { timeout: 120_000 }, async () => {
  const device = await startDevice({
    url: world.url,
    token: await tokenFor(me),
    user: me.user,
    storage: memoryStorage(),
  })
  device.client.connection.setMode('offline')
  const ids = Array.from({ length: TASKS }, uuid)
  for (const id of ids) {
    await device.client.mutate({ mutation: CreateCustomerDocument, variables: { input: { id, name: 'Club' } } })
  }
  const order = device.client.outbox.entries.map(({ id }) => id)
  device.client.connection.setMode('auto')
  await expect.poll(() => device.client.outbox.entries.length, { timeout: 100_000 }).toBe(0)
  const { data } = await world.ask(
    me,
    '{ tasks(first: 1000) { nodes { id status } } customers(first: 1000) { nodes { id version } } }',
  )
  expect(data.tasks.nodes).toEqual(order.map(id => ({ id, status: 'CONFIRMED' })))
  expect(new Set(data.customers.nodes.map(({ id }: { id: string }) => id))).toEqual(new Set(ids))
  expect(device.sent.filter(({ kind }) => kind === 'tasks').length).toBeGreaterThan(TASKS / 50)
  await device.client.close()
})
