/** Conflict policies: what becomes of a field that two people changed, by the collection's rule. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PoliciesGateway, type PolicyType, startPoliciesGateway, TYPES } from '../support/policies-gateway.ts'
import { agent, uuid } from '../support/world.ts'

let world: PoliciesGateway
const [ann, ben] = [agent('ann'), agent('ben')]
const FRESH = { a: 'first', b: 1, c: [1, 2] }

beforeAll(async () => {
  world = await startPoliciesGateway()
})
afterAll(() => world.close())

describe.each([
  ['server', TYPES.server],
  ['client', TYPES.client],
  ['merge', TYPES.merge],
] as const)('policy %s', (policy, type: PolicyType) => {
  it('takes from each side what only it changed, and reports what came from the other', async () => {
    const record = await world.make(ann, type, FRESH)
    await world.edit(ben, record, 1, { b: 2 })
    const task = await world.edit(ann, record, 1, { a: 'mine' })
    expect(task).toMatchObject({
      status: 'CONFIRMED',
      reconciliation: [{ field: 'b', from: 1, to: 2, rule: 'MERGE' }],
    })
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', b: 2, c: [1, 2], version: 3 })
  })

  it.each([
    [false, true],
    [0, 1],
    ['', 'text'],
    [null, 'text'],
    [[], [1]],
    [{ x: { y: 1 } }, { x: { y: 2 } }],
  ])('takes %j for an edit like any other beside theirs, %j', async (mine, theirs) => {
    const record = await world.make(ann, type, FRESH)
    await world.edit(ben, record, 1, { a: theirs, b: 2 })
    const task = await world.edit(ann, record, 1, { a: mine, c: 'also mine' })
    const after = await world.record(ann, record)
    const brought = { field: 'b', from: 1, to: 2, rule: 'MERGE' }
    if (policy === 'merge') {
      expect(task).toMatchObject({
        status: 'CONFLICT',
        conflict: { fields: ['a'], mine: { a: mine }, theirs: { a: theirs } },
      })
      expect(after).toMatchObject({ a: theirs, b: 2, c: [1, 2], version: 2 })
    } else if (policy === 'server') {
      const decided = { field: 'a', from: mine, to: theirs, rule: 'SERVER_WINS' }
      expect(task).toMatchObject({ status: 'CONFIRMED', reconciliation: [decided, brought] })
      expect(after).toMatchObject({ a: theirs, b: 2, c: 'also mine', version: 3 })
    } else {
      const decided = { field: 'a', from: theirs, to: mine, rule: 'CLIENT_WINS' }
      expect(task).toMatchObject({ status: 'CONFIRMED', reconciliation: [decided, brought] })
      expect(after).toMatchObject({ a: mine, b: 2, c: 'also mine', version: 3 })
    }
  })

  it('compares lists and nested objects by value, whatever the order of their keys and however they were written', async () => {
    const record = await world.make(ann, type, { ...FRESH, a: { x: 1, y: [{ z: 1 }] } })
    await world.edit(ben, record, 1, { a: { y: [{ z: 2 }], x: 1 } })
    const task = await world.edit(ann, record, 1, { a: { x: 1, y: [{ z: 2 }] } })
    expect(task).toMatchObject({ status: 'CONFIRMED', reconciliation: [] })
    const inline = await world.query(
      ann,
      `mutation { edit(type: "${type}", id: "${record.id}", baseVersion: 1, patch: { a: { x: 1, y: [{ z: 2 }] } }) { task { status reconciliation { rule } } } }`,
    )
    expect(inline.edit.task).toEqual({ status: 'CONFIRMED', reconciliation: [] })
  })

  it('lets one installation edit the same field twice, and reports nothing', async () => {
    const record = await world.make(ann, type, FRESH)
    await world.edit(ann, record, 1, { a: 'one' }, { client: 'phone' })
    const task = await world.edit(ann, record, 1, { a: 'two' }, { client: 'phone' })
    expect(task).toMatchObject({ status: 'CONFIRMED', reconciliation: [] })
    expect(await world.record(ann, record)).toMatchObject({ a: 'two' })
  })

  it('merges an edit of what the device made itself and has not seen come back (version 0)', async () => {
    const record = await world.make(ann, type, FRESH, { client: 'phone' })
    await world.edit(ben, record, 1, { b: 2 })
    const task = await world.edit(ann, record, 0, { a: 'mine' }, { client: 'phone' })
    expect(task).toMatchObject({ status: 'CONFIRMED', reconciliation: [{ field: 'b', rule: 'MERGE' }] })
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', b: 2 })
  })
})

describe('policy server', () => {
  it('writes nothing when nothing of an edit is left', async () => {
    const record = await world.make(ann, TYPES.server, FRESH)
    await world.edit(ben, record, 1, { a: 'theirs' })
    expect((await world.edit(ann, record, 1, { a: 'mine' })).reconciliation).toMatchObject([{ rule: 'SERVER_WINS' }])
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', version: 2, updatedBy: 'ben' })
  })

  it('leaves deleted what was deleted meanwhile, and says which edits were not written', async () => {
    const record = await world.make(ann, TYPES.server, FRESH)
    await world.drop(ben, record, 1)
    expect(await world.edit(ann, record, 1, { a: 'mine', b: null })).toMatchObject({
      status: 'CONFIRMED',
      reconciliation: [
        { field: 'a', from: 'mine', to: null, rule: 'SERVER_WINS' },
        { field: 'b', from: null, to: null, rule: 'SERVER_WINS' },
      ],
    })
    expect(await world.record(ann, record)).toBeNull()
  })

  it('keeps what was edited meanwhile from being deleted, and says so', async () => {
    const record = await world.make(ann, TYPES.server, FRESH)
    await world.edit(ben, record, 1, { a: 'theirs' })
    expect(await world.drop(ann, record, 1)).toMatchObject({
      status: 'CONFIRMED',
      reconciliation: [{ field: 'deleted', from: true, to: false, rule: 'SERVER_WINS' }],
    })
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', version: 2 })
  })
})

describe('policy client', () => {
  it('brings back what was deleted meanwhile with the edit, and says so', async () => {
    const record = await world.make(ann, TYPES.client, FRESH)
    await world.edit(ben, record, 1, { a: 'theirs', b: 2 })
    await world.drop(ben, record, 2)
    expect(await world.edit(ann, record, 1, { a: 'mine' })).toMatchObject({
      status: 'CONFIRMED',
      reconciliation: [
        { field: 'deleted', from: true, to: false, rule: 'CLIENT_WINS' },
        { field: 'a', from: 'theirs', to: 'mine', rule: 'CLIENT_WINS' },
        { field: 'b', from: 1, to: 2, rule: 'MERGE' },
      ],
    })
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', b: 2, c: [1, 2], version: 4 })
  })

  it('deletes what was edited meanwhile, and says what was lost', async () => {
    const record = await world.make(ann, TYPES.client, FRESH)
    await world.edit(ben, record, 1, { a: 'theirs' })
    expect(await world.drop(ann, record, 1)).toMatchObject({
      status: 'CONFIRMED',
      reconciliation: [{ field: 'a', from: 'theirs', to: null, rule: 'CLIENT_WINS' }],
    })
    expect(await world.record(ann, record)).toBeNull()
  })
})

describe('policy merge', () => {
  it('makes an edit of what was deleted, and a deletion of what was edited, a conflict with both sides', async () => {
    const gone = await world.make(ann, TYPES.merge, FRESH)
    await world.drop(ben, gone, 1)
    expect(await world.edit(ann, gone, 1, { a: false })).toMatchObject({
      status: 'CONFLICT',
      conflict: {
        fields: ['a'],
        base: { a: 'first' },
        mine: { a: false },
        theirs: null,
        theirsVersion: 2,
        theirsBy: 'ben',
      },
    })
    const edited = await world.make(ann, TYPES.merge, FRESH)
    await world.edit(ben, edited, 1, { a: '' })
    expect(await world.drop(ann, edited, 1)).toMatchObject({
      status: 'CONFLICT',
      conflict: { fields: ['a'], base: { a: 'first' }, mine: { deleted: true }, theirs: { a: '' } },
    })
    expect(await world.record(ann, edited)).toMatchObject({ a: '', version: 2 })
  })

  it('does not take what came back for an edit by the one who brought it back', async () => {
    const record = await world.make(ann, TYPES.merge, FRESH)
    await world.edit(ben, record, 1, { b: 'theirs' })
    await world.drop(ben, record, 2)
    const { id } = await world.edit(ann, record, 1, { a: 'mine' }, { client: 'phone' })
    await world.run(ann, 'resolveConflict', { conflictOf: id, decision: 'KEEP_MINE' }, { client: 'phone' })
    // Of the same queue as before: it never saw what ben wrote.
    const task = await world.edit(ann, record, 1, { b: 'blind' }, { client: 'phone' })
    expect(task).toMatchObject({ status: 'CONFLICT', conflict: { fields: ['b'], theirs: { b: 'theirs' } } })
  })
})

describe('policy ask', () => {
  it('asks about any change by somebody else, with the fields that they changed', async () => {
    const record = await world.make(ann, TYPES.ask, FRESH)
    await world.edit(ben, record, 1, { b: 2 })
    const task = await world.edit(ann, record, 1, { a: 'mine' })
    expect(task).toMatchObject({
      status: 'CONFLICT',
      conflict: { fields: ['b'], base: { a: 'first', b: 1 }, mine: { a: 'mine' }, theirs: { a: 'first', b: 2 } },
    })
    expect(await world.record(ann, record)).toMatchObject({ a: 'first', b: 2, version: 2 })
    await world.edit(ben, record, 2, { c: null })
    const decide = (): Promise<{ task: { status: string; rejection: { code: string } | null } }> =>
      world.run(ann, 'resolveConflict', { conflictOf: task.id, decision: 'KEEP_MINE' })
    expect((await decide()).task.rejection?.code).toBe('CONFLICT_CHANGED')
    expect((await decide()).task.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', b: 2, c: null })
  })

  it('asks nothing of an installation that alone edits', async () => {
    const record = await world.make(ann, TYPES.ask, FRESH)
    await world.edit(ann, record, 1, { a: 'one' }, { client: 'phone' })
    expect((await world.edit(ann, record, 1, { b: 'two' }, { client: 'phone' })).status).toBe('CONFIRMED')
  })
})

describe('a patch', () => {
  it.each(['version', 'updatedBy', 'checkedOutBy', 'checkedOutUntil', '__lock', '__typename'])(
    'of %s is refused: only the gateway sets it',
    async field => {
      const record = await world.make(ann, TYPES.merge, FRESH)
      const patch = JSON.parse(`{ "a": "x", "${field}": "ann" }`) as object
      expect(await world.edit(ann, record, 1, patch)).toMatchObject({
        status: 'REJECTED',
        rejection: { code: 'INVALID_INPUT', field },
      })
      expect(await world.record(ann, record)).toMatchObject({ a: 'first', version: 1, checkedOutBy: null })
    },
  )
})

it('a repeated task is answered with what was decided the first time', async () => {
  const record = await world.make(ann, TYPES.server, FRESH)
  await world.edit(ben, record, 1, { a: 'theirs' })
  const id = uuid()
  const first = await world.edit(ann, record, 1, { a: 'mine', b: 'mine' }, { id })
  await world.edit(ben, record, 3, { a: 'later' })
  expect(await world.edit(ann, record, 1, { a: 'mine', b: 'mine' }, { id })).toEqual(first)
})
