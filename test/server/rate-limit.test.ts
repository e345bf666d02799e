/** How much one user may ask for: who asks too much waits, and nobody else does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../protocol/index.ts'
import { createGateway, jwtAuthenticator } from '../../server/index.ts'
import { TokenBuckets } from '../../server/rate-limit.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { openPeer, signedIn } from '../support/wire.ts'
import { agent, SECRET, startWorld, temporaryDirectory, tokenFor, uuid, type World } from '../support/world.ts'

/** Stands still until it is moved; timers are the system's. */
function standingClock(): Clock & { move(ms: number): void } {
  let time = systemClock.now()
  return {
    now: () => time,
    after: systemClock.after,
    move(ms) {
      time += ms
    },
  }
}

describe('a bucket', () => {
  const bucket = (
    burst: number,
    perSecond: number,
  ): { clock: ReturnType<typeof standingClock>; buckets: TokenBuckets } => {
    const clock = standingClock()
    return { clock, buckets: new TokenBuckets({ burst, perSecond }, clock, 'rate') }
  }

  it('holds its burst, then fills by the second', () => {
    const { clock, buckets } = bucket(3, 2)
    expect([1, 2, 3, 4].map(() => buckets.take('a', 1))).toEqual([0, 0, 0, 500])
    clock.move(499)
    expect(buckets.take('a', 1)).toBeGreaterThan(0)
    clock.move(1)
    expect(buckets.take('a', 1)).toBe(0)
    clock.move(3_600_000)
    expect([1, 2, 3, 4].map(() => buckets.take('a', 1))).toEqual([0, 0, 0, 500])
  })

  it("is one user's", () => {
    const { buckets } = bucket(1, 1)
    expect([buckets.take('a', 1), buckets.take('b', 1), buckets.take('a', 1)]).toEqual([0, 0, 1000])
  })

  it('lets more than its burst through when it is full, and has it paid off', () => {
    const { clock, buckets } = bucket(10, 10)
    expect(buckets.take('a', 50)).toBe(0)
    expect(buckets.take('a', 1)).toBe(4100)
    clock.move(4100)
    expect(buckets.take('a', 1)).toBe(0)
  })

  it('that is refused takes nothing', () => {
    const { clock, buckets } = bucket(2, 1)
    buckets.take('a', 2)
    for (let attempt = 0; attempt < 10; attempt += 1) buckets.take('a', 1)
    clock.move(1000)
    expect(buckets.take('a', 1)).toBe(0)
  })

  it('gives nothing for a clock that was set back, and goes on from there', () => {
    const { clock, buckets } = bucket(1, 1)
    buckets.take('a', 1)
    clock.move(-3_600_000)
    expect(buckets.take('a', 1)).toBe(1000)
    clock.move(1000)
    expect(buckets.take('a', 1)).toBe(0)
  })

  it('is dropped when it is full again', () => {
    const { clock, buckets } = bucket(2, 1)
    for (let user = 0; user < 1000; user += 1) buckets.take(`user-${user}`, 1)
    expect(buckets.size).toBe(1000)
    clock.move(60_000)
    buckets.take('somebody', 1)
    expect(buckets.size).toBe(1)
  })

  it.each([
    { burst: 0, perSecond: 1 },
    { burst: 1, perSecond: 0 },
    { burst: Number.NaN, perSecond: 1 },
  ])('of %o would let nothing through: the gateway is not made', rate => {
    expect(() => new TokenBuckets(rate, systemClock, 'rateLimit.tasks')).toThrow(
      'rateLimit.tasks: burst must be at least 1 and perSecond above 0',
    )
  })
})

describe('a gateway', () => {
  const clock = standingClock()
  let world: World
  beforeAll(async () => {
    world = await startWorld({ clock, environment: { RATE_LIMIT: '5/1', TASK_RATE_LIMIT: '3/0.5' } })
  })
  afterAll(() => world.close())

  async function post(user: string, query: string, variables: object = {}): Promise<Response> {
    return fetch(`${world.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenFor(agent(user))}` },
      body: JSON.stringify({ query, variables }),
    })
  }
  const create = (ids: readonly string[]): string =>
    `mutation { ${ids.map((id, index) => `m${index}: createCustomer(input: { id: "${id}", name: "Club" }) { task { status } }`).join(' ')} }`

  it('answers a request too many with 429, Retry-After and RATE_LIMITED, whatever is in it', async () => {
    for (let count = 0; count < 5; count += 1) expect((await post('agent-many', '{ nonsense }')).status).toBe(200)
    const answer = await post('agent-many', '{ __typename }')
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(await answer.json()).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } }],
    })
    expect((await post('agent-other', '{ __typename }')).status).toBe(200)
    clock.move(1000)
    expect((await post('agent-many', '{ __typename }')).status).toBe(200)
  })

  it('counts tasks, and runs nothing of a document with too many of them', async () => {
    const ids = Array.from({ length: 5 }, uuid)
    expect((await post('agent-tasks', create(ids.slice(0, 2)))).status).toBe(200)
    const answer = await post('agent-tasks', create(ids.slice(2, 4)))
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('2')
    expect(await answer.json()).not.toHaveProperty('data')
    const made = async (): Promise<number> =>
      (await (await post('agent-tasks', '{ customers { nodes { id } } }')).json()).data.customers.nodes.length
    expect(await made()).toBe(2)
    clock.move(2000)
    expect((await post('agent-tasks', create(ids.slice(2, 4)))).status).toBe(200)
    expect(await made()).toBe(4)
  })

  it('tells tasks from what is none: reading costs no tasks', async () => {
    expect((await post('agent-reads', create([uuid(), uuid(), uuid()]))).status).toBe(200)
    expect((await post('agent-reads', '{ a: __typename b: __typename c: __typename }')).status).toBe(200)
    expect((await post('agent-reads', create([uuid()]))).status).toBe(429)
  })

  it('refuses the operation, not the socket, over WebSocket', async () => {
    const peer = await signedIn(world.url, await tokenFor(agent('agent-socket')))
    const ask = async (id: string): Promise<unknown> => {
      peer.send({ id, type: 'subscribe', payload: { query: '{ __typename }' } })
      return (await peer.next(message => message.id === id)).payload
    }
    // Signing in was the first of the five.
    for (const id of ['2', '3', '4', '5']) expect(await ask(id)).toMatchObject({ data: { __typename: 'Query' } })
    expect(await ask('6')).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } }])
    clock.move(1000)
    expect(await ask('7')).toMatchObject({ data: { __typename: 'Query' } })
    peer.socket.close()
  })

  it('tells a socket that comes back too often to come later (1013)', async () => {
    for (let count = 0; count < 5; count += 1) {
      const peer = await signedIn(world.url, await tokenFor(agent('agent-returns')))
      peer.socket.close()
    }
    const peer = await openPeer(world.url)
    peer.send({
      type: 'connection_init',
      payload: { authorization: `Bearer ${await tokenFor(agent('agent-returns'))}` },
    })
    expect(await peer.closed).toMatchObject({ code: 1013 })
  })
})

it('without a rate limit, which is how the library comes, nobody waits', async () => {
  const directory = temporaryDirectory()
  const gateway = createGateway({
    store: sqlite(`${directory.path}/store.db`),
    typeDefs: 'extend type Query { nothing: Int }',
    tasks: [],
    collections: [],
    authenticate: jwtAuthenticator({ secret: SECRET }),
  })
  const authorization = `Bearer ${await tokenFor(agent('agent-a'))}`
  const asked = Array.from({ length: 500 }, () => gateway.identify({ authorization }))
  expect(await Promise.all(asked)).toHaveLength(500)
  await gateway.start()
  await gateway.stop()
  directory.remove()
})
