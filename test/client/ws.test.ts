/** The link of `layover/client/ws`: what it does when the other end falls silent, ends, or refuses. */
import type { AddressInfo } from 'node:net'
import { ApolloClient, InMemoryCache } from '@apollo/client'
import { parse } from 'graphql'
import { type WebSocketLinkOptions, webSocketLink } from 'layover/client/ws'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { agent, CREATE_CUSTOMER, startWorld, tokenFor, uuid } from '../support/world.ts'
import { fixedRandom, ManualClock } from './notes-app.ts'

const POKES = parse('subscription { changesAvailable { at } }')

type Frame = { type: string; id?: string; payload?: unknown }

/** A gateway that accepts everybody and answers pings as long as it is not silent. */
async function startPeer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: ([first]) => first ?? false })
  const peer = {
    isSilent: false,
    acknowledges: true,
    connections: 0,
    frames: [] as Frame[],
    sockets: new Set<WebSocket>(),
    url: '',
    poke(): void {
      for (const socket of this.sockets) {
        const { id } = this.frames.findLast(({ type }) => type === 'subscribe')!
        socket.send(JSON.stringify({ type: 'next', id, payload: { data: { changesAvailable: { at: 'now' } } } }))
      }
    },
  }
  server.on('connection', socket => {
    peer.connections += 1
    peer.sockets.add(socket)
    socket.on('close', () => peer.sockets.delete(socket))
    socket.on('message', data => {
      const frame = JSON.parse(String(data)) as Frame
      peer.frames.push(frame)
      if (frame.type === 'connection_init' && peer.acknowledges) socket.send('{"type":"connection_ack"}')
      if (frame.type === 'ping' && !peer.isSilent) socket.send('{"type":"pong"}')
    })
  })
  await new Promise(resolve => server.once('listening', resolve))
  peer.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(async () => {
    for (const socket of peer.sockets) socket.terminate()
    await new Promise(resolve => server.close(resolve))
  })
  return peer
}

function listen(options: WebSocketLinkOptions) {
  const clock = new ManualClock()
  const link = webSocketLink({ webSocketImpl: WebSocket, clock, random: fixedRandom, ...options })
  const client = new ApolloClient({ cache: new InMemoryCache(), link })
  const heard = { pokes: 0, errors: 0 }
  const subscription = client.subscribe({ query: POKES }).subscribe({
    next: ({ error }) => {
      if (error) heard.errors += 1
      else heard.pokes += 1
    },
    error: () => {
      heard.errors += 1
    },
  })
  onTestFinished(() => {
    subscription.unsubscribe()
    clock.advance(60_000)
  })
  return { clock, heard }
}

const subscribed = (peer: Awaited<ReturnType<typeof startPeer>>, times: number): Promise<void> =>
  vi.waitFor(() => expect(peer.frames.filter(({ type }) => type === 'subscribe')).toHaveLength(times))

test('a peer that answers pings keeps its connection', async () => {
  const peer = await startPeer()
  const { clock } = listen({ url: peer.url, keepAliveMs: 1000, pongTimeoutMs: 500 })
  await subscribed(peer, 1)
  for (let round = 1; round <= 3; round += 1) {
    await vi.waitFor(() => expect(clock.waits).toEqual([1000]))
    clock.advance(1000)
    await vi.waitFor(() => expect(peer.frames.filter(({ type }) => type === 'ping')).toHaveLength(round))
  }
  expect(peer.connections).toBe(1)
})

test('a peer that has fallen silent is given up, and what was listened to goes on at the next connection', async () => {
  const peer = await startPeer()
  const { clock, heard } = listen({ url: peer.url, keepAliveMs: 1000, pongTimeoutMs: 500 })
  await subscribed(peer, 1)
  peer.isSilent = true
  await vi.waitFor(() => expect(clock.waits).toEqual([1000]))
  clock.advance(1000)
  await vi.waitFor(() => expect(peer.frames.at(-1)).toMatchObject({ type: 'ping' }))
  clock.advance(499)
  expect(peer.connections).toBe(1)
  clock.advance(1)
  await vi.waitFor(() => expect(clock.waits).toEqual([750]))
  clock.advance(750)
  await subscribed(peer, 2)
  peer.poke()
  await vi.waitFor(() => expect(heard).toEqual({ pokes: 1, errors: 0 }))
})

test('a peer that does not accept the connection in time is given up, too', async () => {
  const peer = await startPeer()
  peer.acknowledges = false
  const { clock } = listen({ url: peer.url, pongTimeoutMs: 500 })
  await vi.waitFor(() => expect(peer.frames).toHaveLength(1))
  clock.advance(500)
  peer.acknowledges = true
  await vi.waitFor(() => expect(clock.waits).toEqual([750]))
  clock.advance(750)
  await subscribed(peer, 1)
})

test('the waiting grows from attempt to attempt, and it never stops trying', async () => {
  const peer = await startPeer()
  const { clock, heard } = listen({ url: 'ws://127.0.0.1:1', maxRetryMs: 4000 })
  for (const ms of [750, 1500, 3000, 3000, 3000, 3000, 3000]) {
    await vi.waitFor(() => expect(clock.waits).toEqual([ms]))
    clock.advance(ms)
  }
  expect([heard.errors, peer.connections]).toEqual([0, 0])
})

test('at the real gateway each connection asks for the token anew', async () => {
  const world = await startWorld()
  onTestFinished(() => world.close())
  const me = agent('agent-a')
  const tokens = ['not a token', await tokenFor(me), await tokenFor(me)]
  const token = vi.fn(async () => tokens.shift())
  const { clock, heard } = listen({ url: () => `${world.url.replace('http', 'ws')}/graphql`, token })
  // Refused (4403), and asked again.
  await vi.waitFor(() => expect(clock.waits).toEqual([750]))
  clock.advance(750)
  await vi.waitFor(() => expect(clock.waits).toEqual([10_000]))
  await world.restart()
  await vi.waitFor(() => expect(clock.waits).toEqual([750]))
  clock.advance(750)
  await vi.waitFor(() => expect(clock.waits).toEqual([10_000]))
  await vi.waitFor(async () => {
    await world.ask(me, CREATE_CUSTOMER, { task: { id: uuid() }, input: { id: uuid(), name: 'Harbour Rowing Club' } })
    expect(heard.pokes).toBeGreaterThan(0)
  })
  expect(token).toHaveBeenCalledTimes(3)
})
