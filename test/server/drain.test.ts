/** A gateway that leaves while others serve on: balancers notice before anybody is refused, and nobody loses an answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../protocol/index.ts'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from '../support/gateway-process.ts'
import { openPeer, type Peer, signedIn } from '../support/wire.ts'
import {
  agent,
  ask,
  BOOK,
  booking,
  newCustomer,
  type Outside,
  startOutside,
  startWorld,
  tokenFor,
  uuid,
} from '../support/world.ts'

const me = agent('agent-a')
const SAY = '{ __typename }'

let outside: Outside
let data: Awaited<ReturnType<typeof temporaryDataDir>>

beforeAll(async () => {
  outside = await startOutside()
  data = await temporaryDataDir()
})
afterAll(async () => {
  await outside.close()
  await data.remove()
})

const start = (drainSeconds: number): Promise<GatewayProcess> =>
  startGatewayProcess({
    dataDir: data.path,
    env: { ...outside.environment, TASK_WAIT_MS: '1500', DRAIN_SECONDS: String(drainSeconds) },
  })

const readiness = async (gateway: GatewayProcess): Promise<number> =>
  (await fetch(`${gateway.url}/health/ready`)).status

/** A document whose answer takes the whole TASK_WAIT_MS. Resolves when the supplier that hangs was asked. */
async function hangingBooking(gateway: GatewayProcess): Promise<{ answer: ReturnType<typeof ask> }> {
  const { sandbox } = outside
  const there = {
    ask: (viewer: Parameters<typeof ask>[1], query: string, variables?: object) =>
      ask(gateway.url, viewer, query, variables),
  }
  const customer = await newCustomer(there, me)
  sandbox.control.clearFaults()
  sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang' })
  const id = uuid()
  const answer = there.ask(me, BOOK, { task: { id }, input: booking(customer) })
  await expect.poll(() => sandbox.control.log().some(({ key }) => key === `${id}:flight`)).toBe(true)
  return { answer }
}

describe('SIGTERM', () => {
  it('makes it unready at once, while it answers what is under way and what is new, and closes sockets last, with 1001', async () => {
    const gateway = await start(4)
    const peer = await signedIn(gateway.url, await tokenFor(me))
    const events: string[] = []
    void peer.closed.then(({ code }) => events.push(`closed ${code}`))
    const { answer: underWay } = await hangingBooking(gateway)

    gateway.signal('SIGTERM')
    await expect.poll(() => readiness(gateway), { interval: 20 }).toBe(503)
    const answer = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenFor(me)}` },
      body: JSON.stringify({ query: SAY }),
    })
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
    const late = await signedIn(gateway.url, await tokenFor(me))
    events.push('answered')

    expect((await underWay).data.bookVacation.task.status).toBe('RUNNING')
    expect(await gateway.exited).toBe(0)
    expect(events).toEqual(['answered', 'closed 1001'])
    expect(await late.closed).toMatchObject({ code: 1001 })
  })

  it('a second time ends the wait, and what is under way is answered even so', async () => {
    const gateway = await start(600)
    gateway.signal('SIGTERM')
    await expect.poll(() => readiness(gateway), { interval: 20 }).toBe(503)
    // Signals closer together are one: a terminal and npm both deliver a Ctrl-C.
    await pause(systemClock, 600)
    const { answer: underWay } = await hangingBooking(gateway)
    gateway.signal('SIGTERM')
    expect(await gateway.exited).toBe(0)
    expect((await underWay).data.bookVacation.task.status).toBe('RUNNING')
  })
})

it('SIGINT, from a person at the terminal, does not wait for balancers', async () => {
  const gateway = await start(600)
  gateway.signal('SIGINT')
  expect(await gateway.exited).toBe(0)
})

it('many sockets are sent elsewhere one after the other, and none is let in meanwhile', async () => {
  const world = await startWorld()
  const token = await tokenFor(me)
  const peers: Peer[] = []
  for (let count = 0; count < 60; count += 1) peers.push(await signedIn(world.url, token))
  const codes: number[] = []
  for (const { closed } of peers) void closed.then(({ code }) => codes.push(code))

  const drained = world.served.drain(1200, new AbortController().signal)
  await Promise.race(peers.map(({ closed }) => closed))
  expect(codes.length).toBeLessThan(peers.length / 2)
  await expect(openPeer(world.url)).rejects.toThrow('503')
  await drained
  await Promise.all(peers.map(({ closed }) => closed))
  expect(new Set(codes)).toEqual(new Set([1001]))
  await world.close()
})
