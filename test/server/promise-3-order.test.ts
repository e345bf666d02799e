/**
 * Promise 3: tasks of one installation start in the order in which they were queued; a task waits for those that touch the
 * same record and for those it names, and for no others.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { agent, booking, DELETE_CUSTOMER, newCustomer, startWorld, TASK, uuid, type World } from '../support/world.ts'

let world: World
const me = agent('agent-a')

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '300' } })
})
afterAll(() => world.close())
afterEach(() => world.sandbox.control.clearFaults())

/** One document of bookings, as a device replays it. */
function replay(
  tasks: readonly { id: string; after?: readonly string[]; input: object }[],
): Promise<Awaited<ReturnType<World['ask']>>> {
  const declared = tasks
    .map((_, index) => `$m${index}_task: TaskInput, $m${index}_input: BookVacationInput!`)
    .join(', ')
  const fields = tasks
    .map((_, index) => `m${index}: bookVacation(task: $m${index}_task, input: $m${index}_input) { ${TASK} }`)
    .join('\n')
  const variables = Object.fromEntries(
    tasks.flatMap(({ id, after, input }, index) => [
      [`m${index}_task`, { id, client: 'device-1', sequence: index, ...(after ? { after } : {}) }],
      [`m${index}_input`, input],
    ]),
  )
  return world.ask(me, `mutation (${declared}) { ${fields} }`, variables)
}

const task = async (id: string): Promise<{ status: string; rejection: { code: string; failedTask: string } | null }> =>
  (await world.ask(me, `{ task(id: "${id}") { status rejection { code failedTask } } }`)).data.task

const firstBegin = async (id: string): Promise<string> =>
  (await world.ask(me, `{ task(id: "${id}") { steps { startedAt } } }`)).data.task.steps[0].startedAt

const firstCalls = (ids: readonly string[]): string[] => {
  const seen = world.sandbox.control
    .log()
    .flatMap(({ key, method }) => (method === 'PUT' && key ? [key.split(':')[0] ?? ''] : []))
  return [...new Set(seen)].filter(id => ids.includes(id))
}

it('starts the tasks of one document in their order', async () => {
  const customer = await newCustomer(world, me)
  const ids = Array.from({ length: 12 }, uuid)
  const answer = await replay(ids.map(id => ({ id, input: booking(customer) })))
  expect(answer.errors).toEqual([])
  await expect
    .poll(async () => Promise.all(ids.map(async id => (await task(id)).status)), { timeout: 20_000 })
    .toEqual(ids.map(() => 'CONFIRMED'))
  // As the gateway sent them: over parallel connections a supplier may see two neighbours the other way round.
  const begins = await Promise.all(ids.map(firstBegin))
  expect(begins).toEqual([...begins].sort())
})

it('answers slow tasks RUNNING when the waiting time of the document is over, and goes on with them', async () => {
  const customer = await newCustomer(world, me)
  world.sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'slow', ms: 1500 } as never)
  const ids = Array.from({ length: 4 }, uuid)
  const answer = await replay(ids.map(id => ({ id, input: booking(customer) })))
  expect(ids.map((_, index) => answer.data[`m${index}`].task.status)).toEqual(ids.map(() => 'RUNNING'))
  await expect
    .poll(async () => Promise.all(ids.map(async id => (await task(id)).status)), { timeout: 20_000 })
    .toEqual(ids.map(() => 'CONFIRMED'))
})

it('lets a task wait for the one it names, and for nobody else', async () => {
  const customer = await newCustomer(world, me)
  world.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang', key: '^slow-' } as never)
  const [slow, waiting, free] = [`slow-${uuid()}`, uuid(), uuid()]
  const answer = await replay([
    { id: slow, input: booking(customer) },
    { id: waiting, after: [slow], input: booking(customer) },
    { id: free, input: booking(customer) },
  ])
  expect(answer.data.m1.task.status).toBe('ACCEPTED')
  await expect.poll(async () => (await task(free)).status).toBe('CONFIRMED')
  expect((await task(waiting)).status).toBe('ACCEPTED')
  world.sandbox.control.clearFaults()
  await expect.poll(async () => (await task(waiting)).status, { timeout: 20_000 }).toBe('CONFIRMED')
  expect(firstCalls([slow, waiting])).toEqual([slow, waiting])
})

it('lets the deletion of a customer wait for the booking that needs it', async () => {
  const customer = await newCustomer(world, me)
  world.sandbox.control.fault({ supplier: 'car', on: 'reserve', kind: 'slow', ms: 1000 } as never)
  const [bookingId, deletion] = [uuid(), uuid()]
  await replay([{ id: bookingId, input: booking(customer) }])
  const answer = await world.ask(me, DELETE_CUSTOMER, { task: { id: deletion }, id: customer, baseVersion: 1 })
  expect(answer.data.deleteCustomer.task.status).toBe('ACCEPTED')
  await expect.poll(async () => (await task(deletion)).status).toBe('REJECTED')
  expect((await task(bookingId)).status).toBe('CONFIRMED')
  expect((await task(deletion)).rejection?.code).toBe('CUSTOMER_HAS_VACATIONS')
})

it('rejects what builds on a task that failed, and names it; unrelated tasks go on', async () => {
  const customer = await newCustomer(world, me)
  world.sandbox.control.setStock('hotel-lisbon-2', 0)
  const [failing, dependent, second, unrelated] = [uuid(), uuid(), uuid(), uuid()]
  await replay([
    { id: failing, input: booking(customer, { hotelOfferId: 'hotel-lisbon-2' }) },
    { id: dependent, after: [failing], input: booking(customer) },
    { id: second, after: [dependent], input: booking(customer) },
    { id: unrelated, input: booking(customer) },
  ])
  await expect.poll(async () => (await task(second)).status).toBe('REJECTED')
  expect((await task(dependent)).rejection).toEqual({ code: 'DEPENDENCY_FAILED', failedTask: failing })
  expect((await task(second)).rejection).toEqual({ code: 'DEPENDENCY_FAILED', failedTask: dependent })
  await expect.poll(async () => (await task(unrelated)).status).toBe('CONFIRMED')
})

it('rejects a task that names one the gateway never saw', async () => {
  const customer = await newCustomer(world, me)
  const id = uuid()
  await replay([{ id, after: [uuid()], input: booking(customer) }])
  expect((await task(id)).rejection?.code).toBe('DEPENDENCY_FAILED')
})

it('starts waiting tasks after a restart too', async () => {
  const customer = await newCustomer(world, me)
  world.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang' } as never)
  const [slow, waiting] = [uuid(), uuid()]
  await replay([
    { id: slow, input: booking(customer) },
    { id: waiting, after: [slow], input: booking(customer) },
  ])
  world.sandbox.control.clearFaults()
  await world.restart()
  await expect.poll(async () => (await task(waiting)).status, { timeout: 20_000 }).toBe('CONFIRMED')
  expect(firstCalls([slow, waiting])).toEqual([slow, waiting])
})

it('refuses a document of more tasks than one may hold, and runs none of it', async () => {
  const customer = await newCustomer(world, me)
  const ids = Array.from({ length: 101 }, uuid)
  const answer = await replay(ids.map(id => ({ id, input: booking(customer) })))
  expect(answer.errors[0]?.extensions?.['code']).toBe('TOO_MANY_TASKS')
  expect((await world.ask(me, `{ task(id: "${ids[0]}") { status } }`)).data.task).toBeNull()
})
