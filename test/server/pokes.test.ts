/** Pokes: the plain subscription is answered with ready text; what comes out is what execution would have answered. */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { GraphQLScalarType, getOperationAST, parse } from 'graphql'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import {
  confirmed,
  defineCollection,
  defineTask,
  type Gateway,
  type GatewayOptions,
  type Viewer,
} from '../../server/index.ts'
import { serveWebSocket } from '../../server/use/ws.ts'
import { me, type SmallGateway, startSmallGateway } from '../support/small-gateway.ts'
import { type Peer, type PeerOptions, signedIn } from '../support/wire.ts'
import { agent } from '../support/world.ts'

const PLAIN = 'subscription { changesAvailable { at } }'
/** Executed for each poke, with the same answer. */
const EXECUTED = 'subscription { changesAvailable { at: at } }'
const NOON = Date.parse('2027-05-03T12:00:00.000Z')

const note = defineTask<{ id: string }>('note', {
  touches: ({ id }) => [{ type: 'Note', id }],
  async run({ id }, transaction) {
    await transaction.create('Note', id, { text: 'x' })
    return confirmed({})
  },
})

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Served extends SmallGateway {
  /** A peer that is let in. */
  peer(user?: string, options?: PeerOptions): Promise<Peer>
  /** The gateway's ends of the connections. */
  readonly connections: readonly Socket[]
  /** Commits a note. */
  commit(viewer?: Viewer): Promise<void>
}

async function served(options: Partial<GatewayOptions> = {}): Promise<Served> {
  const small = await startSmallGateway([note], {
    clock: { ...systemClock, now: () => NOON },
    taskWaitMs: 2000,
    authenticate: async ({ authorization, user }) => agent(String(user ?? authorization).replace('Bearer ', '')),
    ...options,
  })
  closing.push(() => small.close())
  const server = createServer()
  const connections: Socket[] = []
  server.on('connection', connection => connections.push(connection))
  const adapter = serveWebSocket(server, small.gateway)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => adapter.close().then(() => new Promise(resolve => server.close(resolve))))
  let notes = 0
  return {
    ...small,
    gateway: small.gateway,
    connections,
    peer: async (user = 'me', more = {}) =>
      signedIn(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, user, more),
    async commit(viewer = me) {
      notes += 1
      const id = `${viewer.user}-${notes}`
      const { note } = await small.ask(
        `mutation { note(task: {id: "${id}"}, id: "${id}") { task { status } } }`,
        viewer,
      )
      expect(note.task.status).toBe('CONFIRMED')
    },
  }
}

/** Subscribes, and has its frames as they came. */
async function frames(peer: Peer, id: string, query: string, more: object = {}): Promise<string[]> {
  const heard: string[] = []
  peer.socket.on('message', data => {
    if (JSON.parse(String(data)).id === id) heard.push(String(data))
  })
  peer.send({ type: 'subscribe', id, payload: { query, ...more } })
  await answers(peer)
  return heard
}

/** What came before has been dealt with. */
async function answers(peer: Peer): Promise<void> {
  peer.send({ type: 'subscribe', id: 'are you there', payload: { query: '{ __typename }' } })
  await peer.next(({ id, type }) => id === 'are you there' && type === 'complete')
}

async function isReady(gateway: Gateway, query: string): Promise<boolean> {
  const operation = getOperationAST(parse(query))
  if (operation == null) throw new Error('one operation')
  const found = gateway.readyPokes({ operation, context: await gateway.context({ user: 'me' }) })
  await found?.return?.()
  return found !== undefined
}

it.each([
  ['{ changesAvailable { at } }', true],
  ['Named { changesAvailable { at } }', true],
  ['{ changesAvailable { at __typename } }', true],
  ['{ changesAvailable { __typename at } }', true],
  ['{ changesAvailable { __typename } }', true],
  ['{ changesAvailable { at at } }', true],
  ['{ changesAvailable { at: at } }', false],
  ['{ changesAvailable { time: at } }', false],
  ['{ poke: changesAvailable { at } }', false],
  ['{ changesAvailable { ... on ChangesAvailable { at } } }', false],
  ['{ ... on Subscription { changesAvailable { at } } }', false],
  ['{ changesAvailable { ...F } } fragment F on ChangesAvailable { at }', false],
  ['($yes: Boolean = true) { changesAvailable { at @include(if: $yes) } }', false],
  ['{ changesAvailable { at @skip(if: true) __typename } }', false],
  ['{ changesAvailable @include(if: true) { at } }', false],
])('subscription %s: ready is %s, and the frame is the one that execution makes', async (selection, ready) => {
  const world = await served()
  const query = `subscription ${selection}`
  expect(await isReady(world.gateway, query)).toBe(ready)
  const id = 'a "quoted" \\ id, \u2028 and 🏝'
  const [one, other] = [await world.peer(), await world.peer()]
  const first = await frames(one, id, query)
  // An extension that is repeated in the answer is why the same document is executed.
  const second = await frames(other, id, query, { extensions: { layover: { follows: null } } })
  await world.commit()
  await expect.poll(() => [first.length, second.length]).toEqual([1, 1])
  const repeated = ',"extensions":{"layover":{"follows":null}}'
  expect(second[0]).toContain(repeated)
  expect(first[0]).toBe(second[0]?.replace(repeated, ''))
})

it.each([
  ['the subscription', { Subscription: { changesAvailable: { resolve: () => ({ at: 'soon' }) } } }, 'soon'],
  ['the time', { ChangesAvailable: { at: () => 'soon' } }, 'soon'],
  ['a scalar', { DateTime: new GraphQLScalarType({ name: 'DateTime', serialize: () => 'soon' }) }, 'soon'],
])('what the application puts in place of %s is asked', async (_, resolvers, at) => {
  const world = await served({ resolvers })
  expect(await isReady(world.gateway, PLAIN)).toBe(false)
  const heard = await frames(await world.peer(), '1', PLAIN)
  await world.commit()
  await expect
    .poll(() => heard)
    .toEqual([JSON.stringify({ id: '1', type: 'next', payload: { data: { changesAvailable: { at } } } })])
})

it.each([PLAIN, EXECUTED])('%s: what comes while a socket takes nothing is told once', async query => {
  const world = await served()
  const peer = await world.peer()
  const heard = await frames(peer, '1', query)
  const [connection] = world.connections
  connection?.cork()
  for (let commits = 0; commits < 5; commits += 1) await world.commit()
  connection?.uncork()
  await answers(peer)
  expect(heard.length).toBe(2)
  await world.commit()
  await answers(peer)
  expect(heard.length).toBe(3)
})

it.each([PLAIN, EXECUTED])('%s: ends with `complete`, from either side', async query => {
  const counts: number[] = []
  const world = await served({ observers: [{ subscribers: count => void counts.push(count) }] })
  const [one, other] = [await world.peer(), await world.peer()]
  const [first, second] = [await frames(one, 'one', query), await frames(other, 'other', query)]
  expect(counts.splice(0)).toEqual([1, 2])
  one.send({ type: 'complete', id: 'one' })
  await answers(one)
  expect(counts).toEqual([1])
  await world.commit()
  await expect.poll(() => second.length).toBe(1)
  await answers(one)
  expect(first).toEqual([])
  await world.gateway.stop()
  await expect.poll(() => second.at(-1)).toBe('{"id":"other","type":"complete"}')
  expect(counts.at(-1)).toBe(0)
})

it('the rules are asked for each commit of the partition, and for no other', async () => {
  const asked: string[] = []
  const forbidden = new Set<string>()
  const notes = defineCollection('Note', {
    owner: 'text',
    mayRead({ user }) {
      asked.push(user)
      return forbidden.has(user) ? 'none' : 'all'
    },
  })
  const tenants: Record<string, string> = { me: 'north', friend: 'north', stranger: 'south' }
  const world = await served({
    collections: [notes],
    authenticate: async ({ authorization, user }) => {
      const name = String(user ?? authorization).replace('Bearer ', '')
      return agent(name, tenants[name])
    },
  })
  const [near, far] = [await world.peer('friend'), await world.peer('stranger')]
  const heard = { friend: await frames(near, '1', PLAIN), stranger: await frames(far, '1', PLAIN) }
  await world.commit()
  await expect.poll(() => heard.friend.length).toBe(1)
  expect(asked).toContain('friend')
  expect(asked).not.toContain('stranger')
  forbidden.add('friend')
  await world.commit()
  forbidden.delete('friend')
  await world.commit(agent('stranger', 'south'))
  await world.commit()
  for (const peer of [near, far]) await answers(peer)
  expect([heard.friend.length, heard.stranger.length]).toEqual([2, 1])
})

it('where a subscriber belongs is asked again as long as the rule for it fails', async () => {
  let fails = true
  const logged: string[] = []
  const notes = defineCollection('Note', {
    partition({ user, tenant }) {
      if (fails && user === 'friend') throw new Error('no such region')
      return `tenant:${tenant}`
    },
  })
  const world = await served({
    collections: [notes],
    log: { info: () => undefined, warn: () => undefined, error: (_fields, message) => void logged.push(message) },
  })
  const friend = await frames(await world.peer('friend'), '1', PLAIN)
  const mine = await frames(await world.peer('me'), '1', PLAIN)
  await world.commit()
  await expect.poll(() => mine.length).toBe(1)
  expect(logged).toEqual(['a rule failed, so a subscriber was not told of a commit'])
  fails = false
  await world.commit()
  await expect.poll(() => [friend.length, mine.length]).toEqual([1, 2])
})

/** In this process, without sockets. Calls back for each poke. */
async function listen({ gateway }: Served, user: string, told: () => void): Promise<void> {
  const operation = getOperationAST(parse(PLAIN))
  if (operation == null) throw new Error('one operation')
  const pokes = gateway.readyPokes({ operation, context: await gateway.context({ user }) })
  if (pokes === undefined) throw new Error('not ready')
  void (async () => {
    for await (const _each of pokes) told()
  })()
}

it('1,200 subscribers are told in turns, between which others are served', async () => {
  const world = await served()
  let told = 0
  for (let count = 0; count < 1200; count += 1) await listen(world, 'me', () => (told += 1))
  const seen = new Set<number>()
  void world.commit()
  while (told < 1200) {
    await new Promise(setImmediate)
    seen.add(told)
  }
  expect(seen).toEqual(new Set([0, 500, 1000, 1200]))
})

it('what is committed while many are being told is told afterwards, to each whom it concerns', async () => {
  const notes = defineCollection('Note', { owner: 'text', mayRead: () => 'none' })
  const world = await served({ collections: [notes] })
  const pokes = new Map<string, number>()
  for (let count = 0; count < 1200; count += 1) {
    const user = `user-${count % 3}`
    await listen(world, user, () => pokes.set(user, (pokes.get(user) ?? 0) + 1))
  }
  // Each commits in a turn of its own: the later ones come while the 1,200 are still being asked about the first.
  const commits: Promise<void>[] = []
  for (const user of ['user-0', 'user-1', 'user-0', 'user-2', 'user-1']) {
    commits.push(world.commit(agent(user)))
    await new Promise(setImmediate)
  }
  await Promise.all(commits)
  const counts = (): readonly number[] => ['user-0', 'user-1', 'user-2'].map(user => pokes.get(user) ?? 0)
  await expect.poll(() => counts().every(count => count > 0 && count % 400 === 0)).toBe(true)
  const commitsOf = [2, 2, 1]
  counts().forEach((count, user) => void expect(count).toBeLessThanOrEqual(400 * (commitsOf[user] ?? 0)))
})
