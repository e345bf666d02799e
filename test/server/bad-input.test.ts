/** Whatever comes in: a typed rejection or an error with a stable code, never a 500, never a stack trace, and nothing written. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signToken } from '../../server/index.ts'
import {
  agent,
  BOOK,
  booking,
  CANCEL,
  CHANGES,
  CREATE_CUSTOMER,
  DELETE_CUSTOMER,
  newCustomer,
  SECRET,
  startWorld,
  tokenFor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
let customer: string
const me = agent('agent-a')

beforeAll(async () => {
  world = await startWorld()
  customer = await newCustomer(world, me)
})
afterAll(() => world.close())

/** Everything the viewer can see except tasks, which keep their outcome. */
const records = async (): Promise<unknown> =>
  (await world.ask(me, CHANGES, { scopes: [{ type: 'Customer' }, { type: 'Vacation' }] })).data.changes.changed

async function unharmed(work: () => Promise<{ status: number; text: string }>): Promise<void> {
  const before = await records()
  const { status, text } = await work()
  expect(status).toBeLessThan(500)
  expect(text).not.toMatch(/\.ts:|node_modules|stacktrace|\n\s+at /)
  expect(await records()).toEqual(before)
  expect(world.sandbox.control.reservations()).toEqual([])
}

describe('a booking that makes no sense is rejected with the field to mend', () => {
  it.each([
    [
      'dates that end before they start',
      { startsOn: '2027-05-08', endsOn: '2027-05-03' },
      'INVALID_INPUT',
      'input.endsOn',
    ],
    ['negative travellers', { travellers: -1 }, 'INVALID_INPUT', 'input.travellers'],
    ['no travellers', { travellers: 0 }, 'INVALID_INPUT', 'input.travellers'],
    ['a negative price limit', { priceLimit: -1 }, 'INVALID_INPUT', 'input.priceLimit'],
    ['an unknown customer', { customerId: 'nobody' }, 'NOT_FOUND', 'input.customerId'],
    ['an unknown hotel', { hotelOfferId: 'hotel-nowhere' }, 'NOT_FOUND', 'input.hotelOfferId'],
    ['an id that is none', { vacationId: 'a b\nc' }, 'INVALID_INPUT', 'input.vacationId'],
  ])('%s', async (_, input, code, field) => {
    await unharmed(async () => {
      const answer = await world.ask(me, BOOK, { task: { id: uuid() }, input: booking(customer, input) })
      expect(answer.data.bookVacation.task).toMatchObject({ status: 'REJECTED', rejection: { code, field } })
      return answer
    })
  })
})

describe('a customer that makes no sense is rejected with the field to mend', () => {
  it.each([
    ['an empty name', CREATE_CUSTOMER, { input: { id: 'new-1', name: '  ' } }, 'INVALID_INPUT', 'name'],
    [
      'an address with a second line',
      CREATE_CUSTOMER,
      { input: { id: 'new-1', name: 'Club', email: 'a@b.example\nbcc: c@d.example' } },
      'INVALID_INPUT',
      'email',
    ],
    ['an id that is none', CREATE_CUSTOMER, { input: { id: '../x', name: 'Club' } }, 'INVALID_INPUT', 'input.id'],
    ['an id that is taken', CREATE_CUSTOMER, { input: { id: 'TAKEN', name: 'Club' } }, 'ALREADY_EXISTS', 'id'],
    ['an edit of nothing', UPDATE_CUSTOMER, { id: 'TAKEN', baseVersion: 1, patch: {} }, 'INVALID_INPUT', 'patch'],
    [
      'an edit that takes the name away',
      UPDATE_CUSTOMER,
      { id: 'TAKEN', baseVersion: 1, patch: { name: null } },
      'INVALID_INPUT',
      'name',
    ],
    [
      'an agent who gives a customer away',
      UPDATE_CUSTOMER,
      { id: 'TAKEN', baseVersion: 1, patch: { ownerId: 'agent-b' } },
      'FORBIDDEN',
      'ownerId',
    ],
    [
      'a version of the future',
      UPDATE_CUSTOMER,
      { id: 'TAKEN', baseVersion: 99, patch: { notes: 'x' } },
      'INVALID_INPUT',
      'baseVersion',
    ],
    ['a version below one', DELETE_CUSTOMER, { id: 'TAKEN', baseVersion: 0 }, 'INVALID_INPUT', 'baseVersion'],
    ['an unknown customer', DELETE_CUSTOMER, { id: 'nobody', baseVersion: 1 }, 'NOT_FOUND', 'id'],
    ['an unknown vacation', CANCEL, { id: 'nowhere', baseVersion: 1 }, 'NOT_FOUND', 'id'],
  ])('%s', async (_, query, variables, code, field) => {
    await unharmed(async () => {
      const text = JSON.stringify(variables).replaceAll('TAKEN', customer)
      const answer = await world.ask(me, query, { task: { id: uuid() }, ...(JSON.parse(text) as object) })
      const [payload] = Object.values(answer.data) as { task: unknown }[]
      expect(payload?.task).toMatchObject({ status: 'REJECTED', rejection: { code, field } })
      return answer
    })
  })

  it("another agent's customer can't be told from one that doesn't exist", async () => {
    const answers = await Promise.all(
      [customer, 'nobody'].map(id =>
        world.ask(agent('agent-b'), DELETE_CUSTOMER, { task: { id: uuid() }, id, baseVersion: 1 }),
      ),
    )
    const [foreign, unknown] = answers.map(({ data }) => data.deleteCustomer.task.rejection)
    expect(foreign).toEqual(unknown)
    expect((await world.ask(agent('agent-b'), `{ customer(id: "${customer}") { id } }`)).data.customer).toBeNull()
  })
})

describe('a document that makes no sense is an error with a stable code', () => {
  it.each([
    ['a syntax error', '{ customers(', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nonsense }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a wrong type', BOOK, { input: 7 }, 'BAD_USER_INPUT'],
    ['a wrong enum', '{ tasks(status: [DONE]) { hasMore } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a date that is none', BOOK, { input: booking('x', { startsOn: '2027-02-30' }) }, 'BAD_USER_INPUT'],
    [
      'a time that is none',
      CREATE_CUSTOMER,
      { task: { id: 'x', queuedAt: 'yesterday' }, input: { id: 'x', name: 'x' } },
      'BAD_USER_INPUT',
    ],
    [
      'a task id that is none',
      CREATE_CUSTOMER,
      { task: { id: 'a/b' }, input: { id: 'x', name: 'x' } },
      'BAD_USER_INPUT',
    ],
    ['an empty task id', CREATE_CUSTOMER, { task: { id: '' }, input: { id: 'x', name: 'x' } }, 'BAD_USER_INPUT'],
    [
      'a task that waits for itself',
      CREATE_CUSTOMER,
      { task: { id: 'x', after: ['x'] }, input: { id: 'x', name: 'x' } },
      'BAD_USER_INPUT',
    ],
    ['a page of none', '{ customers(first: 0) { hasMore } }', {}, 'BAD_USER_INPUT'],
    ['a page of too many', CHANGES, { first: 1_000_000 }, 'BAD_USER_INPUT'],
    ['a scope of nothing', CHANGES, { scopes: [{ type: 'Planet' }] }, 'BAD_USER_INPUT'],
    [
      'a filter by what is no field',
      CHANGES,
      { scopes: [{ type: 'Customer', where: { shoeSize: 44 } }] },
      'BAD_USER_INPUT',
    ],
    ['a cursor of tasks that is none', '{ tasks(after: "x") { hasMore } }', {}, 'BAD_USER_INPUT'],
    ['a task to withdraw that is no id', 'mutation { cancelTask(id: "x y") { task { id } } }', {}, 'BAD_USER_INPUT'],
  ])('%s', async (_, query, variables, code) => {
    await unharmed(async () => {
      const answer = await world.ask(me, query, variables)
      expect(answer.errors[0]?.extensions?.['code']).toBe(code)
      return answer
    })
  })

  it('does not repeat what was typed', async () => {
    for (const travellers of ['my passport number', 'a; my passport: number', '" at "x"; passport', { passport: 1 }]) {
      const answer = await world.ask(me, BOOK, { input: booking('x', { travellers }) })
      expect(answer.errors[0]?.extensions?.['code']).toBe('BAD_USER_INPUT')
      expect(answer.errors[0]?.message).toContain('"$input" is not valid')
      expect(answer.text).not.toContain('passport')
    }
    const { errors } = await world.ask(me, BOOK, { input: booking('x', { startsOn: 'soon' }) })
    expect(errors[0]?.message).toBe(
      'Variable "$input" is not valid at input.startsOn: Date must be a calendar date such as 2027-05-03.',
    )
  })

  it('a body that is no JSON, or none at all, is refused', async () => {
    const authorization = `Bearer ${await tokenFor(me)}`
    for (const body of ['{ "not a JSON', '', '[]', 'null', '7']) {
      await unharmed(async () => {
        const response = await fetch(`${world.url}/graphql`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', authorization },
        })
        expect(response.status).toBeGreaterThanOrEqual(400)
        return { status: response.status, text: await response.text() }
      })
    }
  })
})

describe('a token that is', () => {
  const day = 86_400
  it.each([
    ['absent', async () => null],
    ['no token', async () => 'nonsense'],
    ['expired', () => tokenFor(me, -60)],
    ['signed by somebody else', () => signToken(me, 'another secret, just as long as it', day, Date.now())],
    [
      'unsigned',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"agent-a","agency":"north"}').toString('base64url')}.`,
    ],
    ['without an agency', () => signToken({ ...me, tenant: '' }, SECRET, day, Date.now())],
  ])('%s is nobody: UNAUTHENTICATED, and nothing runs', async (_, token) => {
    const given = await token()
    await unharmed(async () => {
      const answer = await world.ask(given, CREATE_CUSTOMER, {
        task: { id: uuid() },
        input: { id: uuid(), name: 'Club' },
      })
      expect(answer.status).toBe(401)
      expect(answer.errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED')
      return answer
    })
  })

  it("of another agency sees nothing of this one, not even a task's id", async () => {
    const id = uuid()
    await world.ask(me, UPDATE_CUSTOMER, { task: { id }, id: customer, baseVersion: 1, patch: { notes: 'seen' } })
    const stranger = agent('agent-a', 'south')
    const answer = await world.ask(
      stranger,
      `{ task(id: "${id}") { id } tasks(ids: ["${id}"]) { nodes { id } } customer(id: "${customer}") { id } customers { nodes { id } } }`,
    )
    expect(answer.data).toEqual({ task: null, tasks: { nodes: [] }, customer: null, customers: { nodes: [] } })
  })
})

it('without a task id the gateway makes one', async () => {
  const answer = await world.ask(me, CREATE_CUSTOMER, { input: { id: uuid(), name: 'Club' } })
  expect(answer.data.createCustomer.task.id).toMatch(/^[0-9a-f-]{36}$/)
})
