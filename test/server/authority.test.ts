/** Who may see and do what, on every road: reads, changes, tasks, remembered answers, pokes, tokens. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { confirmed, defineCollection, defineTask, type Viewer } from '../../server/index.ts'
import { startSmallGateway } from '../support/small-gateway.ts'
import {
  agent,
  BOOK,
  booking,
  CANCEL,
  CREATE_CUSTOMER,
  DELETE_CUSTOMER,
  newCustomer,
  RESOLVE,
  startWorld,
  supervisor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

const EVERYTHING = `query ($customer: ID!, $vacation: ID!, $task: ID!) {
  customer(id: $customer) { id } vacation(id: $vacation) { id customer { id } } task(id: $task) { id }
  customers(first: 500) { nodes { id } } vacations(first: 500) { nodes { id } } tasks(first: 500) { nodes { id } }
  changes(first: 5000) { changed { __typename id } }
}`

let world: World
const owner = agent('agent-a')
let ids: { customer: string; vacation: string; task: string }

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '10000' } })
  const customer = await newCustomer(world, owner)
  const task = uuid()
  const input = booking(customer)
  const { data } = await world.ask(owner, BOOK, { task: { id: task }, input })
  expect(data.bookVacation.task.status).toBe('CONFIRMED')
  ids = { customer, vacation: String(input['vacationId']), task }
})
afterAll(() => world.close())

/** Of the three records, those that any of the roads showed. */
async function seen(viewer: Viewer): Promise<string[]> {
  const { data, errors } = await world.ask(viewer, EVERYTHING, ids)
  expect(errors).toEqual([])
  const text = JSON.stringify(data)
  return Object.entries(ids).flatMap(([name, id]) => (text.includes(id) ? [name] : []))
}

describe('reading', () => {
  it.each<[string, Viewer, string[]]>([
    ['the owner sees what is his', owner, ['customer', 'vacation', 'task']],
    ["a supervisor sees the agency's", supervisor('chief'), ['customer', 'vacation', 'task']],
    ['another agent of the agency sees nothing of it', agent('agent-b'), []],
    ['an agent of the same name in another agency sees nothing of it', agent('agent-a', 'south'), []],
    ['a supervisor of another agency sees nothing of it', supervisor('chief', 'south'), []],
    ['somebody without a role sees nothing of it', { user: 'guest', tenant: 'north', roles: [] }, []],
  ])('%s', async (_, viewer, expected) => {
    expect(await seen(viewer)).toEqual(expected)
  })

  it('all agencies see the offers', async () => {
    const { data } = await world.ask(agent('agent-z', 'south'), '{ hotelOffers { nodes { id } } }')
    expect(data.hotelOffers.nodes.length).toBeGreaterThan(0)
  })
})

describe('doing', () => {
  const strangers: [string, Viewer][] = [
    ['another agent', agent('agent-b')],
    ['an agent of the same name elsewhere', agent('agent-a', 'south')],
    ['a supervisor elsewhere', supervisor('chief', 'south')],
  ]
  it.each(strangers)(
    '%s can neither change, delete, cancel nor book on it, nor learn that it is there',
    async (_, stranger) => {
      const { customer, vacation } = ids
      const attempts: [string, string, object][] = [
        ['updateCustomer', UPDATE_CUSTOMER, { id: customer, baseVersion: 1, patch: { notes: 'mine now' } }],
        ['deleteCustomer', DELETE_CUSTOMER, { id: customer, baseVersion: 1 }],
        ['cancelVacation', CANCEL, { id: vacation, baseVersion: 1 }],
        ['bookVacation', BOOK, { input: booking(customer) }],
      ]
      for (const [field, document, variables] of attempts) {
        const { data } = await world.ask(stranger, document, { task: { id: uuid() }, ...variables })
        expect([field, data[field].task.status, data[field].task.rejection.code]).toEqual([
          field,
          'REJECTED',
          'NOT_FOUND',
        ])
      }
    },
  )

  it.each(strangers)(
    "%s who sends the owner's task id and input gets an execution of his own, not the owner's answer",
    async (_, stranger) => {
      const id = uuid()
      const input = { id: uuid(), name: 'Harbour Rowing Club' }
      const first = await world.ask(owner, CREATE_CUSTOMER, { task: { id }, input })
      expect(first.data.createCustomer.customer.ownerId).toBe('agent-a')
      const { data } = await world.ask(stranger, CREATE_CUSTOMER, { task: { id }, input })
      const inSameAgency = stranger.tenant === owner.tenant
      expect(data.createCustomer.task.status).toBe(inSameAgency ? 'REJECTED' : 'CONFIRMED')
      expect(data.createCustomer.customer?.ownerId).toBe(inSameAgency ? undefined : stranger.user)
    },
  )

  it.each(strangers)("%s can neither settle nor withdraw the owner's task", async (_, stranger) => {
    const customer = await newCustomer(world, owner)
    await world.ask(supervisor('chief'), UPDATE_CUSTOMER, { id: customer, baseVersion: 1, patch: { notes: 'theirs' } })
    const task = uuid()
    const { data } = await world.ask(owner, UPDATE_CUSTOMER, {
      task: { id: task },
      id: customer,
      baseVersion: 1,
      patch: { notes: 'mine' },
    })
    expect(data.updateCustomer.task.status).toBe('CONFLICT')
    const settled = await world.ask(stranger, RESOLVE, {
      task: { id: uuid() },
      conflictOf: task,
      decision: 'KEEP_MINE',
    })
    expect(settled.data.resolveConflict.task.rejection.code).toBe('NOT_FOUND')
    await world.ask(stranger, `mutation { cancelTask(id: "${task}") { task { status } } }`)
    expect((await world.ask(owner, `{ task(id: "${task}") { status } }`)).data.task.status).toBe('CONFLICT')
  })

  it('an agent can not give himself what only a supervisor gives', async () => {
    const customer = await newCustomer(world, owner)
    const patch = { ownerId: 'agent-b' }
    const give = (viewer: Viewer): Promise<Awaited<ReturnType<World['ask']>>> =>
      world.ask(viewer, UPDATE_CUSTOMER, { task: { id: uuid() }, id: customer, baseVersion: 1, patch })
    expect((await give(owner)).data.updateCustomer.task.rejection.code).toBe('FORBIDDEN')
    expect((await give(supervisor('chief'))).data.updateCustomer.task.status).toBe('CONFIRMED')
  })
})

it('a record of an owned collection without an owner is refused: nobody would ever see it', async () => {
  const create = defineTask<{ id: string }>('create', {
    touches: ({ id }) => [{ type: 'Note', id }],
    run: async ({ id }, transaction) => {
      const written = await transaction.create('Note', id, { text: id === 'owned' ? 'me' : null })
      return written.kind === 'written' ? confirmed({}) : written
    },
  })
  const collections = [defineCollection('Note', { owner: 'text', mayRead: () => 'own' })]
  const small = await startSmallGateway([create], { collections })
  const ask = async (id: string): Promise<unknown> =>
    (
      await small.ask(
        `mutation { create(task: { id: "${id}" }, id: "${id}") { task { status rejection { code field } } } }`,
      )
    ).create.task
  expect(await ask('owned')).toEqual({ status: 'CONFIRMED', rejection: null })
  expect(await ask('nobody')).toEqual({ status: 'REJECTED', rejection: { code: 'INVALID_INPUT', field: 'text' } })
  await small.close()
})

describe('tokens by JWKS', () => {
  let keys: Server
  let signed: World
  let sign: (claims: object, expiresIn?: string) => Promise<string>
  let served = 0

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'first', alg: 'ES256', use: 'sig' }
    keys = createServer((_, response) => {
      served += 1
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
    }).listen(0, '127.0.0.1')
    await once(keys, 'listening')
    const url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys.json`
    signed = await startWorld({ environment: { AUTH_SECRET: '', AUTH_JWKS_URL: url } })
    sign = (claims, expiresIn = '1h') =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'first' })
        .setIssuedAt(Math.floor(systemClock.now() / 1000))
        .setExpirationTime(expiresIn)
        .sign(privateKey)
  })
  afterAll(async () => {
    await signed.close()
    keys.close()
  })
  const status = async (token: string): Promise<number> => (await signed.ask(token, '{ tasks { hasMore } }')).status

  it('one signed by a listed key is let in, and the keys are fetched once', async () => {
    const token = await sign({ sub: 'agent-a', agency: 'north', roles: ['agent'] })
    expect([await status(token), await status(token)]).toEqual([200, 200])
    expect(served).toBe(1)
  })

  it.each<[string, () => Promise<string>]>([
    ['an expired one', () => sign({ sub: 'agent-a', agency: 'north' }, '-1m')],
    ['one without an agency', () => sign({ sub: 'agent-a' })],
    ['one without a user', () => sign({ agency: 'north' })],
    [
      'one signed by another key',
      async () => {
        const { privateKey } = await generateKeyPair('ES256')
        return new SignJWT({ sub: 'agent-a', agency: 'north' })
          .setProtectedHeader({ alg: 'ES256', kid: 'first' })
          .setExpirationTime('1h')
          .sign(privateKey)
      },
    ],
    [
      'one signed with the public key as a secret',
      async () =>
        new SignJWT({ sub: 'agent-a', agency: 'north' })
          .setProtectedHeader({ alg: 'HS256', kid: 'first' })
          .setExpirationTime('1h')
          .sign(new TextEncoder().encode('any secret of thirty-two characters')),
    ],
  ])('%s is nobody', async (_, token) => {
    expect(await status(await token())).toBe(401)
  })
})
