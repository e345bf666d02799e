/** graphql-transport-ws, and what becomes of a socket that does not keep to it. Codes: PROTOCOL.md of graphql-ws, RFC 6455. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../protocol/index.ts'
import { serveWebSocket, type WebSocketOptions } from '../../server/use/ws.ts'
import { openLine, openPeer, type Peer, type PeerOptions, signedIn } from '../support/wire.ts'
import { agent, BOOK, CREATE_CUSTOMER, startWorld, tokenFor, uuid, type World } from '../support/world.ts'

const me = agent('agent-a')
const POKES = 'subscription { changesAvailable { at } }'

/** The system's clock, with a lead that tests give it; what is due by then is called back. */
function leadingClock(): Clock & { lead(ms: number): void } {
  let ahead = 0
  const due = new Map<() => void, number>()
  const now = (): number => systemClock.now() + ahead
  return {
    now,
    after(ms, run) {
      const once = (): void => {
        if (due.delete(once)) run()
      }
      due.set(once, now() + ms)
      const withdraw = systemClock.after(ms, once)
      return () => {
        due.delete(once)
        withdraw()
      }
    },
    lead(ms) {
      ahead += ms
      for (const [run, time] of due) if (time <= now()) run()
    },
  }
}

let world: World
const peers: Peer[] = []

beforeAll(async () => {
  world = await startWorld({ environment: { ALLOWED_ORIGINS: 'https://app.example' } })
})
afterAll(() => world.close())
afterEach(() => {
  for (const peer of peers.splice(0)) peer.socket.terminate()
})

async function stranger(options: PeerOptions = {}, url = world.url): Promise<Peer> {
  const peer = await openPeer(url, options)
  peers.push(peer)
  return peer
}

async function guest(options: PeerOptions = {}, url = world.url, lifetimeSeconds = 3600): Promise<Peer> {
  const peer = await signedIn(url, await tokenFor(me, lifetimeSeconds), options)
  peers.push(peer)
  return peer
}

const subscribe = (id: string, query: string, more: object = {}): object => ({
  id,
  type: 'subscribe',
  payload: { query, ...more },
})

/** The socket still answers. */
async function answers(peer: Peer): Promise<void> {
  const id = uuid()
  peer.send(subscribe(id, '{ __typename }'))
  expect((await peer.next(message => message.id === id)).payload).toEqual({ data: { __typename: 'Query' } })
}

async function errorOf(peer: Peer, query: string, more: object = {}): Promise<{ code: unknown; message: string }> {
  const id = uuid()
  peer.send(subscribe(id, query, more))
  const { type, payload } = await peer.next(message => message.id === id)
  const [first] = type === 'error' ? payload : payload.errors
  return { code: first.extensions.code, message: first.message }
}

it('an answer repeats what the document follows, as over HTTP', async () => {
  const peer = await guest()
  const [first, second] = [uuid(), uuid()]
  const heard = async (id: string, follows: string | null): Promise<unknown> => {
    const variables = { task: { id }, input: { id: uuid(), name: 'Harbour Rowing Club' } }
    peer.send(subscribe(id, CREATE_CUSTOMER, { variables, extensions: { layover: { follows } } }))
    return (await peer.next(message => message.id === id)).payload.extensions
  }
  expect(await heard(first, null)).toEqual({ layover: { follows: null } })
  expect(await heard(second, first)).toEqual({ layover: { follows: first } })
})

describe('a frame that is no message closes the socket with 4400', () => {
  it.each([
    ['no JSON', 'hello'],
    ['an empty frame', ''],
    ['a number', '7'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no type', '{}'],
    ['a type that is no text', '{"type":1}'],
    ['an unknown type', '{"type":"start","id":"1","payload":{}}'],
    ['a payload of connection_init that is no object', '{"type":"connection_init","payload":"x"}'],
    ['connection_ack, which only the gateway sends', '{"type":"connection_ack"}'],
    ['next, which only the gateway sends', '{"type":"next","id":"1","payload":{"data":null}}'],
    ['error, which only the gateway sends', '{"type":"error","id":"1","payload":[{"message":"x"}]}'],
    ['subscribe without an id', '{"type":"subscribe","payload":{"query":"{ __typename }"}}'],
    ['subscribe with an empty id', '{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}'],
    ['subscribe without a payload', '{"type":"subscribe","id":"1"}'],
    ['subscribe without a query', '{"type":"subscribe","id":"1","payload":{}}'],
    [
      'variables that are no object',
      '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":"x"}}',
    ],
    [
      'extensions that are no object',
      '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","extensions":[]}}',
    ],
    ['an id of 129 characters', JSON.stringify(subscribe('x'.repeat(129), '{ __typename }'))],
    ['an id of 5 kB', JSON.stringify(subscribe('x'.repeat(5000), '{ __typename }'))],
    ['complete without an id', '{"type":"complete"}'],
    ['100,000 nested brackets', `{"type":"ping","payload":{"x":${'['.repeat(100_000)}`],
  ])('%s', async (_, frame) => {
    const peer = await guest()
    peer.send(frame)
    expect(await peer.closed).toMatchObject({ code: 4400 })
  })
})

describe('a socket that does not keep to the protocol is closed', () => {
  it('4401: an operation before connection_init', async () => {
    const peer = await stranger()
    peer.send(subscribe('1', '{ __typename }'))
    expect(await peer.closed).toMatchObject({ code: 4401 })
  })

  it.each([
    ['no token', {}],
    ['a token that is none', { authorization: 'Bearer nonsense' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
  ])('4403: connection_init with %s', async (_, payload) => {
    const peer = await stranger()
    peer.send({ type: 'connection_init', payload })
    expect(await peer.closed).toMatchObject({ code: 4403 })
  })

  it('4406: another subprotocol, or none', async () => {
    expect(await (await stranger({ protocol: null })).closed).toMatchObject({ code: 4406 })
    await expect(openPeer(world.url, { protocol: 'graphql-ws' })).rejects.toThrow()
  })

  it('4408: no connection_init within three seconds', async () => {
    expect(await (await stranger()).closed).toMatchObject({ code: 4408 })
  })

  it('4409: an id that is in use', async () => {
    const peer = await guest()
    peer.send(subscribe('x'.repeat(128), POKES))
    peer.send(subscribe('x'.repeat(128), POKES))
    expect((await peer.closed).code).toBe(4409)
  })

  it('4429: connection_init twice', async () => {
    const peer = await guest()
    peer.send({ type: 'connection_init' })
    expect(await peer.closed).toMatchObject({ code: 4429 })
  })

  it('1009: a frame of 2 MB', async () => {
    const peer = await guest()
    peer.send(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(2_000_000) } }))
    expect(await peer.closed).toMatchObject({ code: 1009 })
  })

  it('1007: text that is no UTF-8', async () => {
    const peer = await guest()
    peer.socket.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false })
    expect(await peer.closed).toMatchObject({ code: 1007 })
  })
})

describe('what is wrong with one operation ends that operation, and the socket goes on', () => {
  it.each([
    ['a syntax error', '{ customers(', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nonsense }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable of a wrong type',
      'query ($x: Int!) { customers(first: $x) { hasMore } }',
      { variables: { x: 'y' } },
      'BAD_USER_INPUT',
    ],
    ['an argument of a wrong value', '{ customers(first: 0) { hasMore } }', {}, 'BAD_USER_INPUT'],
    [
      'an operation that the document lacks',
      'query A { __typename }',
      { operationName: 'B' },
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['20,000 nested brackets', '{a'.repeat(20_000), {}, 'DOCUMENT_TOO_COMPLEX'],
    [
      'an alias flood',
      `{ ${Array.from({ length: 500 }, (_, index) => `a${index}: __typename`).join(' ')} }`,
      {},
      'DOCUMENT_TOO_COMPLEX',
    ],
  ])('%s', async (_, query, more, code) => {
    const peer = await guest()
    peer.send(subscribe('pokes', POKES))
    expect((await errorOf(peer, query, more)).code).toBe(code)
    await answers(peer)
    await world.ask(me, CREATE_CUSTOMER, { task: { id: uuid() }, input: { id: uuid(), name: 'Club' } })
    expect(await peer.next(({ id }) => id === 'pokes')).toMatchObject({ type: 'next' })
  })

  it('and repeats nothing of what was typed', async () => {
    const peer = await guest()
    const { message } = await errorOf(peer, BOOK, { variables: { input: { travellers: 'my passport number' } } })
    expect(message).toMatch(/^Variable "\$input" is not valid/)
  })
})

describe('an operation too many', () => {
  it('is refused, and the 50 under way go on', async () => {
    const peer = await guest()
    for (let index = 0; index < 50; index += 1) peer.send(subscribe(`live-${index}`, POKES))
    expect((await errorOf(peer, '{ __typename }')).code).toBe('RATE_LIMITED')
    peer.send({ id: 'live-0', type: 'complete' })
    await answers(peer)
    await world.ask(me, CREATE_CUSTOMER, { task: { id: uuid() }, input: { id: uuid(), name: 'Club' } })
    for (let index = 1; index < 50; index += 1) await peer.next(({ id }) => id === `live-${index}`)
  })
})

describe('a token', () => {
  let clock: ReturnType<typeof leadingClock>
  let timely: World

  beforeEach(async () => {
    clock = leadingClock()
    timely = await startWorld({ clock })
  })
  afterEach(() => timely.close())

  it('that expires closes its socket at that moment (4403), with operations under way', async () => {
    const peer = await guest({}, timely.url, 1800)
    peer.send(subscribe('pokes', POKES))
    await answers(peer)
    clock.lead(1_790_000)
    await answers(peer)
    clock.lead(20_000)
    expect(await peer.closed).toMatchObject({ code: 4403, reason: 'The token has expired' })
  })

  it('of sixty days does not: longer than a timer can hold', async () => {
    const peer = await guest({}, timely.url, 60 * 86_400)
    await answers(peer)
    clock.lead(31 * 86_400_000)
    await answers(peer)
    clock.lead(30 * 86_400_000)
    expect(await peer.closed).toMatchObject({ code: 4403 })
  })
})

describe('a page of', () => {
  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://app.example'])(
    '%s is refused the upgrade (403)',
    async origin => {
      await expect(openPeer(world.url, { origin })).rejects.toThrow('403')
    },
  )

  it.each([
    ['the gateway itself', () => world.url],
    ['a listed origin', () => 'https://app.example'],
  ])('%s is let in', async (_, origin) => {
    await answers(await guest({ origin: origin() }))
  })

  it('nobody, which is no browser, is let in', async () => {
    await answers(await guest())
  })
})

it('an upgrade where nothing is served is answered 404 and closed', async () => {
  const { host } = new URL(world.url)
  const line = await openLine(
    world.url,
    `GET /other HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
  )
  expect(await line.ended).toMatch(/^HTTP\/1\.1 404 /)
})

describe('on a server of its own', () => {
  async function serving(options: WebSocketOptions, use: (url: string) => Promise<void>): Promise<void> {
    const server = createServer()
    const adapter = serveWebSocket(server, world.served.gateway, options)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    try {
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    } finally {
      await adapter.close()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }

  it('a peer that no longer answers is cut off, one that does stays', async () => {
    await serving({ keepAliveMs: 100 }, async url => {
      const [gone, there] = [await stranger({ autoPong: false }, url), await guest({}, url)]
      let pings = 0
      there.socket.on('ping', () => {
        pings += 1
      })
      expect(await gone.closed).toMatchObject({ code: 1006 })
      await expect.poll(() => pings).toBeGreaterThan(3)
      await answers(there)
    })
  })

  it('keeps to the limits it was given', async () => {
    await serving(
      { maxOperations: 2, connectionInitWaitMs: 50, maxPayloadBytes: 1000, introspection: false },
      async url => {
        expect(await (await stranger({}, url)).closed).toMatchObject({ code: 4408 })
        const peer = await guest({}, url)
        for (const id of ['one', 'two']) peer.send(subscribe(id, POKES))
        expect((await errorOf(peer, '{ __typename }')).code).toBe('RATE_LIMITED')
        peer.send({ id: 'one', type: 'complete' })
        expect(await errorOf(peer, '{ __schema { types { name } } }')).toMatchObject({
          code: 'GRAPHQL_VALIDATION_FAILED',
        })
        expect((await errorOf(peer, '{ customerz { hasMore } }')).message).toBe(
          'Cannot query field "customerz" on type "Query".',
        )
        peer.send(' '.repeat(1001))
        expect(await peer.closed).toMatchObject({ code: 1009 })
      },
    )
  })

  it('says 1001 when it closes, and does not wait for a peer that never says goodbye', async () => {
    const peers: Peer[] = []
    await serving({}, async url => {
      const { host } = new URL(url)
      peers.push(await guest({}, url))
      // Accepts, and then reads nothing and says nothing.
      const deaf = await openLine(
        url,
        `GET /graphql HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
      )
      await expect.poll(() => deaf.text).toMatch(/^HTTP\/1\.1 101 /)
      deaf.socket.pause()
    })
    expect(await peers[0]?.closed).toMatchObject({ code: 1001 })
  })
})
