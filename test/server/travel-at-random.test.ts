/**
 * Promise 6 at random: agents and a supervisor book, change, cancel, move, delete, decide and send again, while suppliers
 * fail in every way and the gateway is killed. At rest the suppliers hold exactly what the booked vacations name.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Viewer } from '../../server/index.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { seeded } from '../support/seeded.ts'
import {
  agent,
  ask,
  BOOK,
  booking,
  CANCEL,
  CREATE_CUSTOMER,
  DELETE_CUSTOMER,
  type Outside,
  RESOLVE,
  startOutside,
  supervisor,
  TASK,
  temporaryDirectory,
  UPDATE_CUSTOMER,
  uuid,
} from '../support/world.ts'

const SEED = Number(process.env['SEED'] ?? 20261121)
const ROUNDS = Number(process.env['ROUNDS'] ?? 12)
const OPERATIONS = 14

const CHANGE = `mutation ($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: VacationPatch!) {
  changeVacation(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { ${TASK} vacation { id version } }
}`
const ALL_OF_ONE = `mutation ($book: TaskInput, $input: BookVacationInput!, $change: TaskInput, $cancel: TaskInput, $id: ID!, $patch: VacationPatch!) {
  bookVacation(task: $book, input: $input) { ${TASK} }
  changeVacation(task: $change, id: $id, baseVersion: 0, patch: $patch) { ${TASK} }
  cancelVacation(task: $cancel, id: $id, baseVersion: 0) { ${TASK} }
}`
const MONEY = 'offerId confirmation price { amount currency }'
const AT_REST = `{
  vacations(first: 1000) { nodes { id ownerId customerId status startsOn endsOn travellers
    total { amount currency } hotel { ${MONEY} } flight { ${MONEY} } car { ${MONEY} } } }
  customers(first: 1000) { nodes { id ownerId email } }
}`

// biome-ignore lint/suspicious/noExplicitAny: answers of any document
type Data = any

interface Sent {
  readonly viewer: Viewer
  readonly query: string
  // biome-ignore lint/suspicious/noExplicitAny: variables of any document
  readonly variables: any
  /** Task id of each field. */
  readonly ids: Readonly<Record<string, string>>
  status: Record<string, string>
}

const FINAL = new Set(['CONFIRMED', 'REJECTED', 'CONFLICT', 'CANCELLED', 'IN_REVIEW'])
const isOver = ({ ids, status }: Sent): boolean => Object.keys(ids).every(field => FINAL.has(status[field] ?? ''))

const random = seeded(SEED)
const below = (limit: number): number => Math.floor(random() * limit)
const oneOf = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value
const often = (chance: number): boolean => random() < chance

const agents = [agent('agent-a'), agent('agent-b')]
const boss = supervisor('boss')
const viewers = [...agents, boss]
const directory = temporaryDirectory()
let outside: Outside
let gateway: GatewayProcess

const start = async (): Promise<void> => {
  gateway = await startGatewayProcess({
    dataDir: directory.path,
    env: { ...outside.environment, TASK_WAIT_MS: '100' },
  })
}

beforeAll(async () => {
  outside = await startOutside()
  const { control } = outside.sandbox
  control.discontinue('hotel-lisbon-5', 'hotel-lisbon-2')
  for (const offer of ['hotel-lisbon-1', 'flight-lisbon-1']) control.setStock(offer, 1_000_000)
  await start()
})
afterAll(async () => {
  await gateway?.kill()
  await outside.close()
  directory.remove()
})

const sent: Sent[] = []
const customers: string[] = []
const vacations: string[] = []
/** Who made a customer or a vacation, and may well work on it. */
const makers = new Map<string, Viewer>()
const likely = (id: string): Viewer => (often(0.75) ? (makers.get(id) ?? boss) : oneOf(viewers))

function make(viewer: Viewer, field: string, query: string, variables: object): Sent {
  const task = { id: uuid(), ...(often(0.7) ? { client: `device-${viewer.user}` } : {}) }
  const one = { viewer, query, variables: { task, ...variables }, ids: { [field]: task.id }, status: {} }
  sent.push(one)
  return one
}

const days = ['2027-05-03', '2027-05-08', '2027-12-31', '2028-01-01', '2028-02-28', '2028-02-29', '2028-03-01'] as const

function stay(): object {
  const first = below(days.length)
  const last = Math.min(days.length - 1, first + below(4))
  return { startsOn: days[first], endsOn: days[last] }
}

function patch(): object {
  const whole = { ...stay(), travellers: 1 + below(9), notes: `note ${below(100)}` }
  return oneOf<object>([{ notes: 'n' }, { travellers: 1 + below(9) }, stay(), { endsOn: oneOf(days) }, whole])
}

function newBooking(customerId: string): { vacationId: string; [field: string]: unknown } {
  const vacationId = often(0.05) && vacations.length > 0 ? oneOf(vacations) : uuid()
  vacations.push(vacationId)
  makers.set(vacationId, makers.get(vacationId) ?? makers.get(customerId) ?? boss)
  return {
    ...booking(customerId, {
      ...stay(),
      hotelOfferId: oneOf([
        'hotel-lisbon-1',
        'hotel-lisbon-2',
        'hotel-lisbon-3',
        'hotel-lisbon-4',
        'hotel-lisbon-5',
        'none',
      ]),
      flightOfferId: oneOf(['flight-lisbon-1', 'flight-lisbon-1', 'flight-lisbon-2', 'flight-lisbon-3']),
      carOfferId: oneOf(['car-lisbon-1', 'car-lisbon-2', 'car-bergen-2', null]),
      carOptional: often(0.6),
      acceptReplacement: often(0.6),
      ...(often(0.15) ? { priceLimit: 60_000 + below(120_000) } : {}),
    }),
    vacationId,
  }
}

const version = (): number => oneOf([0, 0, 1, 1, 1, 1, 1, 2, 2, 3])

async function operation(): Promise<Sent> {
  const viewer = oneOf(viewers)
  const kind = random()
  if (customers.length < 3 || kind < 0.1) {
    const id = uuid()
    customers.push(id)
    makers.set(id, viewer)
    return make(viewer, 'createCustomer', CREATE_CUSTOMER, {
      input: { id, name: 'Rowing Club', email: often(0.8) ? 'club@example.com' : null },
    })
  }
  const customerId = oneOf(customers.slice(-8))
  if (vacations.length < 3 || kind < 0.4)
    return make(likely(customerId), 'bookVacation', BOOK, { input: newBooking(customerId) })
  const id = oneOf(vacations.slice(-10))
  if (kind < 0.63) return make(likely(id), 'changeVacation', CHANGE, { id, baseVersion: version(), patch: patch() })
  if (kind < 0.7) return make(likely(id), 'cancelVacation', CANCEL, { id, baseVersion: version() })
  if (kind < 0.78)
    return make(boss, 'updateCustomer', UPDATE_CUSTOMER, {
      id: customerId,
      baseVersion: version(),
      patch: often(0.8) ? { ownerId: oneOf(agents).user } : { email: 'other@example.com' },
    })
  if (kind < 0.82) return make(viewer, 'deleteCustomer', DELETE_CUSTOMER, { id: customerId, baseVersion: version() })
  if (kind < 0.9) {
    const input = newBooking(customerId)
    const ids = { bookVacation: uuid(), changeVacation: uuid(), cancelVacation: uuid() }
    const client = `device-${viewer.user}`
    const after = often(0.5) ? [ids.bookVacation] : []
    const all: Sent = {
      viewer: likely(customerId),
      query: ALL_OF_ONE,
      variables: {
        book: { id: ids.bookVacation, client },
        change: { id: ids.changeVacation, client, after },
        cancel: { id: ids.cancelVacation, client, after },
        input,
        id: input.vacationId,
        patch: patch(),
      },
      ids,
      status: {},
    }
    sent.push(all)
    return all
  }
  const contested = sent.filter(({ status }) => Object.values(status).includes('CONFLICT'))
  if (kind < 0.96 && contested.length > 0) {
    const original = oneOf(contested)
    const conflictOf = Object.entries(original.ids).find(([field]) => original.status[field] === 'CONFLICT')?.[1]
    const decision = oneOf(['KEEP_MINE', 'TAKE_THEIRS', 'MERGE', 'ESCALATE'])
    const values = decision === 'MERGE' ? { notes: 'merged' } : undefined
    return make(original.viewer, 'resolveConflict', RESOLVE, { conflictOf, decision, values })
  }
  return oneOf(sent)
}

async function send(one: Sent): Promise<void> {
  try {
    const { data, errors } = await ask(gateway.url, one.viewer, one.query, one.variables)
    for (const field of Object.keys(one.ids)) {
      const status: string | undefined = data?.[field]?.task.status
      if (status === undefined) expect(JSON.stringify(errors)).toMatch(/STOPPING|UNAVAILABLE|NOT_EXECUTED/)
      else {
        const before = one.status[field]
        // CONFLICT and IN_REVIEW go on by a decision; what is settled stays.
        if (before !== undefined && ['CONFIRMED', 'REJECTED', 'CANCELLED'].includes(before)) expect(status).toBe(before)
        one.status[field] = status
      }
    }
  } catch (error) {
    // The connection went with the process: no answer, so it is sent again.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
  }
}

function disturb(): void {
  const { control } = outside.sandbox
  const supplier = oneOf(['hotel', 'flight', 'car', '*'] as const)
  const on = oneOf(['reserve', 'reserve', 'release', 'release', 'offers'] as const)
  const kind = oneOf(['error-500', 'html-502', 'cut-before', 'cut-after', 'slow', 'slow'] as const)
  control.fault({ supplier, on, kind, times: 1 + below(4), ...(kind === 'slow' ? { ms: below(600) } : {}) })
  if (often(0.05)) control.fault({ supplier, on, kind: 'hang', times: 1 })
  const stocked = oneOf([
    'hotel-lisbon-2',
    'hotel-lisbon-3',
    'flight-lisbon-2',
    'flight-lisbon-3',
    'car-lisbon-1',
    'car-bergen-1',
  ])
  if (often(0.5)) control.setStock(stocked, below(8))
  if (often(0.3)) control.setPrice(oneOf(['hotel-lisbon-1', 'flight-lisbon-1', 'car-lisbon-1']), 10_000 + below(60_000))
  if (often(0.03)) control.discontinue('flight-lisbon-3', 'flight-lisbon-1')
}

/** Asks under the key of what is held for what the vacation says: the same request is answered 200, another one 422. */
async function isHeldFor(vacation: Data, kind: string, key: string): Promise<number> {
  const { startsOn, endsOn, travellers, [kind]: reservation } = vacation
  const response = await fetch(`${outside.sandbox.url}/${kind}/reservations/${encodeURIComponent(key)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ offerId: reservation.offerId, startsOn, endsOn, guests: travellers }),
  })
  return response.status
}

it('ends whole or undone, each and all', { timeout: 300_000 }, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const underWay: Promise<void>[] = []
    for (let count = 0; count < OPERATIONS; count += 1) {
      if (often(0.25)) disturb()
      const one = await operation()
      const answered = send(one)
      underWay.push(answered)
      if (often(0.6)) await answered
    }
    if (often(0.7)) {
      await new Promise(resolve => setTimeout(resolve, random() * 150))
      await gateway.kill()
      await Promise.all(underWay)
      await start()
    } else await Promise.all(underWay)
  }
  outside.sandbox.control.clearFaults()
  await expect
    .poll(
      async () => {
        const open = sent.filter(one => !isOver(one))
        await Promise.all(open.map(send))
        return sent.filter(one => !isOver(one)).length
      },
      { timeout: 120_000, interval: 500 },
    )
    .toBe(0)
  // What is confirmed may still be giving back what it held before.
  const atRest = async (): Promise<{ held: string[]; named: string[] }> => {
    const { data } = await ask(gateway.url, boss, AT_REST)
    const named = (data.vacations.nodes as Data[])
      .filter(({ status }) => status === 'BOOKED')
      .flatMap(vacation => ['hotel', 'flight', 'car'].flatMap(kind => vacation[kind]?.confirmation ?? []))
    const held = outside.sandbox.control.reservations().map(({ confirmation }) => confirmation)
    return { held: held.sort(), named: named.sort() }
  }
  await expect
    .poll(
      async () => {
        const { held, named } = await atRest()
        return { held: held.filter(one => !named.includes(one)), named: named.filter(one => !held.includes(one)) }
      },
      { timeout: 60_000, interval: 500 },
    )
    .toEqual({ held: [], named: [] })
  const { held, named } = await atRest()
  expect(held).toEqual(named)

  const { data } = await ask(gateway.url, boss, AT_REST)
  const all = data.vacations.nodes as Data[]
  const keys = new Map(outside.sandbox.control.reservations().map(({ confirmation, key }) => [confirmation, key]))
  const owners = new Map((data.customers.nodes as Data[]).map(({ id, ownerId }) => [id, ownerId]))
  for (const vacation of all) {
    const reservations = ['hotel', 'flight', 'car'].flatMap(kind => (vacation[kind] === null ? [] : [kind]))
    const sum = reservations.reduce((total, kind) => total + vacation[kind].price.amount, 0)
    expect(vacation.total.amount, `total of ${vacation.id}`).toBe(sum)
    if (owners.has(vacation.customerId)) expect(vacation.ownerId).toBe(owners.get(vacation.customerId))
    if (vacation.status !== 'BOOKED') continue
    expect(owners.has(vacation.customerId), `customer of ${vacation.id}`).toBe(true)
    for (const kind of reservations)
      expect(
        await isHeldFor(vacation, kind, keys.get(vacation[kind].confirmation) ?? ''),
        `${kind} of ${vacation.id}`,
      ).toBe(200)
  }

  const tasks = sent.flatMap(({ ids, status, variables }) =>
    Object.entries(ids).map(([field, id]) => ({ field, id, status: status[field], variables })),
  )
  const booked = tasks.filter(({ field, status }) => field === 'bookVacation' && status === 'CONFIRMED')
  expect(all.map(({ id }) => id).sort()).toEqual(booked.map(({ variables }) => variables.input.vacationId).sort())
  const cancelled = tasks.filter(({ field, status }) => field === 'cancelVacation' && status === 'CONFIRMED')
  expect([...new Set(cancelled.map(({ variables }) => variables.id))].sort()).toEqual(
    all.flatMap(({ id, status }) => (status === 'CANCELLED' ? [id] : [])).sort(),
  )
  const counts: Record<string, number> = {}
  for (const { field, status } of tasks) counts[`${field} ${status}`] = (counts[`${field} ${status}`] ?? 0) + 1
  process.stdout.write(`travel at random, seed ${SEED}: ${held.length} reservations held, ${JSON.stringify(counts)}\n`)
})
