/** What the gateway tells browsers with every answer, and what it says to requests that are none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLine } from '../support/wire.ts'
import { agent, startWorld, tokenFor, type World } from '../support/world.ts'

const LISTED = 'https://app.example'
const me = agent('agent-a')
let world: World

beforeAll(async () => {
  world = await startWorld({ environment: { ALLOWED_ORIGINS: `${LISTED}, https://other.example` } })
})
afterAll(() => world.close())

async function post(body: string | undefined, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenFor(me)}`, ...headers },
    ...(body === undefined ? {} : { body }),
  })
}
const TYPENAME = JSON.stringify({ query: '{ __typename }' })

describe('every answer', () => {
  it.each(['/', '/graphql', '/health/live', '/nothing-here'])(
    'of %s forbids sniffing and framing, and names no software',
    async path => {
      const { headers } = await fetch(`${world.url}${path}`)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-powered-by')).toBeNull()
      expect(headers.get('server')).toBeNull()
    },
  )

  it('of /graphql is not stored', async () => {
    expect((await post(TYPENAME)).headers.get('cache-control')).toBe('no-store')
    expect((await post('{')).headers.get('cache-control')).toBe('no-store')
    expect((await post(TYPENAME, { authorization: 'none' })).headers.get('cache-control')).toBe('no-store')
  })

  it('asks for TLS only where there is TLS', async () => {
    expect((await fetch(`${world.url}/health/live`)).headers.get('strict-transport-security')).toBeNull()
    const behindProxy = await fetch(`${world.url}/health/live`, { headers: { 'x-forwarded-proto': 'https' } })
    expect(behindProxy.headers.get('strict-transport-security')).toBe('max-age=31536000')
  })
})

describe('a page of another site', () => {
  const preflight = (origin: string): Promise<Response> =>
    fetch(`${world.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,authorization',
      },
    })

  it('that is listed may ask, without a cookie, and may see when to come back', async () => {
    const answer = await preflight(LISTED)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(LISTED)
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/authorization.*content-type/)
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    const asked = await post(TYPENAME, { origin: LISTED })
    expect(asked.headers.get('access-control-allow-origin')).toBe(LISTED)
    expect(asked.headers.get('access-control-expose-headers')).toBe('retry-after')
    expect(asked.headers.get('vary')).toMatch(/origin/i)
    expect(
      (await post(TYPENAME, { origin: LISTED, authorization: 'none' })).headers.get('access-control-allow-origin'),
    ).toBe(LISTED)
  })

  it.each(['https://evil.example', 'null', `${LISTED}.evil.example`, 'http://app.example'])(
    '%s is told nothing',
    async origin => {
      for (const answer of [await preflight(origin), await post(TYPENAME, { origin })]) {
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
        expect(answer.headers.get('access-control-allow-methods')).toBeNull()
      }
    },
  )
})

describe('a request that is none is answered as JSON, without a word of it', () => {
  const MARK = 'my-passport-number'

  it.each<[string, () => Promise<Response>, number]>([
    ['a body that is no JSON', () => post(`{ "${MARK}`), 400],
    ['a body that is empty', () => post(''), 400],
    ['a body that is a list: batching is off', () => post(`[{"query":"{ ${MARK} }"}]`), 400],
    [
      'a body with a key for a prototype',
      () => post(`{"query":"{ __typename }","variables":{"__proto__":{"x":"${MARK}"}}}`),
      400,
    ],
    ['a body of another type', () => post(MARK, { 'content-type': 'application/xml' }), 415],
    ['a body of more than 1 MiB', () => post(JSON.stringify({ query: MARK.repeat(70_000) })), 413],
    [
      'a form, as any page could send',
      () => post(`query=${MARK}`, { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
    ],
    [
      'a GET without a preflight',
      async () =>
        fetch(`${world.url}/graphql?query={__typename}`, {
          headers: { authorization: `Bearer ${await tokenFor(me)}` },
        }),
      400,
    ],
    [
      'PUT',
      async () =>
        fetch(`${world.url}/graphql`, { method: 'PUT', headers: { authorization: `Bearer ${await tokenFor(me)}` } }),
      405,
    ],
    [
      'a persisted query',
      () =>
        post(
          JSON.stringify({ query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: MARK } } }),
        ),
      200,
    ],
    ['an address that is none', () => fetch(`${world.url}/%${MARK}`), 400],
    ['an address where nothing is', () => fetch(`${world.url}/${MARK}`), 404],
  ])('%s', async (_, request, status) => {
    const answer = await request()
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect({ status: answer.status, text }).toMatchObject({ status })
    expect(JSON.parse(text)).not.toHaveProperty('data')
    expect(text).not.toContain(MARK)
    expect(text).not.toMatch(/<html|stack|node_modules|\.ts:/)
  })

  it('a Host that is none', async () => {
    const line = await openLine(
      world.url,
      `POST /graphql HTTP/1.1\r\nhost: a b[\r\nauthorization: Bearer ${await tokenFor(me)}\r\ncontent-type: application/json\r\ncontent-length: ${TYPENAME.length}\r\nconnection: close\r\n\r\n${TYPENAME}`,
    )
    expect(await line.ended).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe('who asks', () => {
  it.each([
    ['nobody', undefined],
    ['a token that is none', 'Bearer nonsense'],
    ['another scheme', 'Basic YTpi'],
  ])('%s is told to bring a token: 401 and WWW-Authenticate', async (_, authorization) => {
    const answer = await fetch(`${world.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      body: TYPENAME,
    })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect((await answer.json()).errors[0].extensions.code).toBe('UNAUTHENTICATED')
  })

  it('is settled before the body is read', async () => {
    const { host } = new URL(world.url)
    const line = await openLine(
      world.url,
      `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer nonsense\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{`,
    )
    await expect.poll(() => line.text).toMatch(/^HTTP\/1\.1 401 /)
    line.socket.destroy()
  })
})
