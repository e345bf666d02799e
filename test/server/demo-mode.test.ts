/** Demo mode: anybody signs in as anybody, so it answers to this machine alone. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ environment: { AUTH_SECRET: '' } })
})
afterAll(() => world.close())

async function asked(host: string, path: string, method = 'GET', body = ''): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(world.url)
  const headers = { host: host.replace('PORT', port), 'content-type': 'application/json' }
  const sent = request({ hostname, port, path, method, headers, agent: false }).end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode ?? 0, text }
}

it.each(['127.0.0.1:PORT', 'localhost:PORT', '[::1]:PORT', 'localhost'])(
  'gives a token to a page at %s',
  async host => {
    const { status, text } = await asked(host, '/demo/token', 'POST', '{"user":"agent-1"}')
    expect([status, JSON.parse(text)]).toEqual([200, { token: expect.any(String) }])
  },
)

it.each(['evil.example:PORT', 'localhost.evil.example', '127.0.0.1.evil.example:PORT'])(
  'gives nothing to a page at %s, whose name was made to point here',
  async host => {
    for (const [path, method, body] of [
      ['/demo/users', 'GET', ''],
      ['/demo/token', 'POST', '{"user":"agent-1"}'],
      ['/', 'GET', ''],
      ['/graphql', 'POST', '{"query":"{ __typename }"}'],
    ] as const) {
      const { status, text } = await asked(host, path, method, body)
      expect([path, status, text.includes('token')]).toEqual([
        path,
        path === '/graphql' ? expect.any(Number) : 421,
        false,
      ])
      expect(status).toBeGreaterThanOrEqual(400)
    }
  },
)
