/** What a gateway writes at the most talkative level while people work and things fail: what happened, and nothing of theirs. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fastify, { type FastifyBaseLogger } from 'fastify'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { carefulLog } from '../../server/log.ts'
import { loggable } from '../../server/observe/loggable.ts'
import { StoreError } from '../../server/store/store.ts'
import { logger } from '../../server/vacation/logger.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import {
  agent,
  ask,
  BOOK,
  booking,
  CREATE_CUSTOMER,
  newCustomer,
  type Outside,
  startOutside,
  temporaryDirectory,
  tokenFor,
  UPDATE_CUSTOMER,
  uuid,
} from '../support/world.ts'

const me = agent('agent-SECRET-user', 'SECRET-agency')
const secrets = {
  name: 'SECRET-name\r\n{"level":50,"msg":"forged"}',
  email: 'secret@SECRET-host.example',
  phone: 'SECRET-phone',
  notes: 'SECRET-notes',
}
const directory = temporaryDirectory()
let outside: Outside
let gateway: GatewayProcess
const world = {
  ask: (viewer: Parameters<typeof ask>[1], query: string, variables?: object) =>
    ask(gateway.url, viewer, query, variables),
}

beforeAll(async () => {
  outside = await startOutside()
  gateway = await startGatewayProcess({
    dataDir: directory.path,
    env: { ...outside.environment, LOG_LEVEL: 'trace', TASK_WAIT_MS: '20000', NODE_ENV: 'development' },
  })
})
afterAll(async () => {
  await gateway.stop()
  await outside.close()
  directory.remove()
})

interface Line {
  readonly msg: string
  readonly level: number
  readonly [field: string]: unknown
}
const lines = (): Line[] => gateway.said.filter(line => line.startsWith('{')).map(line => JSON.parse(line) as Line)
const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

/** Makes the database itself fail, with a text that repeats a value, as a unique key's would. */
function sabotage(trigger: string): () => void {
  const file = new Database(join(directory.path, 'layover.db'))
  file.exec(`create trigger sabotage ${trigger} begin select raise(abort, 'SECRET-sql'); end`)
  return () => {
    file.exec('drop trigger sabotage')
    file.close()
  }
}

async function work(): Promise<void> {
  const customer = await newCustomer(world, me, secrets)
  await world.ask(me, BOOK, { task: { id: uuid() }, input: booking(customer, { notes: 'SECRET-wish' }) })
  const update = (patch: object): Promise<unknown> =>
    world.ask(me, UPDATE_CUSTOMER, { task: { id: uuid(), client: 'd' }, id: customer, baseVersion: 1, patch })
  await update({ notes: 'SECRET-mine' })
  await world.ask(me, UPDATE_CUSTOMER, {
    task: { id: uuid(), client: 'another' },
    id: customer,
    baseVersion: 1,
    patch: { notes: 'SECRET-theirs' },
  })
  await update({ email: 'SECRET no address' })
}

async function failures(): Promise<void> {
  const customer = await newCustomer(world, me, secrets)
  outside.sandbox.control.fault({ supplier: 'hotel', on: 'reserve', kind: 'html-502', times: 1 })
  outside.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'cut-after', times: 1 })
  outside.mailbox.refuse(1)
  await world.ask(me, BOOK, { task: { id: uuid() }, input: booking(customer) })
  const mend = sabotage(`before insert on task when new.name = 'createCustomer'`)
  const refused = await world.ask(me, CREATE_CUSTOMER, { task: { id: uuid() }, input: { id: uuid(), ...secrets } })
  expect(refused.errors[0]?.extensions).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  mend()
  const mendMemo = sabotage(`before insert on memo when new.key = 'hotel 1'`)
  const stumbling = world.ask(me, BOOK, { task: { id: uuid() }, input: booking(customer) })
  await vi.waitUntil(() => lines().some(({ msg }) => msg.startsWith('a task stumbled')), 15_000)
  mendMemo()
  await stumbling
}

async function badInput(): Promise<void> {
  const authorization = `Bearer ${await tokenFor(me)}`
  await world.ask('SECRET.bad.token', '{ tasks { endCursor } }')
  await world.ask(await tokenFor(me, -10), '{ tasks { endCursor } }')
  await post('{"query": SECRET-not-json', { authorization })
  await post(JSON.stringify({ query: '{ tasks(after: "SECRET-literal") { endCursor } SECRET_field }' }), {
    authorization,
  })
  await post(JSON.stringify({ query: 'query { # SECRET-comment', variables: { a: 'SECRET-variable' } }), {
    authorization,
  })
  await post('SECRET-text', { authorization, 'content-type': 'text/SECRET' })
  await post('{}', {
    authorization,
    'user-agent': 'SECRET-agent',
    'x-request-id': 'SECRET-request',
    cookie: 'a=SECRET',
  })
  await world.ask(me, CREATE_CUSTOMER, { task: { id: 'SECRET id with spaces' }, input: { id: uuid(), name: 7 } })
  await world.ask(me, BOOK, { task: { id: uuid() }, input: { SECRET: 'SECRET' } })
  await fetch(`${gateway.url}/SECRET/path?token=SECRET-query`)
  await fetch(`${gateway.url}/%E0%A4%A?SECRET-query`)
  await fetch(`${gateway.url}/graphql?query={SECRET}`, { headers: { 'apollo-require-preflight': 'SECRET' } })
  await fetch(`${gateway.url}/graphql`, { method: 'POST', body: `"${'SECRET'.repeat(200_000)}"` })
}

async function sockets(): Promise<void> {
  const open = async (...messages: string[]): Promise<void> => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql?SECRET`, 'graphql-transport-ws')
    await new Promise(resolve => socket.once('open', resolve))
    const closed = new Promise(resolve => socket.once('close', resolve))
    for (const message of messages) socket.send(message)
    await closed
  }
  const init = (authorization: string): string =>
    JSON.stringify({ type: 'connection_init', payload: { authorization } })
  await open(init('Bearer SECRET'))
  await open('SECRET no message')
  const query = 'subscription { SECRET_field }'
  await open(
    init(`Bearer ${await tokenFor(me)}`),
    JSON.stringify({ id: 'SECRET', type: 'subscribe', payload: { query } }),
    JSON.stringify({ type: 'SECRET' }),
  )
}

describe('a gateway that logs everything', () => {
  beforeAll(async () => {
    await work()
    await failures()
    await badInput()
    await sockets()
  })

  it('says nothing of what people typed, sent or are called', () => {
    expect(gateway.said.filter(line => /secret/i.test(line))).toEqual([])
  })

  it('writes lines of JSON that no value can forge', () => {
    const started = gateway.said.findIndex(line => line.startsWith('{'))
    expect(started).toBeGreaterThanOrEqual(0)
    expect(lines().length).toBeGreaterThan(20)
    expect(lines().filter(({ msg }) => msg === 'forged')).toEqual([])
    const plain = gateway.said.filter(line => !line.startsWith('{'))
    expect(plain[0]).toMatch(/^Layover is at /)
    expect(plain.slice(1).every(line => /^ {2}\S/.test(line))).toBe(true)
  })

  it('says of a request its pattern, status, duration, operation and number of tasks', async () => {
    const said = lines().filter(({ msg, route }) => msg === 'request' && route === '/graphql')
    expect(said[0]).toMatchObject({ level: 30, method: 'POST', status: 200, durationMs: expect.any(Number), tasks: 1 })
    const token = await tokenFor(me)
    const before = lines().length
    await ask(
      gateway.url,
      token,
      'mutation Two($a: ID!) { a: deleteCustomer(task: {id: $a}, id: "x", baseVersion: 1) { task { id } } b: deleteCustomer(task: {id: "b"}, id: "y", baseVersion: 1) { task { id } } }',
      { a: uuid() },
    )
    await ask(gateway.url, token, `query ${'x'.repeat(65)} { tasks { endCursor } }`)
    await expect.poll(() => lines().length).toBe(before + 2)
    const [two, long] = lines().slice(before)
    expect(two).toMatchObject({ operation: 'Two', tasks: 2, route: '/graphql', status: 200 })
    expect(long).toMatchObject({ tasks: 0, status: 200 })
    expect(long).not.toHaveProperty('operation')
  })

  it('says of an error its class, code, place and cause', () => {
    const failed = lines().find(({ msg }) => msg === 'the store did not answer')
    expect(failed?.['error']).toMatchObject({
      name: 'StoreError',
      code: 'STORE_UNAVAILABLE',
      stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
      cause: { name: 'SqliteError', code: 'SQLITE_CONSTRAINT_TRIGGER' },
    })
    expect(failed?.['error']).not.toHaveProperty('cause.message')
    expect(lines().find(({ msg }) => msg.startsWith('a task stumbled'))?.['task']).toEqual(expect.any(String))
  })
})

describe('an error made loggable', () => {
  it('keeps its frames and loses its text, even where the text looks like frames', () => {
    const said = loggable(new TypeError('SECRET\n    at SECRET (file:///SECRET.js:1:1)'))
    expect(said.name).toBe('TypeError')
    expect(said.stack?.[0]).toMatch(/^at .*logs\.test\.ts/)
    expect(JSON.stringify(said)).not.toContain('SECRET')
  })

  it('shows no frames when its text was changed later, since nothing tells them apart', () => {
    const error = new Error('SECRET\n    at SECRET')
    expect(error.stack).toContain('SECRET')
    error.message = 'another'
    expect(loggable(error)).toEqual({ name: 'Error' })
  })

  it('keeps codes, not what only looks like one, and follows its causes', () => {
    const cause = Object.assign(new Error('SECRET'), { code: 'ECONNREFUSED', address: 'SECRET' })
    const error = Object.assign(new Error('SECRET', { cause }), { code: 'SECRET code' })
    expect(loggable(error)).toMatchObject({ name: 'Error', cause: { code: 'ECONNREFUSED' } })
    expect(JSON.stringify(loggable(error))).not.toContain('SECRET')
    expect(loggable('SECRET')).toEqual({ name: 'thrown string' })
    expect(loggable({ name: 'SECRET' })).toEqual({ name: 'thrown object' })
  })

  it('of our own store keeps the text, which says what to do', () => {
    expect(loggable(new StoreError('STORE_LOCKED', 'stop the other one'))).toMatchObject({
      code: 'STORE_LOCKED',
      message: 'stop the other one',
    })
  })

  it('reaches any logger that way', () => {
    const said: object[] = []
    const log = (fields: object): unknown => said.push(fields)
    carefulLog({ info: log, warn: log, error: log }).error({ error: new Error('SECRET'), task: 't' }, 'failed')
    expect(said).toMatchObject([{ task: 't', error: { name: 'Error' } }])
    expect(JSON.stringify(said)).not.toContain('SECRET')
  })
})

it("the application's logger lets no error's text through, whoever writes it", async () => {
  const said: string[] = []
  const log = logger('trace', { write: line => said.push(line) })
  const app = fastify({ loggerInstance: log as FastifyBaseLogger })
  app.get('/fails', () => {
    throw new TypeError('SECRET')
  })
  app.get('/twice', (_, reply) => {
    reply.send('once')
    reply.send('twice')
  })
  await app.inject('/fails?SECRET')
  await app.inject('/twice?SECRET')
  log.error(new Error('SECRET'))
  log.error({ err: new Error('SECRET') })
  log.warn('it could not read "SECRET"')
  await app.close()
  expect(said.join('')).not.toContain('SECRET')
  expect(said.map(line => JSON.parse(line) as Line).find(({ level }) => level === 50)).toMatchObject({
    req: { method: 'GET', route: '/fails' },
    err: { name: 'TypeError', stack: expect.any(Array) },
  })
})
