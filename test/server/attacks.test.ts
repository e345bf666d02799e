/**
 * What an attacker sends to a gateway in production, and what it does. Each line is one attack; after each of them the gateway
 * answers a normal request, and nothing was written.
 */
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { signToken, type Viewer } from '../../server/index.ts'
import { openLine, openPeer, type Peer, signedIn } from '../support/wire.ts'
import {
  type Answer,
  agent,
  ask,
  BOOK,
  CREATE_CUSTOMER,
  SECRET,
  startWorld,
  supervisor,
  tokenFor,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
/** Each attack has a user of its own, so that none is stopped by the rate limit of another. */
let attacker: Viewer
const peers: Peer[] = []

beforeAll(async () => {
  // Empty is unset: the rate limits as they come.
  world = await startWorld({ environment: { NODE_ENV: 'production', RATE_LIMIT: '', TASK_RATE_LIMIT: '' } })
})
afterAll(() => world.close())
beforeEach(() => {
  attacker = agent(`attacker-${uuid()}`)
})
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.socket.terminate()
  // Sees the whole agency, and has asked for nothing yet.
  const answer = await world.ask(supervisor(`auditor-${uuid()}`), '{ customers { nodes { id } } }')
  expect(answer.data).toEqual({ customers: { nodes: [] } })
})

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')

const CREATE = 'createCustomer(input: { id: "planted", name: "Planted" }) { task { status } }'

/** Nothing of ours in it: no path, no stack, no other name than those that were sent. */
const INSIDES = /node_modules|\.ts:|\.js:|\n\s+at |stacktrace|Did you mean|<html/i

async function send(
  path: string,
  init: RequestInit & { token?: string | null } = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const { token = await tokenFor(attacker), ...rest } = init
  const headers = new Headers(init.headers)
  if (token !== null && !headers.has('authorization')) headers.set('authorization', `Bearer ${token}`)
  const response = await fetch(`${world.url}${path}`, { ...rest, headers })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  send('/graphql', { method: 'POST', body, headers })

const codeOf = ({ errors }: Answer): unknown => errors[0]?.extensions?.['code']

describe('floods are refused before they cost anything', () => {
  it.each<[string, string, string]>([
    [
      '500 aliases of one field',
      `{ ${times(500, index => `a${index}: customers { hasMore }`)} }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    ['1,000 aliases of __typename', `{ ${times(1000, index => `a${index}: __typename`)} }`, 'DOCUMENT_TOO_COMPLEX'],
    [
      '1,000 aliases of __typename in a mutation',
      `mutation { ${times(1000, index => `a${index}: __typename`)} }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    [
      '100 tasks with 100 aliases in each',
      `mutation { ${times(100, each => `m${each}: createCustomer(input: { id: "x", name: "x" }) { task { ${times(100, index => `a${index}: id`)} } }`)} }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    [
      '101 tasks',
      `mutation { ${times(101, index => `m${index}: createCustomer(input: { id: "planted-${index}", name: "x" }) { task { id } }`)} }`,
      'TOO_MANY_TASKS',
    ],
    [
      '101 tasks hidden in a fragment',
      `mutation { ...F } fragment F on Mutation { ${times(101, index => `m${index}: createCustomer(input: { id: "planted-${index}", name: "x" }) { task { id } }`)} }`,
      'TOO_MANY_TASKS',
    ],
    ['one field 2,000 times', `{ ${times(2000, () => '__typename')} }`, 'DOCUMENT_TOO_COMPLEX'],
    ['one list 1,000 times over', `{ ${times(1000, () => 'customers { nodes { id } }')} }`, 'DOCUMENT_TOO_COMPLEX'],
    [
      '1,000 directives at one field',
      `{ __typename ${times(1000, () => '@include(if: true)')} }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    ['1,000 unknown directives', `{ __typename ${times(1000, index => `@nobody${index}`)} }`, 'DOCUMENT_TOO_COMPLEX'],
    [
      '100 variables with a directive each',
      `query (${times(100, index => `$v${index}: Int @nobody`)}) { __typename }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    ['fields 30 deep', `{ customers ${'{ nodes '.repeat(30)}${'}'.repeat(30)} }`, 'DOCUMENT_TOO_COMPLEX'],
    [
      '1,000 nested inline fragments',
      `{ ${'... { '.repeat(1000)} __typename ${'}'.repeat(1000)} }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    ['2,000 nested braces', '{a'.repeat(2000), 'DOCUMENT_TOO_COMPLEX'],
    [
      '2,000 nested lists in an argument',
      `{ customers(first: ${'['.repeat(2000)}1${']'.repeat(2000)}) { hasMore } }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    [
      '2,000 nested objects in an argument',
      `{ customers(first: ${'{a:'.repeat(2000)}1${'}'.repeat(2000)}) { hasMore } }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    [
      'a type of 2,000 lists',
      `query ($x: ${'['.repeat(2000)}Int${']'.repeat(2000)}) { __typename }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    [
      'fragments that double 50 times',
      `{ ...F0 } ${times(50, index => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F50 on Query { __typename }`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    [
      '500 fragments to be compared with each other',
      `{ ${times(500, index => `...F${index}`)} } ${times(500, index => `fragment F${index} on Query { a: customers { hasMore } }`)}`,
      'DOCUMENT_TOO_COMPLEX',
    ],
    [
      'fragments that go round in a circle',
      '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      '20,000 operations in one document',
      times(20_000, index => `query Q${index} { __typename }`),
      'DOCUMENT_TOO_COMPLEX',
    ],
    ['a document of 100,000 words', `{ ${times(100_000, () => 'a')} }`, 'DOCUMENT_TOO_COMPLEX'],
    ['a document of 600 kB of comments', `{ __typename }\n${'#\n'.repeat(300_000)}`, 'DOCUMENT_TOO_COMPLEX'],
    ['a string of 900 kB', `{ customers(first: "${'x'.repeat(900_000)}") { hasMore } }`, 'DOCUMENT_TOO_COMPLEX'],
  ])('%s', async (_, query, code) => {
    const answer = await world.ask(attacker, query)
    expect(codeOf(answer)).toBe(code)
    expect(answer.data).toBeNull()
    expect(answer.text.length).toBeLessThan(2000)
  })

  it('a hundred of them at once, and a normal request among them is answered', async () => {
    const flood = `{ ${times(1500, index => `...F${index}`)} } ${times(1500, index => `fragment F${index} on Query { a: customers { hasMore } }`)}`
    const floods = Array.from({ length: 100 }, (_, index) => world.ask(attacker, `${flood} # ${index}`))
    const normal = world.ask(agent('bystander'), '{ __typename }')
    expect((await normal).data).toEqual({ __typename: 'Query' })
    expect(new Set((await Promise.all(floods)).map(codeOf))).toEqual(new Set(['DOCUMENT_TOO_COMPLEX']))
  })

  it('batches of documents in one request: 400, none is run', async () => {
    const { status, text } = await post(
      JSON.stringify(Array.from({ length: 50 }, () => ({ query: `mutation { ${CREATE} }` }))),
    )
    expect(status).toBe(400)
    expect(text).not.toContain('data')
  })

  it('a body of 2 MB: 413', async () => {
    expect(
      await post(JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(2_000_000) } })),
    ).toMatchObject({ status: 413 })
  })

  it('variables nested 10,000 deep', async () => {
    const { status, text } = await post(
      `{"query":"{ __typename }","variables":{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`,
    )
    expect([status, text]).toEqual([400, expect.stringContaining('DOCUMENT_TOO_COMPLEX')])
  })

  it('a body that is nothing but 500,000 brackets', async () => {
    expect((await post('['.repeat(500_000))).status).toBe(400)
  })

  it('a header of 100 kB: refused by its size', async () => {
    expect((await send('/graphql', { headers: { 'x-large': 'x'.repeat(100_000) } })).status).toBe(431)
  })

  it('300 requests at once: those beyond the burst are told when to come back', async () => {
    const token = await tokenFor(attacker)
    const answers = await Promise.all(
      Array.from({ length: 300 }, () =>
        send('/graphql', {
          method: 'POST',
          body: '{"query":"{ __typename }"}',
          headers: { 'content-type': 'application/json' },
          token,
        }),
      ),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(250)
  })

  it('requests that are never finished, in their headers or in their body, are cut off', async () => {
    const { host } = new URL(world.url)
    const [headers, body] = await Promise.all([
      openLine(world.url, `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nx-slow: `),
      openLine(
        world.url,
        `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${await tokenFor(attacker)}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
      ),
    ])
    expect(await headers.ended).toMatch(/^(HTTP\/1\.1 408 .*)?$/s)
    expect(await body.ended).toMatch(/^(HTTP\/1\.1 408 .*)?$/s)
  })
})

describe('errors tell nothing', () => {
  it('101 errors in a document: at most six are told', async () => {
    const answer = await world.ask(attacker, `{ ${times(101, index => `unknown${index}`)} }`)
    expect(answer.errors.length).toBeLessThanOrEqual(6)
  })

  it('a name of 20 kB is not sent back', async () => {
    const answer = await world.ask(attacker, `{ ${'x'.repeat(20_000)} }`)
    expect(codeOf(answer)).toBe('GRAPHQL_VALIDATION_FAILED')
    expect(answer.text.length).toBeLessThan(2000)
  })

  it.each([
    ['__schema', '{ __schema { types { name } } }'],
    ['__type', '{ __type(name: "Customer") { fields { name } } }'],
    ['__schema under another name', '{ a: __schema { queryType { name } } }'],
    ['__schema in a fragment', '{ ...F } fragment F on Query { __schema { queryType { name } } }'],
    ['types in a circle', `{ __schema { types ${'{ fields { type '.repeat(8)}{ name }${' } }'.repeat(8)} } }`],
  ])('introspection by %s is off', async (_, query) => {
    const answer = await world.ask(attacker, query)
    expect(answer.data).toBeNull()
    expect(['GRAPHQL_VALIDATION_FAILED', 'DOCUMENT_TOO_COMPLEX']).toContain(codeOf(answer))
    expect(answer.text).not.toContain('email')
  })

  it.each([
    ['a field', '{ customer_ { hasMore } }'],
    ['a field of a type', '{ customers { nodes { nam } } }'],
    ['an argument', '{ customers(firs: 1) { hasMore } }'],
    ['a type', 'query ($x: CreateCustomerInputs) { __typename }'],
    ['a value of an enum', '{ tasks(status: [CONFIRMEDD]) { hasMore } }'],
    ['a field of an input', 'mutation { createCustomer(input: { id: "x", nam: "x" }) { task { id } } }'],
  ])('almost the name of %s: no suggestion', async (_, query) => {
    const answer = await world.ask(attacker, query)
    expect(answer.errors.length).toBeGreaterThan(0)
    expect(answer.text).not.toMatch(INSIDES)
  })

  it('almost the name of an enum value in a variable: no suggestion', async () => {
    const answer = await world.ask(attacker, 'query ($s: [TaskStatus!]) { tasks(status: $s) { hasMore } }', {
      s: ['CONFIRMEDD'],
    })
    expect(codeOf(answer)).toBe('BAD_USER_INPUT')
    expect(answer.text).not.toMatch(/Did you mean|CONFIRMED/)
  })

  it.each<[string, string, object]>([
    ['a variable', BOOK, { input: { travellers: 'my passport number' } }],
    [
      'a variable inside a list',
      'query ($s: [ScopeInput!]) { changes(scopes: $s) { cursor } }',
      { s: [{ type: { x: 'my passport number' } }] },
    ],
    ['a value in the document', '{ customers(first: "my passport number") { hasMore } }', {}],
    [
      'a value in an object in the document',
      'mutation { createCustomer(input: { id: "x", name: ["my passport number"] }) { task { id } } }',
      {},
    ],
    ['a default value', 'query ($x: Int = "my passport number") { customers(first: $x) { hasMore } }', {}],
  ])('a wrong value in %s is not repeated', async (_, query, variables) => {
    const answer = await world.ask(attacker, query, variables)
    expect(answer.errors.length).toBeGreaterThan(0)
    expect(answer.text).not.toContain('passport')
  })

  it.each([
    ['a syntax error', '{'],
    ['no document at all', ''],
    ['nothing but a comment', '# nothing'],
    ['a definition of a schema', 'type Query { a: Int }'],
    ['control characters', '{ \u0000\u0007 }'],
    ['half a surrogate pair', '{ a(b: "\ud800") }'],
  ])('%s is the mistake of who sent it, never a 500', async (_, query) => {
    const answer = await world.ask(attacker, query)
    expect(answer.status).toBeLessThan(500)
    expect(answer.errors.length).toBeGreaterThan(0)
    expect(answer.text).not.toMatch(INSIDES)
  })

  it.each([
    '/playground',
    '/playground/',
    '/schema.graphql',
    '/graphql/',
    '/.env',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
  ])('GET %s tells nothing', async path => {
    const { status, text } = await send(path, { headers: { accept: 'text/html' }, token: null })
    expect([400, 401, 404]).toContain(status)
    expect(JSON.parse(text)).not.toHaveProperty('data')
    expect(text).not.toMatch(INSIDES)
  })

  it('a browser that opens /graphql gets no page', async () => {
    const { text, headers } = await send('/graphql', { headers: { accept: 'text/html' } })
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(text).not.toMatch(INSIDES)
  })

  it('no header names the software', async () => {
    const { headers } = await post('{"query":"{ __typename }"}')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('server')).toBeNull()
  })
})

describe('requests that a foreign page can cause are refused, and change nothing', () => {
  const MUTATION = `mutation { ${CREATE} }`
  const BODY = JSON.stringify({ query: MUTATION })
  it.each<[string, () => Promise<{ status: number; text: string }>]>([
    ['a mutation by GET', () => send(`/graphql?query=${encodeURIComponent(MUTATION)}`)],
    [
      'a mutation by GET, with the header of a preflight',
      () => send(`/graphql?query=${encodeURIComponent(MUTATION)}`, { headers: { 'apollo-require-preflight': 'true' } }),
    ],
    [
      'a query by GET, as an image would',
      () => send('/graphql?query={__typename}', { headers: { accept: 'image/*' } }),
    ],
    [
      'a form',
      () => post(`query=${encodeURIComponent(MUTATION)}`, { 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    [
      'a form with a file',
      () =>
        post(`--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${BODY}\r\n--x--`, {
          'content-type': 'multipart/form-data; boundary=x',
        }),
    ],
    ['JSON that calls itself text', () => post(BODY, { 'content-type': 'text/plain' })],
    ['JSON that calls itself text and JSON', () => post(BODY, { 'content-type': 'text/plain; application/json' })],
    ['JSON without a type', () => send('/graphql', { method: 'POST', body: new Blob([BODY]) })],
    ['JSON of a type that is none', () => post(BODY, { 'content-type': 'nonsense' })],
    ['a mutation by HEAD', () => send(`/graphql?query=${encodeURIComponent(MUTATION)}`, { method: 'HEAD' })],
    [
      'a mutation by PUT',
      () => send('/graphql', { method: 'PUT', body: BODY, headers: { 'content-type': 'application/json' } }),
    ],
  ])('%s', async (_, request) => {
    const { status, text } = await request()
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(text).not.toContain('"data"')
  })

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
    'the page %s is not let in by CORS',
    async origin => {
      for (const method of ['OPTIONS', 'POST']) {
        const { headers } = await send('/graphql', {
          method,
          headers: { origin, 'content-type': 'application/json', 'access-control-request-method': 'POST' },
          ...(method === 'POST' ? { body: '{"query":"{ __typename }"}' } : {}),
        })
        expect([...headers.keys()].filter(name => name.startsWith('access-control-'))).toEqual([])
      }
    },
  )
})

describe('bodies made to break something do not', () => {
  it.each([
    ['no JSON', '{ "not a JSON'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['an object without a query', '{}'],
    ['a query that is a number', '{"query":7}'],
    ['a query that is a list', '{"query":["{ __typename }"]}'],
    ['a query that is a parsed document', '{"query":{"kind":"Document","definitions":[]}}'],
    ['variables that are text', '{"query":"{ __typename }","variables":"{}"}'],
    ['variables that are a list', '{"query":"{ __typename }","variables":[]}'],
    ['an operation name that is an object', '{"query":"{ __typename }","operationName":{}}'],
    ['extensions that are a list', '{"query":"{ __typename }","extensions":[]}'],
    ['__proto__ beside the query', '{"query":"{ __typename }","__proto__":{"polluted":true}}'],
    ['__proto__ in the variables', '{"query":"{ __typename }","variables":{"__proto__":{"polluted":true}}}'],
    ['an escaped __proto__', '{"query":"{ __typename }","variables":{"\\u005f_proto__":{"polluted":true}}}'],
    [
      'constructor.prototype in the variables',
      '{"query":"{ __typename }","variables":{"a":{"constructor":{"prototype":{"polluted":true}}}}}',
    ],
  ])('%s: 400 as JSON', async (_, body) => {
    const { status, text, headers } = await post(body)
    expect(status).toBe(400)
    expect(headers.get('content-type')).toMatch(/^application\/json|^application\/graphql-response\+json/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(JSON.parse(text).errors).toHaveLength(1)
    expect(text).not.toMatch(INSIDES)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('__proto__ written into a document reaches no prototype', async () => {
    await world.ask(
      attacker,
      'mutation { resolveConflict(conflictOf: "x", decision: MERGE, values: { __proto__: { polluted: true } }) { task { status } } }',
    )
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it.each(['nobody', 'attacker'])('a persisted query registered by %s is not taken', async who => {
    const query = '{ __typename }'
    const sha256Hash = '8a1f4bb5e6c0cbb5c9a5b0a1aa64f8a5d3ce0d6a0e0e6d3a0d6c9f6a8b6f0f0e'
    const body = JSON.stringify({ query, extensions: { persistedQuery: { version: 1, sha256Hash } } })
    const { text } = await send('/graphql', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      ...(who === 'nobody' ? { token: null } : {}),
    })
    expect(text).toMatch(/PERSISTED_QUERY_NOT_SUPPORTED|UNAUTHENTICATED/)
    expect(text).not.toContain('"data"')
  })
})

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const CLAIMS = { sub: 'agent-a', agency: 'north', roles: ['agent', 'supervisor'], exp: 4_102_444_800 }
/** A token by hand: libraries refuse to make these. */
function forged(header: object, secret?: string): string {
  const signed = `${encode(header)}.${encode(CLAIMS)}`
  return `${signed}.${secret === undefined ? '' : createHmac('sha256', secret).update(signed).digest('base64url')}`
}

describe('a token that was not given out is refused: 401, nobody is let in as somebody or as nobody', () => {
  it.each<[string, () => string | Promise<string>]>([
    ['garbage', () => 'garbage'],
    ['three parts of garbage', () => 'a.b.c'],
    ['of no algorithm', () => forged({ alg: 'none' })],
    ['of no algorithm, spelled otherwise', () => forged({ alg: 'nOnE' })],
    ['signed with "secret"', () => forged({ alg: 'HS256' }, 'secret')],
    ['signed with nothing', () => forged({ alg: 'HS256' }, '\0')],
    ['of another algorithm, with the right key', () => forged({ alg: 'RS256' }, SECRET)],
    ['with a critical extension that nobody knows', () => forged({ alg: 'HS256', crit: ['x'], x: 1 }, SECRET)],
    [
      'that names its own key',
      () => forged({ alg: 'HS256', jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } }, 'mine'),
    ],
    ['that expired', () => tokenFor(agent('agent-a'), -1)],
    ['whose signature was cut off', async () => (await tokenFor(agent('agent-a'))).replace(/\.[^.]*$/, '.')],
    [
      'whose claims were changed',
      async () => (await tokenFor(agent('agent-a'))).replace(/\.[^.]*\./, `.${encode(CLAIMS)}.`),
    ],
    ['without a user', () => signToken({ ...agent(''), user: '' }, SECRET, 3600, Date.now())],
    ['without an agency', () => signToken({ ...agent('agent-a'), tenant: '' }, SECRET, 3600, Date.now())],
    ['of 10 kB', () => `${'x'.repeat(5000)}.${'y'.repeat(5000)}.z`],
  ])('%s', async (_, token) => {
    const given = await token()
    const { status, headers, text } = await send('/graphql', {
      method: 'POST',
      body: JSON.stringify({ query: `mutation { ${CREATE} }` }),
      headers: { 'content-type': 'application/json' },
      token: given,
    })
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(text).not.toContain('"data"')
    const peer = await openPeer(world.url)
    peers.push(peer)
    peer.send({ type: 'connection_init', payload: { authorization: `Bearer ${given}` } })
    expect(await peer.closed).toMatchObject({ code: 4403 })
  })

  describe('where keys are public', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    let keys: Server
    let jwks: World
    beforeAll(async () => {
      const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
      keys = createServer((_, response) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
      )
      await new Promise<void>(resolve => keys.listen(0, '127.0.0.1', resolve))
      const address = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks`
      jwks = await startWorld({ environment: { NODE_ENV: 'production', AUTH_SECRET: '', AUTH_JWKS_URL: address } })
    })
    afterAll(async () => {
      await jwks.close()
      await new Promise(resolve => keys.close(resolve))
    })

    it('a token of the right key is let in', async () => {
      const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey)
      expect((await ask(jwks.url, token, '{ __typename }')).data).toEqual({ __typename: 'Query' })
    })

    it('while nobody says which keys there are it is a fault of the gateway, and nobody is told to sign in', async () => {
      const silent = createServer((_, response) => response.writeHead(503).end())
      await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
      const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/jwks`
      const dark = await startWorld({
        environment: { NODE_ENV: 'production', AUTH_SECRET: '', AUTH_JWKS_URL: address },
      })
      const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey)
      expect((await ask(dark.url, token, '{ __typename }')).status).toBe(500)
      const peer = await openPeer(dark.url)
      peer.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })
      expect(await peer.closed).toMatchObject({ code: 4500 })
      await dark.close()
      await new Promise(resolve => silent.close(resolve))
    })

    it.each([
      [
        'the public key used as a secret',
        () => forged({ alg: 'HS256', kid: 'one' }, publicKey.export({ type: 'spki', format: 'pem' }).toString()),
      ],
      ['no algorithm', () => forged({ alg: 'none', kid: 'one' })],
      ['a key nobody has', () => forged({ alg: 'RS256', kid: 'two' }, 'x')],
    ])('a token of %s is refused', async (_, token) => {
      expect((await ask(jwks.url, token(), '{ __typename }')).status).toBe(401)
    })
  })
})

describe('over WebSocket it is the same', () => {
  async function guest(): Promise<Peer> {
    const peer = await signedIn(world.url, await tokenFor(attacker))
    peers.push(peer)
    return peer
  }
  async function errorsOf(peer: Peer, payload: object): Promise<{ message: string; extensions: { code: string } }[]> {
    const id = uuid()
    peer.send({ id, type: 'subscribe', payload })
    const { type, payload: answer } = await peer.next(message => message.id === id)
    return type === 'error' ? answer : answer.errors
  }

  it('a page of another site is refused the upgrade', async () => {
    await expect(openPeer(world.url, { origin: 'https://evil.example' })).rejects.toThrow('403')
  })

  it.each([
    ['1,000 aliases', `{ ${times(1000, index => `a${index}: __typename`)} }`, 'DOCUMENT_TOO_COMPLEX'],
    ['fields 30 deep', `{ customers ${'{ nodes '.repeat(30)}${'}'.repeat(30)} }`, 'DOCUMENT_TOO_COMPLEX'],
    ['2,000 nested braces', '{a'.repeat(2000), 'DOCUMENT_TOO_COMPLEX'],
    ['introspection', '{ __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['introspection in a subscription', 'subscription { __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['almost a name', '{ customerz { hasMore } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a syntax error', '{', 'GRAPHQL_PARSE_FAILED'],
  ])('%s: that operation ends, nothing is told, the socket goes on', async (_, query, code) => {
    const peer = await guest()
    const errors = await errorsOf(peer, { query })
    expect(errors[0]?.extensions.code).toBe(code)
    expect(JSON.stringify(errors)).not.toMatch(INSIDES)
    peer.send({ id: 'after', type: 'subscribe', payload: { query: '{ __typename }' } })
    expect((await peer.next(({ id }) => id === 'after')).payload).toEqual({ data: { __typename: 'Query' } })
  })

  it('101 errors: at most six are told', async () => {
    expect(
      (await errorsOf(await guest(), { query: `{ ${times(101, index => `unknown${index}`)} }` })).length,
    ).toBeLessThanOrEqual(6)
  })

  it('a wrong value is not repeated', async () => {
    const errors = await errorsOf(await guest(), {
      query: BOOK,
      variables: { input: { travellers: 'my passport number' } },
    })
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
    expect(JSON.stringify(errors)).not.toContain('passport')
  })

  it('a key for a prototype in the variables', async () => {
    const peer = await guest()
    peer.send(
      '{"id":"1","type":"subscribe","payload":{"query":"{ __typename }","variables":{"__proto__":{"polluted":true}}}}',
    )
    expect((await peer.next()).payload[0].extensions.code).toBe('BAD_USER_INPUT')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('a frame of 2 MB: 1009', async () => {
    const peer = await guest()
    peer.send(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(2_000_000) } }))
    expect(await peer.closed).toMatchObject({ code: 1009 })
  })

  it('300 operations that never end: 50 live, the others are refused', async () => {
    const peer = await guest()
    const refused = new Set<string>()
    for (let index = 0; index < 300; index += 1) {
      peer.send({
        id: String(index),
        type: 'subscribe',
        payload: { query: 'subscription { changesAvailable { at } }' },
      })
    }
    while (refused.size < 250) {
      const { id, type, payload } = await peer.next()
      expect([type, payload[0].extensions.code]).toEqual(['error', 'RATE_LIMITED'])
      refused.add(String(id))
    }
    expect(refused.size).toBe(250)
  })

  it('an operation before signing in: 4401', async () => {
    const peer = await openPeer(world.url)
    peers.push(peer)
    peer.send({ id: '1', type: 'subscribe', payload: { query: `mutation { ${CREATE} }` } })
    expect(await peer.closed).toMatchObject({ code: 4401 })
  })
})

it('and with all that defended, a customer can still be made', async () => {
  const mine = agent('agent-honest', 'south')
  const answer = await world.ask(mine, CREATE_CUSTOMER, { task: { id: uuid() }, input: { id: uuid(), name: 'Club' } })
  expect(answer.data.createCustomer.task.status).toBe('CONFIRMED')
})
