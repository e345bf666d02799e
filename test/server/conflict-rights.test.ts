/** A conflict never shows a reader what he may not read, on whatever way it comes to him. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineCollection, hasRole, ownedBy, type Viewer } from '../../server/index.ts'
import { presenterOf } from '../../server/present.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { type PoliciesGateway, type RecordOf, startPoliciesGateway, TYPES } from '../support/policies-gateway.ts'
import { agent, supervisor, TASK, uuid } from '../support/world.ts'

let world: PoliciesGateway
const [ann, ben, chief] = [agent('ann'), agent('ben'), supervisor('chief')]

beforeAll(async () => {
  world = await startPoliciesGateway({
    rules: {
      ...ownedBy('owner', 'supervisor'),
      hides: viewer => (hasRole(viewer, 'supervisor') ? [] : ['secret']),
    },
  })
})
afterAll(() => world.close())

/** Every way on which a task leaves the gateway. */
async function seenBy(viewer: Viewer, id: string, repeat?: () => Promise<unknown>): Promise<string> {
  const fields = TASK.slice(6, -1)
  const answers = await world.query(
    viewer,
    `query ($id: ID!) { task(id: $id) { ${fields} } tasks(ids: [$id]) { nodes { ${fields} } } }`,
    { id },
  )
  return JSON.stringify([answers, await repeat?.()])
}

describe('a hidden field', () => {
  it('is null in records, and finds nothing', async () => {
    const record = await world.make(ann, TYPES.merge, { a: 'first', secret: 'margin 40 %' })
    expect(await world.record(ann, record)).toMatchObject({ a: 'first', secret: null })
    expect(await world.record(chief, record)).toMatchObject({ secret: 'margin 40 %' })
    const { records } = await world.gateway.context({ viewer: ann })
    const byA = await records.list(TYPES.merge, { equals: { a: 'first' }, first: 100 })
    expect(byA.nodes.find(({ id }) => id === record.id)).toMatchObject({ secret: null })
    expect((await records.list(TYPES.merge, { equals: { secret: 'margin 40 %' }, first: 9 })).nodes).toEqual([])
    expect((await records.list(TYPES.merge, { contains: { field: 'secret', text: '40' }, first: 9 })).nodes).toEqual([])
  })

  it('is in no conflict, but for what the reader typed himself', async () => {
    const record = await world.make(ann, TYPES.merge, { a: 'first', secret: 'old margin' })
    await world.edit(chief, record, 1, { a: 'theirs', secret: 'new margin' })
    const id = uuid()
    const mine = { a: 'mine', secret: 'my guess' }
    const edit = (): Promise<unknown> => world.edit(ann, record, 1, mine, { id })
    expect(await edit()).toMatchObject({
      status: 'CONFLICT',
      conflict: { fields: ['a'], base: { a: 'first' }, mine, theirs: { a: 'theirs' }, theirsBy: 'chief' },
    })
    const seen = await seenBy(ann, id, edit)
    expect(seen).toContain('my guess')
    expect(seen).not.toMatch(/(old|new) margin/)
    const { conflict } = (await world.task(chief, id)) ?? {}
    expect(conflict).toMatchObject({ fields: ['a', 'secret'], mine, theirs: { secret: 'new margin' } })
  })

  it('is in no conflict of a deletion and of a policy that asks', async () => {
    for (const type of [TYPES.merge, TYPES.ask]) {
      const record = await world.make(ann, type, { a: 'first', secret: 'old margin' })
      await world.edit(chief, record, 1, { secret: 'new margin' })
      const { id, conflict } = await world.drop(ann, record, 1)
      expect(conflict).toMatchObject({ fields: [], mine: { deleted: true }, theirs: {} })
      expect(await seenBy(ann, id)).not.toMatch(/(old|new) margin/)
    }
  })

  it('may be who changed a record last: the conflict does not name him either', async () => {
    const nameless = await startPoliciesGateway({
      rules: { hides: viewer => (hasRole(viewer, 'supervisor') ? [] : ['updatedBy']) },
    })
    const record = await nameless.make(ann, TYPES.merge, { a: 'first' })
    await nameless.edit(ben, record, 1, { a: 'theirs' })
    expect(await nameless.record(ann, record)).toMatchObject({ a: 'theirs', updatedBy: null })
    const { id, conflict } = await nameless.edit(ann, record, 1, { a: 'mine' })
    expect(conflict).toMatchObject({ theirs: { a: 'theirs' }, theirsBy: null })
    expect((await nameless.task(chief, id))?.conflict?.theirsBy).toBe('ben')
    await nameless.close()
  })

  it.each([TYPES.merge, TYPES.server, TYPES.client])('is in no reconciliation of %s', async type => {
    const record = await world.make(ann, type, { a: 'first', b: 1, secret: 'old margin' })
    const patch = type === TYPES.merge ? { a: 'mine' } : { a: 'mine', secret: 'my guess' }
    await world.edit(chief, record, 1, { b: 2, secret: 'new margin' })
    const id = uuid()
    const edit = (): Promise<unknown> => world.edit(ann, record, 1, patch, { id })
    expect(await edit()).toMatchObject({ status: 'CONFIRMED', reconciliation: [{ field: 'b' }] })
    expect(await seenBy(ann, id, edit)).not.toMatch(/margin/)
    expect((await world.task(chief, id))?.reconciliation.map(({ field }) => field).sort()).toEqual(['b', 'secret'])
  })
})

describe('a record that went to somebody else', () => {
  async function moved(): Promise<{ record: RecordOf; task: string }> {
    const record = await world.make(ann, TYPES.merge, { a: 'first', b: 'base value' })
    await world.edit(chief, record, 1, { a: 'their value', b: 'their value' })
    const { id } = await world.edit(ann, record, 1, { a: 'mine' })
    await world.edit(chief, record, 2, { owner: 'ben' })
    return { record, task: id }
  }

  it('leaves of the conflict what the reader wrote, and nothing else', async () => {
    const { task } = await moved()
    expect((await world.task(ann, task))?.conflict).toMatchObject({
      fields: ['a'],
      base: null,
      mine: { a: 'mine' },
      theirs: null,
      theirsBy: null,
    })
    expect(await seenBy(ann, task)).not.toMatch(/(base|their) value/)
    expect((await world.task(chief, task))?.conflict?.theirs).toEqual({ a: 'their value' })
  })

  it('is not written by a decision; to give up is possible, and so is to ask a supervisor', async () => {
    const decide = (conflictOf: string, decision: string): Promise<{ task: { rejection: { code: string } | null } }> =>
      world.run(ann, 'resolveConflict', { conflictOf, decision, ...(decision === 'MERGE' ? { values: { a: 0 } } : {}) })
    const { record, task } = await moved()
    for (const decision of ['KEEP_MINE', 'MERGE']) {
      const answer = await decide(task, decision)
      expect(answer.task.rejection?.code).toBe('NOT_FOUND')
      expect(JSON.stringify(answer)).not.toMatch(/(base|their) value/)
    }
    expect(await world.record(ben, record)).toMatchObject({ a: 'their value', version: 3 })
    const given = await decide(task, 'TAKE_THEIRS')
    expect(given).toMatchObject({ resolved: { status: 'CANCELLED' } })
    expect(await seenBy(ann, task)).not.toMatch(/(base|their) value/)
    const other = await moved()
    expect(await decide(other.task, 'ESCALATE')).toMatchObject({ resolved: { status: 'IN_REVIEW' } })
    await world.run(chief, 'reviewConflict', { conflictOf: other.task, decision: 'KEEP_MINE' })
    expect(await world.record(ben, other.record)).toMatchObject({ a: 'mine' })
    expect(await seenBy(ann, other.task)).not.toMatch(/(base|their) value/)
  })

  it('is not brought back or overwritten by a decision that was made when it was deleted', async () => {
    const record = await world.make(ann, TYPES.merge, { a: 'first' })
    await world.drop(chief, record, 1)
    const { id } = await world.edit(ann, record, 1, { a: 'mine' })
    const { id: theirs } = await world.edit(chief, record, 1, { a: 'back', owner: 'ben' })
    await world.run(chief, 'resolveConflict', { conflictOf: theirs, decision: 'KEEP_MINE' })
    expect(await world.record(ben, record)).toMatchObject({ a: 'back', version: 3 })
    const { task } = await world.run(ann, 'resolveConflict', { conflictOf: id, decision: 'KEEP_MINE' })
    expect(task.rejection.code).toBe('NOT_FOUND')
    expect(await world.record(ben, record)).toMatchObject({ a: 'back', version: 3 })
  })
})

it('the presenter calls no task the same for all that could look different', async () => {
  const presenter = presenterOf(sqlite('/dev/null'), new Map([['Merged', defineCollection('Merged')]]))
  const task = { __typename: 'Task', id: 'x', version: 1, updatedAt: '', updatedBy: 'ann', __user: 'ann' }
  expect(presenter.isSameForAll({ ...task, conflict: null, reconciliation: [] })).toBe(true)
  expect(presenter.isSameForAll({ ...task, conflict: {}, reconciliation: [] })).toBe(false)
  expect(presenter.isSameForAll({ ...task, conflict: null, reconciliation: [{ field: 'a', type: 'Merged' }] })).toBe(
    false,
  )
})
