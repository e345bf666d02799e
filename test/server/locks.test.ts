/** Pessimistic locks: a record is one person's for a while, and a lease that ran out loses nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { type PoliciesGateway, type RecordOf, startPoliciesGateway, TYPES } from '../support/policies-gateway.ts'
import { agent, newCustomer, startWorld, supervisor, uuid } from '../support/world.ts'

const MINUTE = 60_000
let world: PoliciesGateway
let aheadMs = 0
const [ann, ben, chief] = [agent('ann'), agent('ben'), supervisor('chief')]
const PHONE = { client: 'phone' }
const LAPTOP = { client: 'laptop' }

beforeAll(async () => {
  world = await startPoliciesGateway({ clock: { ...systemClock, now: () => systemClock.now() + aheadMs } })
})
afterAll(() => world.close())

const later = (minutes: number): void => {
  aheadMs += minutes * MINUTE
}
const make = (type: RecordOf['type'] = TYPES.merge): Promise<RecordOf> => world.make(ann, type, { a: 'first', b: 1 })
const checkOut = (
  viewer: typeof ann,
  record: RecordOf,
  task: object = PHONE,
  minutes = 30,
): ReturnType<PoliciesGateway['run']> => world.run(viewer, 'checkOut', { ...record, minutes }, { ...task })
const checkIn = (viewer: typeof ann, record: RecordOf, task: object = PHONE): ReturnType<PoliciesGateway['run']> =>
  world.run(viewer, 'checkIn', { ...record }, { ...task })

describe('a record that is checked out', () => {
  it('says whose it is until when, on every device, and stays as it was', async () => {
    const record = await make()
    const since = (await world.query(ben, '{ changes { cursor } }')).changes.cursor
    const { task, token, until, heldBy } = await checkOut(ann, record)
    expect(task.status).toBe('CONFIRMED')
    expect(token).toMatch(/^\d+$/)
    expect(heldBy).toBe('ann')
    expect(Date.parse(until) - (systemClock.now() + aheadMs)).toBeGreaterThan(29 * MINUTE)
    expect(await world.record(ben, record)).toMatchObject({
      a: 'first',
      version: 2,
      updatedBy: 'ann',
      checkedOutBy: 'ann',
      checkedOutUntil: until,
    })
    const page = await world.query(
      ben,
      `query ($since: Cursor) { changes(since: $since) { changed { id ... on Merged { checkedOutBy } } } }`,
      { since },
    )
    expect(page.changes.changed).toEqual([{ id: record.id, checkedOutBy: 'ann' }])
  })

  it('is changed by its holder alone: everybody else is told who has it until when', async () => {
    const record = await make()
    const { until } = await checkOut(ann, record)
    const refused = { status: 'REJECTED', rejection: { code: 'CHECKED_OUT', field: 'id' } }
    const edit = await world.edit(ben, record, 2, { a: 'theirs' })
    expect(edit).toMatchObject(refused)
    expect(edit.rejection?.message).toBe(`ann has it checked out until ${until}.`)
    expect(await world.drop(ben, record, 2)).toMatchObject(refused)
    expect(await world.edit(chief, record, 2, { a: 'theirs' })).toMatchObject(refused)
    expect(await world.record(ann, record)).toMatchObject({ a: 'first', version: 2 })
    expect((await world.edit(ann, record, 2, { a: 'mine' }, PHONE)).status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'mine', version: 3, checkedOutBy: 'ann' })
  })

  it('is changed at another installation of its holder with the token alone', async () => {
    const record = await make()
    const { token } = await checkOut(ann, record)
    expect((await world.edit(ann, record, 2, { a: 1 }, LAPTOP)).rejection?.code).toBe('CHECKED_OUT')
    expect((await world.edit(ann, record, 2, { a: 1 })).rejection?.code).toBe('CHECKED_OUT')
    expect((await world.edit(ann, record, 2, { a: 1 }, { ...LAPTOP, token: '999' })).rejection?.code).toBe(
      'CHECKED_OUT',
    )
    expect((await world.edit(ben, record, 2, { a: 1 }, { ...LAPTOP, token })).rejection?.code).toBe('CHECKED_OUT')
    expect((await world.edit(ann, record, 2, { a: 1 }, { ...LAPTOP, token })).status).toBe('CONFIRMED')
  })

  it('without an installation is open to the token alone', async () => {
    const record = await make()
    const { token } = await checkOut(ann, record, {})
    expect((await world.edit(ann, record, 2, { a: 1 })).rejection?.code).toBe('CHECKED_OUT')
    expect((await world.edit(ann, record, 2, { a: 1 }, { token })).status).toBe('CONFIRMED')
  })

  it('can be checked out again by its holder alone: the same token, longer', async () => {
    const record = await make()
    const first = await checkOut(ann, record)
    const again = await checkOut(ann, record, PHONE, 60)
    expect(again.token).toBe(first.token)
    expect(Date.parse(again.until)).toBeGreaterThan(Date.parse(first.until))
    const refused = await checkOut(ben, record)
    expect(refused).toMatchObject({ token: null, until: again.until, heldBy: 'ann' })
    expect(refused.task.rejection?.code).toBe('CHECKED_OUT')
    expect((await checkOut(ann, record, LAPTOP)).task.rejection?.code).toBe('CHECKED_OUT')
    expect((await checkOut(ann, record, { ...LAPTOP, token: first.token })).token).toBe(first.token)
  })

  it('shows its token to nobody but the holder', async () => {
    const record = await make()
    const id = uuid()
    const { token } = await checkOut(ann, record, { ...PHONE, id })
    const seen = JSON.stringify([
      await world.query(
        chief,
        '{ changes { changed { __typename id } } tasks(first: 500) { nodes { id conflict { theirs } reconciliation { field from to } rejection { message } } } }',
      ),
      await world.edit(ben, record, 1, { a: 'theirs' }),
      (await checkOut(ben, record)).task,
    ])
    expect(seen).not.toContain(`"${token}"`)
    expect(seen).not.toContain('__lock')
    // The same id of another user is another task.
    expect((await checkOut(chief, record, { ...PHONE, id })).token).toBeNull()
  })

  it('answers a repeated check-out with the first token, though it was given back since', async () => {
    const record = await make()
    const id = uuid()
    const first = await checkOut(ann, record, { ...PHONE, id })
    await checkIn(ann, record)
    expect(await checkOut(ann, record, { ...PHONE, id })).toEqual(first)
    expect(await world.record(ann, record)).toMatchObject({ checkedOutBy: null })
  })

  it('stays so when the gateway starts anew', async () => {
    const record = await make()
    const { token } = await checkOut(ann, record)
    await world.restart()
    expect((await world.edit(ben, record, 2, { a: 1 })).rejection?.code).toBe('CHECKED_OUT')
    expect((await world.edit(ann, record, 2, { a: 1 }, { token })).status).toBe('CONFIRMED')
  })

  it('is no edit to merge with: others who edited before it merge as ever when it is given back', async () => {
    const record = await make()
    await checkOut(ann, record)
    await world.edit(ann, record, 2, { a: 'mine' }, PHONE)
    await checkIn(ann, record)
    const task = await world.edit(ben, record, 1, { b: 'theirs' })
    expect(task).toMatchObject({ status: 'CONFIRMED', reconciliation: [{ field: 'a', rule: 'MERGE' }] })
    expect(task.reconciliation).toHaveLength(1)
    const asked = await make(TYPES.ask)
    await checkOut(ann, asked)
    await checkIn(ann, asked)
    expect((await world.edit(ben, asked, 1, { b: 'theirs' })).status).toBe('CONFIRMED')
  })
})

describe('a lease that ran out', () => {
  it('needs no check-in: the next one writes, and is given a higher token', async () => {
    const record = await make()
    const first = await checkOut(ann, record, PHONE, 1)
    later(2)
    expect((await world.edit(ben, record, 2, { a: 'theirs' })).status).toBe('CONFIRMED')
    expect(await world.record(ben, record)).toMatchObject({ checkedOutBy: null, checkedOutUntil: null })
    const second = await checkOut(ben, record)
    expect(Number(second.token)).toBeGreaterThan(Number(first.token))
    await checkIn(ben, record)
    expect(Number((await checkOut(ann, record)).token)).toBeGreaterThan(Number(second.token))
  })

  it('makes the work done under it an ordinary version check: merged or a conflict, never lost', async () => {
    for (const [theirs, status] of [
      [{ b: 2 }, 'CONFIRMED'],
      [{ a: 'theirs' }, 'CONFLICT'],
    ] as const) {
      const record = await make()
      const { token } = await checkOut(ann, record, PHONE, 1)
      later(2)
      await world.edit(ben, record, 2, theirs)
      expect((await world.edit(ann, record, 2, { a: 'mine' }, { ...PHONE, token })).status).toBe(status)
    }
  })

  it('and was taken by somebody else keeps the old holder out, whatever token he brings', async () => {
    const record = await make()
    const { token } = await checkOut(ann, record, PHONE, 1)
    later(2)
    await checkOut(ben, record, LAPTOP)
    expect((await world.edit(ann, record, 2, { a: 'mine' }, { ...PHONE, token })).rejection?.code).toBe('CHECKED_OUT')
    expect((await checkIn(ann, record, { ...PHONE, token })).task.rejection?.code).toBe('CHECKED_OUT')
    expect((await world.edit(ben, record, 3, { a: 'theirs' }, LAPTOP)).status).toBe('CONFIRMED')
  })

  it('never gives a token twice, also when the record was deleted and brought back', async () => {
    const record = await make()
    const first = await checkOut(ann, record)
    await world.drop(ann, record, 2, PHONE)
    expect((await checkIn(ann, record)).task.status).toBe('CONFIRMED')
    expect((await checkOut(ann, record)).task.rejection?.code).toBe('NOT_FOUND')
    const { id } = await world.edit(ben, record, 2, { a: 'theirs' })
    await world.run(ben, 'resolveConflict', { conflictOf: id, decision: 'KEEP_MINE' })
    expect(await world.record(ben, record)).toMatchObject({ a: 'theirs', checkedOutBy: null })
    expect(Number((await checkOut(ben, record)).token)).toBeGreaterThan(Number(first.token))
  })
})

describe('to check in', () => {
  it('gives the record back, as often as one likes', async () => {
    const record = await make()
    await checkOut(ann, record)
    expect((await checkIn(ann, record)).task.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ checkedOutBy: null, checkedOutUntil: null, version: 3 })
    expect((await checkIn(ben, record)).task.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ version: 3 })
    expect((await world.edit(ben, record, 3, { a: 'theirs' })).status).toBe('CONFIRMED')
  })

  it('what another holds is refused, but to a supervisor, who breaks the lease and it is reported', async () => {
    const record = await make()
    const { token } = await checkOut(ann, record)
    expect((await checkIn(ben, record)).task.rejection?.code).toBe('CHECKED_OUT')
    expect((await checkIn(ann, record, LAPTOP)).task.rejection?.code).toBe('CHECKED_OUT')
    const { task } = await checkIn(chief, record)
    expect(task).toMatchObject({
      status: 'CONFIRMED',
      reconciliation: [{ field: 'checkedOutBy', from: 'ann', to: null, rule: 'LOCK_BROKEN' }],
    })
    expect((await world.edit(ben, record, 3, { a: 'theirs' })).status).toBe('CONFIRMED')
    expect((await world.edit(ann, record, 2, { a: 'mine' }, { ...PHONE, token })).status).toBe('CONFLICT')
  })
})

describe('a decision about a conflict', () => {
  it('waits for the lease to end, and taking theirs does not', async () => {
    const record = await make()
    await world.edit(ben, record, 1, { a: 'theirs' })
    const { id } = await world.edit(ann, record, 1, { a: 'mine' })
    await checkOut(ben, record)
    const decide = (field: string, viewer: typeof ann, decision: string): ReturnType<PoliciesGateway['run']> =>
      world.run(viewer, field, { conflictOf: id, decision })
    expect((await decide('resolveConflict', ann, 'KEEP_MINE')).task.rejection?.code).toBe('CHECKED_OUT')
    expect((await world.task(ann, id))?.status).toBe('CONFLICT')
    await decide('resolveConflict', ann, 'ESCALATE')
    expect((await decide('reviewConflict', chief, 'KEEP_MINE')).task.rejection?.code).toBe('CHECKED_OUT')
    expect((await world.task(ann, id))?.status).toBe('IN_REVIEW')
    expect((await decide('reviewConflict', chief, 'TAKE_THEIRS')).resolved.status).toBe('CANCELLED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'theirs', version: 3 })
  })
})

describe('a task with steps outside', () => {
  it('is refused before its first step, and a check-out waits for one that runs', async () => {
    let calls = 0
    let finish: (() => void) | undefined
    world.outside.step = () => {
      calls += 1
      return new Promise(resolve => {
        finish = resolve
      })
    }
    const record = await make()
    await checkOut(ann, record)
    const args = { ...record, baseVersion: 2, patch: { a: 'slow' } }
    expect((await world.run(ben, 'slowEdit', args)).task.rejection?.code).toBe('CHECKED_OUT')
    expect(calls).toBe(0)
    const running = world.run(ann, 'slowEdit', args, PHONE)
    await expect.poll(() => calls).toBe(1)
    const id = uuid()
    const waiting = checkIn(ann, record, { ...PHONE, id })
    await expect.poll(async () => (await world.task(ann, id))?.status).toBe('ACCEPTED')
    finish?.()
    expect((await running).task.status).toBe('CONFIRMED')
    expect((await waiting).task.status).toBe('CONFIRMED')
    expect(await world.record(ann, record)).toMatchObject({ a: 'slow', checkedOutBy: null })
  })

  it('that waited brings its token along', async () => {
    let finish: (() => void) | undefined
    world.outside.step = () =>
      new Promise(resolve => {
        finish = resolve
      })
    const record = await make()
    const { token } = await checkOut(ann, record)
    const running = world.run(ann, 'slowEdit', { ...record, baseVersion: 2, patch: { a: 'slow' } }, PHONE)
    await expect.poll(() => finish).toBeDefined()
    const ids = [uuid(), uuid()]
    const edits = [
      world.edit(ann, record, 2, { b: 'with' }, { ...LAPTOP, token, id: ids[0] }),
      world.edit(ann, record, 2, { b: 'without' }, { ...LAPTOP, id: ids[1] }),
    ]
    await expect.poll(async () => (await world.task(ann, ids[1] ?? ''))?.status).toBe('ACCEPTED')
    finish?.()
    await running
    expect((await Promise.all(edits)).map(({ status }) => status)).toEqual(['CONFIRMED', 'REJECTED'])
  })
})

describe('to check out', () => {
  it.each([0, -1, 1_441])('for %i minutes is refused', async minutes => {
    const { task } = await checkOut(ann, await make(), PHONE, minutes)
    expect(task.rejection).toMatchObject({ code: 'INVALID_INPUT', field: 'minutes' })
  })

  it('what is not there, not of a known type, or not written by people is refused', async () => {
    const refusal = async (type: string, id: string): Promise<unknown> =>
      (await world.run(ann, 'checkOut', { type, id, minutes: 5 }, { id: `probe-${uuid()}` })).task.rejection
    expect(await refusal('Merged', uuid())).toMatchObject({ code: 'NOT_FOUND', field: 'id' })
    expect(await refusal('Planet', uuid())).toMatchObject({ code: 'NOT_FOUND', field: 'type' })
    expect(await refusal('Task', uuid())).toMatchObject({ code: 'NOT_FOUND' })
  })
})

it('in the travel domain: a customer is checked out, an offer is nobody’s to check out', async () => {
  const travel = await startWorld()
  try {
    const owner = agent('agent-a')
    const id = await newCustomer(travel, owner)
    const out =
      'mutation ($type: String!, $id: ID!) { checkOut(type: $type, id: $id, minutes: 5) { token heldBy task { status rejection { code } } } }'
    expect((await travel.ask(owner, out, { type: 'Customer', id })).data.checkOut).toEqual({
      token: '1',
      heldBy: 'agent-a',
      task: { status: 'CONFIRMED', rejection: null },
    })
    const seen = await travel.ask(chief, `{ customer(id: "${id}") { checkedOutBy } }`)
    expect(seen.data.customer.checkedOutBy).toBe('agent-a')
    const offer = (await travel.ask(owner, '{ hotelOffers(first: 1) { nodes { id } } }')).data.hotelOffers.nodes[0].id
    expect((await travel.ask(owner, out, { type: 'HotelOffer', id: offer })).data.checkOut.task.rejection.code).toBe(
      'FORBIDDEN',
    )
    expect((await travel.ask(agent('agent-z'), out, { type: 'Customer', id })).data.checkOut.task.rejection.code).toBe(
      'NOT_FOUND',
    )
  } finally {
    await travel.close()
  }
})
