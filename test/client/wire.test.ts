/** What kind of answer came, told apart by type and code, never by text. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable } from '@apollo/client'
import { parse } from 'graphql'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { browserHint, Connectivity } from '../../client/connectivity.ts'
import { type Answer, Wire } from '../../client/wire.ts'
import { ManualClock } from './notes-app.ts'

const ASK = parse('{ __typename }', { noLocation: true })

function wireOver(link: ApolloLink) {
  const clock = new ManualClock()
  const connectivity = new Connectivity(
    browserHint,
    clock,
    'auto',
    () => undefined,
    () => undefined,
  )
  const client = new ApolloClient({ cache: new InMemoryCache(), link })
  return {
    clock,
    connectivity,
    wire: new Wire(client, clock, connectivity, { get: () => undefined, learn: () => undefined }, 1000),
  }
}

async function serving(answer: (response: ServerResponse, body: string) => void) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    answer(response, body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return wireOver(new HttpLink({ uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))
}

async function answerTo(status: number, type: string, body: string, headers: object = {}): Promise<Answer> {
  const { wire } = await serving(response => response.writeHead(status, { 'content-type': type, ...headers }).end(body))
  return wire.send(ASK, {})
}

const HTML = '<html>Please sign in. 401 UNAUTHENTICATED 413</html>'
const refusal = (code: string): string => JSON.stringify({ errors: [{ message: 'no 401', extensions: { code } }] })
const GRAPHQL = 'application/graphql-response+json'
const JSON_TYPE = 'application/json'

const pages: [string, number, string, string][] = [
  ['a captive portal', 200, 'text/html', HTML],
  ['a page that calls itself JSON', 200, JSON_TYPE, HTML],
  ['JSON that is not GraphQL', 200, JSON_TYPE, '{"status":"ok"}'],
  ['an empty body', 200, JSON_TYPE, ''],
  ['half a body', 200, JSON_TYPE, '{"data":{"__type'],
  ['a 403 of a proxy', 403, 'text/html', HTML],
  ['a 404', 404, 'text/html', HTML],
  ['a 425 that is not of the gateway', 425, 'text/html', HTML],
  ['a 500', 500, 'text/html', HTML],
  ['a 502', 502, 'text/html', HTML],
  ['a 503 that speaks GraphQL', 503, JSON_TYPE, refusal('UNAUTHENTICATED')],
  ['a 504', 504, 'text/plain', 'upstream timeout'],
]
test.each(pages)('%s is no answer', async (_name, status, type, body) => {
  expect(await answerTo(status, type, body)).toMatchObject({ kind: 'none', retryAfterMs: undefined })
})

test('a body that ends before its length is no answer', async () => {
  const { wire } = await serving(response => {
    response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': 100 })
    response.write('{"data":{', () => response.socket?.destroy())
  })
  expect(await wire.send(ASK, {})).toMatchObject({ kind: 'none' })
})

test('a connection that hangs is none after the longest waiting, and the request is given up', async () => {
  const [arrived, closed] = [vi.fn(), vi.fn()]
  const { wire, clock } = await serving(response => {
    arrived()
    response.on('close', closed)
  })
  const answer = wire.send(ASK, {})
  await vi.waitFor(() => expect(arrived).toHaveBeenCalled())
  clock.advance(1000)
  expect(await answer).toMatchObject({ kind: 'none', cause: { code: 'UNREACHABLE' } })
  await vi.waitFor(() => expect(closed).toHaveBeenCalled())
})

test('an abort, a network error with a telling text, a refused connection and an unknown host are none', async () => {
  const failures = [
    new DOMException('This operation was aborted 401', 'AbortError'),
    new TypeError('fetch failed: 413 401'),
    Object.assign(new Error('timeout after 4000ms'), { statusCode: 401 }),
  ]
  for (const failure of failures) {
    const { wire } = wireOver(new ApolloLink(() => new Observable(observer => observer.error(failure))))
    expect(await wire.send(ASK, {})).toMatchObject({ kind: 'none', cause: failure })
  }
  for (const uri of ['http://127.0.0.1:1/', 'http://gateway.invalid/'])
    expect(await wireOver(new HttpLink({ uri })).wire.send(ASK, {})).toMatchObject({ kind: 'none' })
})

test.each([
  ['a 401 with a page', 401, 'text/html', HTML],
  ['a 401 that speaks GraphQL', 401, GRAPHQL, refusal('UNAUTHENTICATED')],
  ['UNAUTHENTICATED with 200', 200, JSON_TYPE, refusal('UNAUTHENTICATED')],
])('%s asks for a sign-in', async (_name, status, type, body) => {
  expect(await answerTo(status, type, body)).toMatchObject({ kind: 'unauthenticated' })
})

test('413 says that the document is too large', async () => {
  expect(await answerTo(413, 'text/html', HTML)).toMatchObject({ kind: 'too-large' })
})

test.each([
  ['FORBIDDEN', 403, GRAPHQL],
  ['FORBIDDEN', 403, JSON_TYPE],
  ['BAD_USER_INPUT', 400, JSON_TYPE],
  ['PREDECESSOR_MISSING', 425, GRAPHQL],
  ['PREDECESSOR_MISSING', 425, JSON_TYPE],
  ['INTERNAL_SERVER_ERROR', 500, JSON_TYPE],
])('%s with %i as %s is an answer of the gateway', async (code, status, type) => {
  expect(await answerTo(status, type, refusal(code))).toMatchObject({
    kind: 'answer',
    data: null,
    errors: [{ extensions: { code } }],
  })
})

describe('Retry-After', () => {
  const date = 'Fri, 20 Nov 2026 10:00:00 GMT'
  test.each([
    ['seconds', { 'retry-after': '120' }, 120_000],
    ['a date, held against the sender’s clock', { 'retry-after': 'Fri, 20 Nov 2026 10:01:30 GMT', date }, 90_000],
    ['a date that is over', { 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT', date }, undefined],
    ['more than an hour', { 'retry-after': '999999999' }, 3_600_000],
    ['less than nothing', { 'retry-after': '-1' }, undefined],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
  ])('%s', async (_name, headers, retryAfterMs) => {
    for (const type of ['text/html', GRAPHQL]) {
      const answer = await answerTo(429, type, refusal('RATE_LIMITED'), headers)
      expect(answer).toMatchObject({ kind: 'busy', retryAfterMs })
    }
  })
})

test('an answer keeps the order only if it repeats what the document follows', async () => {
  const { wire } = await serving((response, body) => {
    const { extensions = {} } = JSON.parse(body)
    const echo = extensions.layover?.follows === 'lost' ? { layover: { follows: 'another' } } : extensions
    response
      .writeHead(200, { 'content-type': JSON_TYPE })
      .end(JSON.stringify({ data: { __typename: 'Query' }, extensions: echo }))
  })
  expect(await wire.send(ASK, {}, 'a')).toMatchObject({ keepsOrder: true })
  expect(await wire.send(ASK, {}, null)).toMatchObject({ keepsOrder: true })
  expect(await wire.send(ASK, {})).toMatchObject({ keepsOrder: false })
  expect(await wire.send(ASK, {}, 'lost')).toMatchObject({ keepsOrder: false })
})
