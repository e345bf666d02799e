/** Every field of the contract is answered for real, in one agent's day. */

import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { agent, booking, startWorld, supervisor, tokenFor, uuid, type World } from '../support/world.ts'

let world: World
const me = agent('agent-a')
const boss = supervisor('chief')
const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))
const answered = new Set<string>()

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '10000' } })
})
afterAll(() => world.close())

/** Data of one field, and the note that it was answered. */
async function ask(viewer: typeof me, kind: 'query' | 'mutation', field: string, call: string) {
  const { data, errors } = await world.ask(viewer, `${kind} ${call}`)
  expect(errors, field).toEqual([])
  expect(data[field], field).not.toBeNull()
  answered.add(`${kind} ${field}`)
  return data[field]
}
const change = async (
  viewer: typeof me,
  field: string,
  args: string,
  selection = '',
): Promise<{ task: { id: string; status: string } }> =>
  ask(
    viewer,
    'mutation',
    field,
    `{ ${field}(task: { id: "${uuid()}", client: "tablet" }, ${args}) { task { id status rejection { code message } } ${selection} } }`,
  )
const confirmed = async (...call: Parameters<typeof change>): Promise<{ task: { id: string } }> => {
  const payload = await change(...call)
  expect([call[1], payload.task.status, payload]).toEqual([call[1], 'CONFIRMED', payload])
  return payload
}
const query = (field: string, args: string, selection: string, viewer = me): Promise<unknown> =>
  ask(viewer, 'query', field, `{ ${field}${args} { ${selection} } }`)

it('answers every field', async () => {
  const poked = nextPoke()
  const [customer, other] = [uuid(), uuid()]
  for (const id of [customer, other])
    await confirmed(me, 'createCustomer', `input: { id: "${id}", name: "Hill School" }`, 'customer { id }')
  const input = booking(customer)
  const vacation = String(input['vacationId'])
  const { data } = await world.ask(
    me,
    'mutation ($input: BookVacationInput!) { bookVacation(input: $input) { task { status } vacation { id } } }',
    { input },
  )
  expect(data.bookVacation.task.status).toBe('CONFIRMED')
  answered.add('mutation bookVacation')
  await confirmed(
    me,
    'changeVacation',
    `id: "${vacation}", baseVersion: 1, patch: { travellers: 3 }`,
    'vacation { travellers }',
  )

  await confirmed(me, 'checkOut', `type: "Customer", id: "${customer}", minutes: 5`, 'token until heldBy')
  await confirmed(me, 'checkIn', `type: "Customer", id: "${customer}"`)
  await confirmed(
    boss,
    'updateCustomer',
    `id: "${customer}", baseVersion: 1, patch: { notes: "theirs" }`,
    'customer { notes }',
  )
  const conflict = async (): Promise<string> => {
    const { task } = await change(me, 'updateCustomer', `id: "${customer}", baseVersion: 1, patch: { notes: "mine" }`)
    expect(task.status).toBe('CONFLICT')
    return task.id
  }
  await confirmed(
    me,
    'resolveConflict',
    `conflictOf: "${await conflict()}", decision: TAKE_THEIRS`,
    'resolved { status }',
  )
  const escalated = await conflict()
  await confirmed(me, 'resolveConflict', `conflictOf: "${escalated}", decision: ESCALATE`, 'resolved { status }')
  await confirmed(boss, 'reviewConflict', `conflictOf: "${escalated}", decision: KEEP_MINE`, 'resolved { status }')
  await ask(me, 'mutation', 'cancelTask', `{ cancelTask(id: "${uuid()}") { task { status } } }`)

  await query('changes', '', 'cursor hasMore reset changed { id } removed { id }')
  await query('task', `(id: "${escalated}")`, 'status reconciliation { rule }')
  await query('tasks', '(status: [CONFIRMED])', 'nodes { id } endCursor hasMore')
  await query('customer', `(id: "${customer}")`, 'name notes checkedOutBy checkedOutUntil')
  await query('customers', '(search: "hill")', 'nodes { id } endCursor hasMore')
  await query('vacation', `(id: "${vacation}")`, 'status customer { id } hotel { offerId } total { amount }')
  await query('vacations', `(customerId: "${customer}", status: BOOKED)`, 'nodes { id } endCursor hasMore')
  for (const field of ['hotelOffers', 'flightOffers', 'carOffers'])
    await query(field, '(place: "Lisbon")', 'nodes { id name price { amount currency } validUntil } endCursor hasMore')

  await confirmed(me, 'cancelVacation', `id: "${vacation}", baseVersion: 2`, 'vacation { status }')
  await confirmed(me, 'deleteCustomer', `id: "${other}", baseVersion: 1`)
  expect(await poked).toEqual({ changesAvailable: { at: expect.any(String) } })
  answered.add('subscription changesAvailable')

  const fields = (['Query', 'Mutation', 'Subscription'] as const).flatMap(type =>
    Object.keys((schema.getType(type) as unknown as { getFields(): object }).getFields()).map(
      field => `${type.toLowerCase()} ${field}`,
    ),
  )
  expect([...answered].sort()).toEqual(fields.sort())
})

async function nextPoke(): Promise<unknown> {
  const client = createClient({
    url: `${world.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${await tokenFor(me)}` },
  })
  try {
    for await (const { data } of client.iterate({ query: 'subscription { changesAvailable { at } }' })) return data
    return undefined
  } finally {
    await client.dispose()
  }
}
