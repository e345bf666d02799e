/** Reconciliation by a third party: a supervisor decides what two people could not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type PoliciesGateway,
  type RecordOf,
  startPoliciesGateway,
  type TaskAnswer,
  TYPES,
} from '../support/policies-gateway.ts'
import { agent, supervisor, uuid } from '../support/world.ts'

let world: PoliciesGateway
const CHANGES_SINCE =
  'query ($since: Cursor) { changes(since: $since) { cursor changed { __typename id ... on Task { name status } } } }'
const [ann, ben, chief, stranger] = [agent('ann'), agent('ben'), supervisor('chief'), supervisor('stranger', 'south')]

beforeAll(async () => {
  world = await startPoliciesGateway({
    rules: {
      review: report => report.fields.includes('c'),
      check: fields =>
        fields['a'] === 'forbidden'
          ? {
              kind: 'rejected',
              code: 'INVALID_INPUT',
              message: 'no',
              field: 'a',
              suggestions: [],
              failedTask: null,
            }
          : undefined,
    },
  })
})
afterAll(() => world.close())

interface Decided {
  readonly task: TaskAnswer
  readonly resolved: { id: string; status: string; conflict: { theirs: object; theirsVersion: number } | null } | null
}

const decide = (viewer: typeof ann, field: string, conflictOf: string, decision: string, more = {}): Promise<Decided> =>
  world.run(viewer, field, { conflictOf, decision, ...more })
const review = (viewer: typeof ann, conflictOf: string, decision: string, values?: object): Promise<Decided> =>
  decide(viewer, 'reviewConflict', conflictOf, decision, values && { values })

/** A task of ann's in CONFLICT about ben's edit. */
async function conflict(id = uuid()): Promise<{ record: RecordOf; task: string }> {
  const record = await world.make(ann, TYPES.merge, { a: 'first', b: 1, c: null })
  await world.edit(ben, record, 1, { a: 'theirs' })
  const task = await world.edit(ann, record, 1, { a: 'mine', b: 2 }, { id })
  expect(task.status).toBe('CONFLICT')
  return { record, task: id }
}
async function inReview(id = uuid()): Promise<{ record: RecordOf; task: string }> {
  const made = await conflict(id)
  expect((await decide(ann, 'resolveConflict', id, 'ESCALATE')).resolved?.status).toBe('IN_REVIEW')
  return made
}

describe('to escalate', () => {
  it('hands the task to the supervisors, who find it in their list with both sides', async () => {
    const { task } = await inReview()
    const listed = async (viewer: typeof ann): Promise<Record<string, unknown>[]> =>
      (
        await world.query(
          viewer,
          '{ tasks(status: [IN_REVIEW], first: 500) { nodes { id conflict { fields mine theirs } } } }',
        )
      ).tasks.nodes.filter(({ id }: { id: string }) => id === task)
    expect(await listed(chief)).toEqual([
      { id: task, conflict: { fields: ['a'], mine: { a: 'mine', b: 2 }, theirs: { a: 'theirs', b: 1 } } },
    ])
    expect(await listed(stranger)).toEqual([])
    expect(await listed(ben)).toEqual([])
  })

  it('is one decision, however often it is sent, and the last of the originator', async () => {
    const { record, task } = await conflict()
    const id = uuid()
    const args = { conflictOf: task, decision: 'ESCALATE' }
    const first = await world.run(ann, 'resolveConflict', args, { id })
    expect(await world.run(ann, 'resolveConflict', args, { id })).toEqual(first)
    for (const decision of ['KEEP_MINE', 'TAKE_THEIRS', 'ESCALATE']) {
      expect((await decide(ann, 'resolveConflict', task, decision)).task.rejection?.code).toBe('NOT_IN_CONFLICT')
    }
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', version: 2 })
  })

  it('is not needed where the rule of the collection says so', async () => {
    const record = await world.make(ann, TYPES.merge, { a: 1, c: 'first' })
    await world.edit(ben, record, 1, { c: 'theirs' })
    const task = await world.edit(ann, record, 1, { c: 'mine' })
    expect(task).toMatchObject({ status: 'IN_REVIEW', conflict: { fields: ['c'] } })
    expect((await review(chief, task.id, 'KEEP_MINE')).resolved?.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ c: 'mine' })
  })
})

describe('a conflict whose originator meets a newer state', () => {
  it('goes to the supervisors when the rule of the collection wants that one decided by them', async () => {
    const record = await world.make(ann, TYPES.merge, { a: 'first', c: 'first' })
    await world.edit(ben, record, 1, { a: 'theirs' })
    const { id, status } = await world.edit(ann, record, 1, { a: 'mine', c: 'mine' })
    expect(status).toBe('CONFLICT')
    await world.edit(ben, record, 2, { c: 'theirs' })
    expect((await decide(ann, 'resolveConflict', id, 'KEEP_MINE')).task.rejection?.code).toBe('CONFLICT_CHANGED')
    expect(await world.task(ann, id)).toMatchObject({ status: 'IN_REVIEW', conflict: { fields: ['c'] } })
    expect((await decide(ann, 'resolveConflict', id, 'KEEP_MINE')).task.rejection?.code).toBe('NOT_IN_CONFLICT')
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', c: 'theirs' })
    expect((await review(chief, id, 'KEEP_MINE')).resolved?.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', c: 'mine' })
  })
})

describe("a supervisor's decision", () => {
  it('to keep mine writes what the originator wanted, in the name of the supervisor', async () => {
    const { record, task } = await inReview()
    expect(await review(chief, task, 'KEEP_MINE')).toMatchObject({
      task: { status: 'CONFIRMED' },
      resolved: { id: task, status: 'CONFIRMED', conflict: null },
    })
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', b: 2, version: 3, updatedBy: 'chief' })
    expect((await world.task(ann, task))?.reconciliation).toEqual([
      { field: 'a', from: 'theirs', to: 'mine', rule: 'KEEP_MINE', message: 'a was settled by a supervisor (chief).' },
      { field: 'b', from: 1, to: 2, rule: 'KEEP_MINE', message: 'b was settled by a supervisor (chief).' },
    ])
  })

  it('to take theirs writes nothing, and tells the originator what became of each field', async () => {
    const { record, task } = await inReview()
    expect((await review(chief, task, 'TAKE_THEIRS')).resolved?.status).toBe('CANCELLED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', b: 1, version: 2, updatedBy: 'ben' })
    expect((await world.task(ann, task))?.reconciliation).toMatchObject([
      { field: 'a', from: 'mine', to: 'theirs', rule: 'TAKE_THEIRS' },
      { field: 'b', from: 2, to: 1, rule: 'TAKE_THEIRS' },
    ])
  })

  it('to merge writes values for what the task wanted to change, for nothing else, and past no check', async () => {
    const { record, task } = await inReview()
    for (const [values, field] of [
      [{ c: 'more' }, 'values.c'],
      [{ owner: 'chief' }, 'values.owner'],
      [{ a: 'forbidden' }, 'a'],
      [undefined, 'values'],
    ] as const) {
      const { task: refused } = await review(chief, task, 'MERGE', values)
      expect(refused.rejection).toMatchObject({ code: 'INVALID_INPUT', field })
    }
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', version: 2 })
    await review(chief, task, 'MERGE', { a: 'both' })
    expect(await world.record(ann, record)).toMatchObject({ a: 'both', b: 2, c: null, updatedBy: 'chief' })
  })

  it('about a deletion deletes, or leaves the record', async () => {
    for (const [decision, isThere] of [
      ['KEEP_MINE', false],
      ['TAKE_THEIRS', true],
    ] as const) {
      const record = await world.make(ann, TYPES.merge, { a: 'first' })
      await world.edit(ben, record, 1, { a: 'theirs' })
      const { id } = await world.drop(ann, record, 1)
      await decide(ann, 'resolveConflict', id, 'ESCALATE')
      await review(chief, id, decision)
      expect((await world.record(ann, record)) !== null).toBe(isThere)
      expect((await world.task(ann, id))?.reconciliation).toMatchObject([
        { field: 'deleted', from: isThere, to: !isThere, rule: decision },
      ])
    }
  })

  it('reaches the device of the originator by changes', async () => {
    const { record, task } = await inReview()
    const since = (await world.query(ann, CHANGES_SINCE)).changes.cursor
    await review(chief, task, 'KEEP_MINE')
    const { changed } = (await world.query(ann, CHANGES_SINCE, { since })).changes
    expect(changed).toHaveLength(2)
    expect(changed).toContainEqual({ __typename: TYPES.merge, id: record.id })
    expect(changed).toContainEqual({ __typename: 'Task', id: task, name: 'edit', status: 'CONFIRMED' })
  })

  it('about a record that changed again is rejected; the task stays in review and shows the newer state', async () => {
    const { record, task } = await inReview()
    await world.edit(ben, record, 2, { a: 'newer' })
    expect(await review(chief, task, 'KEEP_MINE')).toMatchObject({
      task: { rejection: { code: 'CONFLICT_CHANGED' } },
    })
    expect(await world.task(chief, task)).toMatchObject({
      status: 'IN_REVIEW',
      conflict: { mine: { a: 'mine', b: 2 }, theirs: { a: 'newer' }, theirsVersion: 3 },
    })
    expect(await world.record(ann, record)).toMatchObject({ a: 'newer', version: 3 })
    expect((await review(chief, task, 'KEEP_MINE')).resolved?.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', b: 2 })
  })

  it('is made once: the second supervisor is told, and a repeat gets the first answer', async () => {
    const { task } = await inReview()
    const id = uuid()
    const args = { conflictOf: task, decision: 'TAKE_THEIRS' }
    const first = await world.run(chief, 'reviewConflict', args, { id })
    expect((await review(supervisor('deputy'), task, 'KEEP_MINE')).task.rejection?.code).toBe('NOT_IN_REVIEW')
    expect(await world.run(chief, 'reviewConflict', args, { id })).toEqual(first)
    // He is no supervisor any more: what he decided is still answered, but not the task of somebody else.
    expect((await world.run(agent('chief'), 'reviewConflict', args, { id })).resolved).toBeNull()
  })

  it.each([
    ['of one who is none', () => ann, 'KEEP_MINE', 'FORBIDDEN'],
    ['of another tenant', () => stranger, 'KEEP_MINE', 'NOT_FOUND'],
    ['to escalate once more', () => chief, 'ESCALATE', 'INVALID_INPUT'],
  ] as const)('%s is rejected', async (_, viewer, decision, code) => {
    const { record, task } = await inReview()
    expect((await review(viewer(), task, decision)).task.rejection?.code).toBe(code)
    expect((await world.task(ann, task))?.status).toBe('IN_REVIEW')
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', version: 2 })
  })

  it('about what nobody escalated, or nobody knows, is rejected', async () => {
    const { task } = await conflict()
    expect((await review(chief, task, 'KEEP_MINE')).task.rejection?.code).toBe('NOT_IN_REVIEW')
    expect((await review(chief, uuid(), 'KEEP_MINE')).task.rejection?.code).toBe('NOT_FOUND')
  })

  it('finds the one in review where several people have a task of that id, and says so when there are two', async () => {
    const { record, task } = await inReview()
    await world.make(ben, TYPES.merge, { a: 'other' }, { id: task })
    expect((await review(chief, task, 'KEEP_MINE')).resolved?.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine' })

    const { task: shared } = await inReview()
    const other = await world.make(ben, TYPES.merge, { c: 'first' })
    await world.edit(ann, other, 1, { c: 'theirs' })
    expect((await world.edit(ben, other, 1, { c: 'mine' }, { id: shared })).status).toBe('IN_REVIEW')
    expect((await review(chief, shared, 'KEEP_MINE')).task.rejection).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'conflictOf',
    })
    expect((await world.task(ann, shared))?.status).toBe('IN_REVIEW')
  })
})

it('a rule that sends a waiting task to review does so when its turn comes', async () => {
  const record = await world.make(ann, TYPES.merge, { a: 1, c: 'first' })
  let finish: (() => void) | undefined
  world.outside.step = () =>
    new Promise(resolve => {
      finish = resolve
    })
  const slow = world.run(ben, 'slowEdit', { ...record, baseVersion: 1, patch: { c: 'theirs' } })
  await expect.poll(() => finish).toBeDefined()
  const id = uuid()
  const waiting = world.edit(ann, record, 1, { c: 'mine' }, { id })
  await expect.poll(async () => (await world.task(ann, id))?.status).toBe('ACCEPTED')
  finish?.()
  await slow
  expect((await waiting).status).toBe('IN_REVIEW')
})
