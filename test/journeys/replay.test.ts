/** The real client against the real gateway: how a long queue leaves, and what a bad network does to it. */
import { memoryStorage, type StorageDriver } from 'layover/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CreateCustomerDocument } from '../../examples/demo/__generated__/graphql.ts'
import { type Device, startDevice } from '../../examples/demo/device.ts'
import { digTunnel, type Tunnel } from '../../examples/demo/tunnel.ts'
import { agent, startWorld, tokenFor, uuid, type World } from '../support/world.ts'

const TASKS = 500
let world: World
let tunnel: Tunnel

beforeAll(async () => {
  world = await startWorld()
  tunnel = await digTunnel(world.url)
})
afterAll(async () => {
  await tunnel.close()
  await world.close()
})

async function deviceOf(user: string, storage: StorageDriver = memoryStorage()): Promise<Device> {
  return startDevice({ url: tunnel.url, token: await tokenFor(agent(user)), user, storage })
}

/** Ids of the customers that the tasks create, in queue order. */
async function queueUp({ client }: Device): Promise<string[]> {
  client.connection.setMode('offline')
  const ids = Array.from({ length: TASKS }, uuid)
  for (const [index, id] of ids.entries()) {
    await client.mutate({ mutation: CreateCustomerDocument, variables: { input: { id, name: `Club ${index}` } } })
  }
  expect(client.outbox.entries).toHaveLength(TASKS)
  return ids
}

async function emptied({ client }: Device): Promise<void> {
  await expect.poll(() => client.outbox.entries.length, { timeout: 120_000, interval: 50 }).toBe(0)
}

/** What the gateway executed, in the order in which it took it. */
async function executed(user: string): Promise<{ ids: string[]; versions: Set<number> }> {
  const viewer = agent(user)
  const { data } = await world.ask(
    viewer,
    '{ tasks(first: 1000) { nodes { id status name } } customers(first: 1000) { nodes { id version } } }',
  )
  expect(new Set(data.tasks.nodes.map(({ status }: { status: string }) => status))).toEqual(new Set(['CONFIRMED']))
  expect(data.customers.nodes).toHaveLength(TASKS)
  return {
    ids: data.tasks.nodes.map(({ id }: { id: string }) => id),
    versions: new Set(data.customers.nodes.map(({ version }: { version: number }) => version)),
  }
}

const mutations = ({ sent }: Device): Device['sent'] => sent.filter(({ kind }) => kind === 'tasks')

it('500 queued tasks leave in at most 10 requests, in order', { timeout: 180_000 }, async () => {
  const device = await deviceOf('agent-straight')
  await queueUp(device)
  const order = device.client.outbox.entries.map(({ id }) => id)
  device.client.connection.setMode('auto')
  await emptied(device)
  expect(mutations(device).length).toBeLessThanOrEqual(10)
  const { ids, versions } = await executed('agent-straight')
  expect(ids).toEqual(order)
  expect(versions).toEqual(new Set([1]))
  process.stdout.write(`replay: ${TASKS} tasks in ${mutations(device).length} mutation requests\n`)
  await device.client.close()
})

it('with every third answer cut off after the commit, in at most 20, each applied once', {
  timeout: 180_000,
}, async () => {
  const device = await deviceOf('agent-cut')
  await queueUp(device)
  const order = device.client.outbox.entries.map(({ id }) => id)
  const lostBefore = tunnel.lost
  tunnel.loseAnswers(answer => answer % 3 === 2)
  device.client.connection.setMode('auto')
  await emptied(device)
  tunnel.loseAnswers(() => false)
  expect(tunnel.lost - lostBefore).toBeGreaterThan(2)
  expect(mutations(device).length).toBeLessThanOrEqual(20)
  const { ids, versions } = await executed('agent-cut')
  expect(ids).toEqual(order)
  expect(versions).toEqual(new Set([1]))
  process.stdout.write(
    `replay: ${TASKS} tasks in ${mutations(device).length} mutation requests with ${tunnel.lost - lostBefore} answers lost\n`,
  )
  await device.client.close()
})

it('a queue of 500 is there again after a restart, in order, and so is what it shows', {
  timeout: 180_000,
}, async () => {
  const storage = memoryStorage()
  const device = await deviceOf('agent-restart', storage)
  const ids = await queueUp(device)
  const order = device.client.outbox.entries.map(({ id }) => id)
  await device.client.close()
  const again = await deviceOf('agent-restart', storage)
  expect(again.client.outbox.entries.map(({ id }) => id)).toEqual(order)
  const { CustomersDocument } = await import('../../examples/demo/__generated__/graphql.ts')
  const shown = await again.client.query({ query: CustomersDocument, fetchPolicy: 'cache-only' })
  expect(new Set(shown.data?.customers.nodes.map(({ id }) => id))).toEqual(new Set(ids))
  again.client.connection.setMode('auto')
  await emptied(again)
  expect((await executed('agent-restart')).ids).toEqual(order)
  await again.client.close()
})
