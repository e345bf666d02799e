/** A customer who is given to another agent takes its vacations along, in one transaction. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { tenantPartition, type Viewer } from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { readConfig } from '../../server/vacation/config.ts'
import { type Served, serve } from '../../server/vacation/serve.ts'
import {
  type Answer,
  agent,
  ask,
  BOOK,
  booking,
  CANCEL,
  newCustomer,
  type Outside,
  RESOLVE,
  startOutside,
  supervisor,
  TASK,
  temporaryDirectory,
  UPDATE_CUSTOMER,
  uuid,
} from '../support/world.ts'

const [me, other, boss, second] = [agent('agent-a'), agent('agent-b'), supervisor('boss'), supervisor('second')]
const CHANGE = `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: VacationPatch!) {
  changeVacation(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { ${TASK} }
}`
const CHANGES = `query ($since: Cursor) {
  changes(since: $since, scopes: [{ type: "Customer" }, { type: "Vacation" }], first: 5000) {
    cursor hasMore changed { __typename id } removed { type id reason }
  }
}`

const directory = temporaryDirectory()
const store = sqlite(join(directory.path, 'layover.db'))
let outside: Outside
let served: Served

beforeAll(async () => {
  outside = await startOutside()
  const environment = { ...outside.environment, PORT: '0', DATA_DIR: directory.path, TASK_WAIT_MS: '20000' }
  served = await serve(readConfig(environment), { store })
})
afterEach(() => outside.sandbox.control.clearFaults())
afterAll(async () => {
  await served.stop()
  await outside.close()
  directory.remove()
})

const send = (viewer: Viewer, query: string, variables?: object): Promise<Answer> =>
  ask(served.url, viewer, query, variables)
const customerOf = (viewer: Viewer): Promise<string> =>
  newCustomer({ ask: (_, ...rest) => send(viewer, ...rest) }, viewer)
const pull = async (
  viewer: Viewer,
  since?: string,
): Promise<{
  cursor: string
  hasMore: boolean
  changed: { id: string }[]
  removed: { id: string; reason: string }[]
}> => (await send(viewer, CHANGES, { since })).data.changes

interface Task {
  status: string
  rejection: { code: string } | null
}

const give = async (id: string, ownerId: string, baseVersion = 1, viewer = boss, task = uuid()): Promise<Task> =>
  (await send(viewer, UPDATE_CUSTOMER, { task: { id: task }, id, baseVersion, patch: { ownerId } })).data.updateCustomer
    .task

async function book(customerId: string, id = uuid(), vacationId = uuid()): Promise<Task & { vacationId: string }> {
  const { data } = await send(me, BOOK, { task: { id }, input: booking(customerId, { vacationId }) })
  return { ...data.bookVacation.task, vacationId }
}
const ownerOf = async (vacationId: string): Promise<string> =>
  (await send(boss, `{ vacation(id: "${vacationId}") { ownerId } }`)).data.vacation.ownerId
const heldBy = (taskId: string): number =>
  outside.sandbox.control.reservations().filter(({ key }) => key.startsWith(taskId)).length

it('with more vacations than are read at a time, all leave one device and arrive on the other', async () => {
  const customerId = await customerOf(me)
  const ids = Array.from({ length: 1201 }, uuid)
  const partition = tenantPartition(me)
  await store.write(partition, async unit => {
    for (const id of ids) {
      const fields = { customerId, ownerId: me.user, status: 'BOOKED', startsOn: '2027-05-03', endsOn: '2027-05-08' }
      const meta = { __typename: 'Vacation', id, version: 1, updatedAt: '2026-01-01T00:00:00.000Z', updatedBy: me.user }
      const entity = {
        ...meta,
        ...fields,
        travellers: 2,
        notes: null,
        hotel: null,
        flight: null,
        car: null,
        total: null,
      }
      const record = { partition, type: 'Vacation', key: id, owner: me.user, deleted: false, entity }
      unit.put(record, { keepVersion: true, writtenBy: null })
    }
  })
  const [mine, theirs] = [await pull(me), await pull(other)]
  expect(mine.changed.map(({ id }) => id)).toEqual(expect.arrayContaining([...ids, customerId]))
  expect((await give(customerId, other.user)).status).toBe('CONFIRMED')
  const [left, arrived] = [await pull(me, mine.cursor), await pull(other, theirs.cursor)]
  const all = [...ids, customerId].sort()
  expect(left).toMatchObject({ changed: [], hasMore: false })
  expect(left.removed.map(({ id }) => id).sort()).toEqual(all)
  expect(new Set(left.removed.map(({ reason }) => reason))).toEqual(new Set(['OUT_OF_SCOPE']))
  expect(arrived.removed).toEqual([])
  expect(arrived.changed.map(({ id }) => id).sort()).toEqual(all)
  expect((await give(customerId, me.user, 2)).status).toBe('CONFIRMED')
  expect((await pull(me, left.cursor)).changed.map(({ id }) => id).sort()).toEqual(all)
})

it('under a change of a vacation that is under way, has that fail cleanly', async () => {
  const customerId = await customerOf(me)
  const { vacationId } = await book(customerId)
  const before = outside.sandbox.control.reservations()
  outside.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'slow', ms: 1500, times: 1 })
  const id = uuid()
  const patch = { startsOn: '2027-05-04' }
  const changing = send(me, CHANGE, { task: { id }, id: vacationId, baseVersion: 1, patch })
  await expect.poll(() => heldBy(id)).toBe(1)
  expect((await give(customerId, other.user)).status).toBe('CONFIRMED')
  expect((await changing).data.changeVacation.task.rejection.code).toBe('NOT_FOUND')
  expect(outside.sandbox.control.reservations()).toEqual(before)
  const { data } = await send(other, `{ vacation(id: "${vacationId}") { ownerId startsOn hotel { offerId } } }`)
  expect(data.vacation).toMatchObject({ ownerId: 'agent-b', startsOn: '2027-05-03' })
})

it('waits for a booking that is under way and takes it along; what comes behind finds nobody', async () => {
  const customerId = await customerOf(me)
  outside.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'slow', ms: 1500, times: 1 })
  const [first, late] = [uuid(), uuid()]
  const booked = book(customerId, first)
  await expect.poll(() => heldBy(first)).toBe(1)
  const moving = uuid()
  const moved = give(customerId, other.user, 1, boss, moving)
  const known = async (): Promise<string | undefined> =>
    (await send(boss, `{ task(id: "${moving}") { status } }`)).data.task?.status
  await expect.poll(known).toBe('ACCEPTED')
  const behind = book(customerId, late)
  expect((await booked).status).toBe('CONFIRMED')
  expect((await moved).status).toBe('CONFIRMED')
  expect((await behind).rejection?.code).toBe('NOT_FOUND')
  expect(heldBy(late)).toBe(0)
  expect(heldBy(first)).toBe(3)
  expect(await ownerOf((await booked).vacationId)).toBe('agent-b')
})

it('leaves what the former agent still wants of its vacations undone, and the new one can do it', async () => {
  const customerId = await customerOf(me)
  const id = uuid()
  const { vacationId } = await book(customerId, id)
  await give(customerId, other.user)
  const cancel = async (viewer: Viewer, baseVersion: number): Promise<Task> =>
    (await send(viewer, CANCEL, { task: { id: uuid() }, id: vacationId, baseVersion })).data.cancelVacation.task
  expect((await cancel(me, 1)).rejection?.code).toBe('NOT_FOUND')
  expect(heldBy(id)).toBe(3)
  expect((await cancel(other, 2)).status).toBe('CONFIRMED')
  expect(heldBy(id)).toBe(0)
})

it('by a decision about a conflict takes its vacations along too', async () => {
  const customerId = await customerOf(me)
  const { vacationId } = await book(customerId)
  expect((await give(customerId, other.user)).status).toBe('CONFIRMED')
  const contested = uuid()
  expect((await give(customerId, 'agent-c', 1, second, contested)).status).toBe('CONFLICT')
  expect(await ownerOf(vacationId)).toBe('agent-b')
  const resolve = { task: { id: uuid() }, conflictOf: contested, decision: 'KEEP_MINE' }
  expect((await send(second, RESOLVE, resolve)).data.resolveConflict.task.status).toBe('CONFIRMED')
  expect(await ownerOf(vacationId)).toBe('agent-c')
})

it.each([
  ['nobody', ''],
  ['a name without end', 'x'.repeat(201)],
])('to %s is rejected', async (_, ownerId) => {
  const task = await give(await customerOf(me), ownerId)
  expect(task.rejection).toMatchObject({ code: 'INVALID_INPUT', field: 'ownerId' })
})
