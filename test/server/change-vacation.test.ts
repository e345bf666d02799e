/** `changeVacation`: the vacation changes with its reservations or not at all, and nothing stays reserved that none holds. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../protocol/index.ts'
import type { Viewer } from '../../server/index.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
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
  startWorld,
  supervisor,
  TASK,
  temporaryDirectory,
  tokenFor,
  uuid,
  type World,
} from '../support/world.ts'

const FIELDS = `id version status startsOn endsOn travellers notes total { amount }
  hotel { offerId confirmation } flight { offerId confirmation } car { offerId confirmation }`
const CHANGE = `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: VacationPatch!) {
  changeVacation(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { ${TASK} vacation { ${FIELDS} } }
}`
const VACATIONS = `{ vacations(first: 1000, status: BOOKED) { nodes { ${FIELDS} } } }`

const me = agent('agent-a')
const boss = supervisor('boss')
const LATER = { startsOn: '2027-06-01', endsOn: '2027-06-09' }

type Ask = (viewer: Viewer | string, query: string, variables?: object) => Promise<Answer>
// biome-ignore lint/suspicious/noExplicitAny: answers of any document
type Payload = any

async function booked(send: Ask, customerId: string, input: object = {}): Promise<Payload> {
  const answer = await send(me, BOOK, { task: { id: uuid() }, input: booking(customerId, input) })
  expect(answer.data.bookVacation.task.status).toBe('CONFIRMED')
  const { id } = answer.data.bookVacation.vacation
  return (await send(me, `{ vacation(id: "${id}") { ${FIELDS} } }`)).data.vacation
}

/** The suppliers hold exactly what the booked vacations say. */
async function audit(send: Ask, { sandbox }: Pick<Outside, 'sandbox'>): Promise<void> {
  const { nodes } = (await send(boss, VACATIONS)).data.vacations
  const held = sandbox.control.reservations().map(({ confirmation }) => confirmation)
  const named = (nodes as Payload[]).flatMap(({ hotel, flight, car }) =>
    [hotel, flight, car].flatMap(reservation => reservation?.confirmation ?? []),
  )
  expect(held.sort()).toEqual(named.sort())
}

describe('while the gateway lives', () => {
  let world: World
  let customer: string
  let aheadMs = 0
  const clock: Clock = { now: () => systemClock.now() + aheadMs, after: systemClock.after }

  beforeAll(async () => {
    world = await startWorld({ clock, environment: { TASK_WAIT_MS: '20000' } })
    customer = await newCustomer(world, me)
  })
  afterAll(() => world.close())
  afterEach(async () => {
    aheadMs = 0
    world.sandbox.control.clearFaults()
    await audit(send, world)
  })

  const send: Ask = (viewer, query, variables) => world.ask(viewer, query, variables)
  const change = async (
    { id, version }: { id: string; version: number },
    patch: object,
    viewer: Viewer | string = me,
  ): Promise<Payload> => {
    const answer = await world.ask(viewer, CHANGE, { task: { id: uuid() }, id, baseVersion: version, patch })
    expect(answer.errors).toEqual([])
    return answer.data.changeVacation
  }
  const current = async (id: string): Promise<Payload> =>
    (await world.ask(boss, `{ vacation(id: "${id}") { ${FIELDS} } }`)).data.vacation
  const steps = ({ task }: Payload): string[] =>
    task.steps.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`)
  const calls = (): number => world.sandbox.control.log().length

  it('notes alone concern no supplier', async () => {
    const vacation = await booked(send, customer)
    const before = calls()
    const changed = await change(vacation, { notes: 'a room to the garden' })
    expect(changed.task.status).toBe('CONFIRMED')
    expect(steps(changed).every(step => step.endsWith(' SKIPPED'))).toBe(true)
    expect(changed.vacation).toEqual({ ...vacation, version: 2, notes: 'a room to the garden' })
    expect(calls()).toBe(before)
  })

  it('dates that are what they were concern no supplier', async () => {
    const vacation = await booked(send, customer)
    const before = calls()
    expect((await change(vacation, { startsOn: vacation.startsOn, notes: 'x' })).task.status).toBe('CONFIRMED')
    expect(calls()).toBe(before)
  })

  it('new dates and travellers are reserved anew, and the old reservations are given back', async () => {
    const vacation = await booked(send, customer)
    const changed = await change(vacation, { ...LATER, travellers: 3 })
    expect(steps(changed)).toEqual([
      'hotel DONE',
      'flight DONE',
      'car DONE',
      'release-hotel DONE',
      'release-flight DONE',
      'release-car DONE',
    ])
    expect(changed.vacation).toMatchObject({ ...LATER, travellers: 3, status: 'BOOKED', total: vacation.total })
    for (const kind of ['hotel', 'flight', 'car']) {
      expect(changed.vacation[kind].offerId).toBe(vacation[kind].offerId)
      expect(changed.vacation[kind].confirmation).not.toBe(vacation[kind].confirmation)
    }
  })

  it('a vacation without a car stays one', async () => {
    const vacation = await booked(send, customer, { carOfferId: null })
    const changed = await change(vacation, LATER)
    expect(changed.vacation.car).toBeNull()
    expect(steps(changed)).toContain('car SKIPPED')
  })

  it('a price of today is booked, counted into the total, and reported', async () => {
    const vacation = await booked(send, customer)
    world.sandbox.control.setPrice('hotel-lisbon-1', 65_000)
    const changed = await change(vacation, LATER)
    expect(changed.vacation.total.amount).toBe(vacation.total.amount + 1_000)
    expect(changed.task.reconciliation).toMatchObject([
      { rule: 'PRICE_UPDATED', field: 'hotel.price', from: { amount: 64_000 }, to: { amount: 65_000 } },
    ])
    world.sandbox.control.setPrice('hotel-lisbon-1', 64_000)
  })

  it('a refusal gives the new reservations back and leaves the old ones', async () => {
    const vacation = await booked(send, customer)
    world.sandbox.control.setStock('car-lisbon-1', 0)
    const { task } = await change(vacation, LATER)
    expect(task.rejection).toMatchObject({ code: 'SOLD_OUT', field: 'patch.startsOn' })
    expect(steps({ task }).slice(0, 3)).toEqual(['hotel UNDONE', 'flight UNDONE', 'car FAILED'])
    expect(await current(vacation.id)).toEqual(vacation)
    world.sandbox.control.setStock('car-lisbon-1', 40)
  })

  it('an answer that never comes has everything undone', async () => {
    const vacation = await booked(send, customer)
    world.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'cut-after' })
    const { task } = await change(vacation, LATER)
    expect(task.rejection.code).toBe('UNAVAILABLE')
    expect(await current(vacation.id)).toEqual(vacation)
  })

  it('old reservations are given back however long that takes', async () => {
    const vacation = await booked(send, customer)
    world.sandbox.control.fault({ supplier: 'hotel', on: 'release', kind: 'error-500', times: 4 })
    expect((await change(vacation, LATER)).task.status).toBe('CONFIRMED')
  })

  it('a changed vacation is cancelled with the reservations it holds now', async () => {
    const vacation = await booked(send, customer)
    const changed = await change(vacation, LATER)
    const variables = { task: { id: uuid() }, id: vacation.id, baseVersion: changed.vacation.version }
    expect((await world.ask(me, CANCEL, variables)).data.cancelVacation.task.status).toBe('CONFIRMED')
  })

  it('is merged with what others changed, field by field, and reserved for the whole', async () => {
    const vacation = await booked(send, customer)
    await change(vacation, { travellers: 5 }, boss)
    const changed = await change(vacation, LATER)
    expect(changed.vacation).toMatchObject({ ...LATER, travellers: 5 })
    expect(changed.task.reconciliation).toEqual(
      expect.arrayContaining([expect.objectContaining({ rule: 'MERGE', field: 'travellers' })]),
    )
  })

  describe('when others changed the same', () => {
    async function contested(): Promise<{ id: string; vacation: Payload; task: Payload }> {
      const vacation = await booked(send, customer)
      await change(vacation, { startsOn: '2027-05-04', notes: 'theirs' }, boss)
      const before = calls()
      const { task } = await change(vacation, { ...LATER, notes: 'mine' })
      expect(calls()).toBe(before)
      return { id: task.id, vacation, task }
    }
    const resolve = async (conflictOf: string, decision: string, values?: object): Promise<Payload> =>
      (await world.ask(me, RESOLVE, { task: { id: uuid() }, conflictOf, decision, values })).data.resolveConflict

    it('it is a conflict that shows what the person wanted to change, and nobody is asked', async () => {
      const { task } = await contested()
      expect(task).toMatchObject({ status: 'CONFLICT' })
      expect(task.conflict).toMatchObject({ type: 'Vacation', fields: ['startsOn', 'notes'] })
      expect(task.conflict.mine).toEqual({ ...LATER, notes: 'mine' })
      expect(task.conflict.theirs).toEqual({ startsOn: '2027-05-04', endsOn: '2027-05-08', notes: 'theirs' })
    })

    it('dates are never decided past the suppliers', async () => {
      const { id, vacation } = await contested()
      const now = await current(vacation.id)
      for (const values of [undefined, { startsOn: '2027-06-02' }]) {
        const { task } = await resolve(id, values ? 'MERGE' : 'KEEP_MINE', values)
        expect(task.rejection).toMatchObject({ code: 'RESERVATION_NEEDED', field: 'startsOn' })
        expect(task.rejection.message).toContain('changeVacation')
      }
      expect(await current(vacation.id)).toEqual(now)
      // As the rejection says: theirs is taken, and the wish sent anew on the current version.
      expect((await resolve(id, 'TAKE_THEIRS')).task.status).toBe('CONFIRMED')
      expect((await change(now, LATER)).vacation).toMatchObject(LATER)
    })

    it('notes are decided as ever', async () => {
      const vacation = await booked(send, customer)
      await change(vacation, { notes: 'theirs' }, boss)
      const { task } = await change(vacation, { notes: 'mine' })
      expect((await resolve(task.id, 'KEEP_MINE')).task.status).toBe('CONFIRMED')
      expect((await current(vacation.id)).notes).toBe('mine')
    })
  })

  it('a vacation that is cancelled can not be changed', async () => {
    const vacation = await booked(send, customer)
    await world.ask(me, CANCEL, { task: { id: uuid() }, id: vacation.id, baseVersion: vacation.version })
    for (const patch of [LATER, { notes: 'x' }])
      expect((await change(vacation, patch)).task.rejection).toMatchObject({ code: 'VACATION_CANCELLED', field: 'id' })
  })

  it('a vacation that is over is neither changed nor cancelled; one that has begun can be made longer', async () => {
    const vacation = await booked(send, customer)
    const token = await tokenFor(me, 100_000_000)
    const onDay = (day: string): void => {
      aheadMs = Date.parse(`${day}T12:00:00Z`) - systemClock.now()
    }
    onDay('2027-05-05')
    const longer = await change(vacation, { endsOn: '2027-05-12' }, token)
    expect(longer.vacation).toMatchObject({ startsOn: '2027-05-03', endsOn: '2027-05-12' })
    expect((await change(longer.vacation, { endsOn: '2027-05-04' }, token)).task.rejection).toMatchObject({
      code: 'DATE_IN_PAST',
      field: 'patch.endsOn',
    })
    expect((await change(longer.vacation, { startsOn: '2027-05-04' }, token)).task.rejection).toMatchObject({
      code: 'DATE_IN_PAST',
      field: 'patch.startsOn',
    })
    onDay('2027-05-13')
    const { task } = await change(longer.vacation, { notes: 'x' }, token)
    expect(task.rejection).toMatchObject({ code: 'VACATION_PAST', field: 'id' })
    const variables = { task: { id: uuid() }, id: vacation.id, baseVersion: longer.vacation.version }
    const cancelled = await world.ask(token, CANCEL, variables)
    expect(cancelled.data.cancelVacation.task.rejection).toMatchObject({ code: 'VACATION_PAST', field: 'id' })
  })

  it.each([
    ['nothing', {}, 'INVALID_INPUT', 'patch'],
    ['no start', { startsOn: null }, 'INVALID_INPUT', 'patch.startsOn'],
    ['no travellers', { travellers: 0 }, 'INVALID_INPUT', 'patch.travellers'],
    ['an end before the start', { endsOn: '2027-05-01' }, 'INVALID_INPUT', 'patch.endsOn'],
    ['a start in the past', { startsOn: '2020-01-01' }, 'INVALID_INPUT', 'patch.endsOn'],
    ['notes without end', { notes: 'x'.repeat(10_001) }, 'INVALID_INPUT', 'patch.notes'],
  ])('%s is rejected with the field to mend', async (_, patch, code, field) => {
    const vacation = await booked(send, customer)
    const before = calls()
    expect((await change(vacation, patch)).task.rejection).toMatchObject({ code, field })
    expect(calls()).toBe(before)
  })

  it("another agent's vacation is not there", async () => {
    const vacation = await booked(send, customer)
    const { task } = await change(vacation, { notes: 'x' }, agent('agent-b'))
    expect(task.rejection.code).toBe('NOT_FOUND')
  })
})

describe('when the gateway is killed', () => {
  const directory = temporaryDirectory()
  let outside: Outside
  let gateway: GatewayProcess
  const send: Ask = (viewer, query, variables) => ask(gateway.url, viewer, query, variables)
  const start = async (): Promise<void> => {
    gateway = await startGatewayProcess({ dataDir: directory.path, env: outside.environment })
  }

  beforeAll(async () => {
    outside = await startOutside()
    await start()
  })
  afterAll(async () => {
    await gateway.kill()
    await outside.close()
    directory.remove()
  })

  it.each([
    ['before the flight answers', 'PUT flight', {}, 'CONFIRMED'],
    ['after the last reservation', 'PUT car', {}, 'CONFIRMED'],
    ['while it undoes', 'DELETE hotel', { 'flight-lisbon-1': 0 }, 'REJECTED'],
    ['while it gives the old reservations back', 'DELETE flight', {}, 'CONFIRMED'],
  ] as const)('%s, the change is finished or undone', async (_, point, stocks, final) => {
    const customer = await newCustomer({ ask: (viewer, ...rest) => send(viewer as Viewer, ...rest) }, me)
    const vacation = await booked(send, customer)
    for (const [offer, stock] of Object.entries(stocks)) outside.sandbox.control.setStock(offer, stock)
    const [method, supplier] = point.split(' ') as ['PUT' | 'DELETE', 'hotel' | 'flight' | 'car']
    const on = method === 'PUT' ? 'reserve' : 'release'
    outside.sandbox.control.fault({ supplier, on, kind: 'hang' })
    const asked = (): number =>
      outside.sandbox.control.log().filter(call => call.method === method && call.supplier === supplier).length
    const before = asked()
    const id = uuid()
    const variables = { task: { id }, id: vacation.id, baseVersion: vacation.version, patch: LATER }
    const answer = send(me, CHANGE, variables).catch(() => undefined)
    await expect.poll(asked).toBe(before + 1)
    await gateway.kill()
    await answer
    outside.sandbox.control.clearFaults()
    await start()
    const status = async (): Promise<string> => (await send(me, `{ task(id: "${id}") { status } }`)).data.task.status
    await expect.poll(status, { timeout: 20_000 }).toBe(final)
    await expect.poll(() => audit(send, outside), { timeout: 20_000 }).toBeUndefined()
    const after = (await send(me, `{ vacation(id: "${vacation.id}") { startsOn } }`)).data.vacation
    expect(after.startsOn).toBe(final === 'CONFIRMED' ? LATER.startsOn : vacation.startsOn)
    outside.sandbox.control.setStock('flight-lisbon-1', 160)
  })
})
