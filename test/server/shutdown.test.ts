/** SIGTERM to the real process: what is under way is answered, nobody is left hanging, and nothing accepted is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from '../support/gateway-process.ts'
import { type Line, openLine, type Peer, signedIn } from '../support/wire.ts'
import { agent, ask, BOOK, booking, newCustomer, type Outside, startOutside, tokenFor, uuid } from '../support/world.ts'

const me = agent('agent-a')
/** Longer than it needs, shorter than any time-out of the operating system. */
const PATIENCE_MS = 12_000

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

const start = (): Promise<GatewayProcess> =>
  startGatewayProcess({ dataDir: data.path, env: { ...outside.environment, TASK_WAIT_MS: '1500' } })

const within = <Value>(work: Promise<Value>): Promise<Value> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => {
      AbortSignal.timeout(PATIENCE_MS).addEventListener('abort', () => reject(new Error('it did not end')))
    }),
  ])

describe('a gateway that is told to stop', () => {
  it('answers the request under way, says 1001 to sockets, cuts off the half-open, ends with 0, and goes on after the next start', async () => {
    const gateway = await start()
    const { host } = new URL(gateway.url)
    const there = {
      ask: (viewer: Parameters<typeof ask>[1], query: string, variables?: object) =>
        ask(gateway.url, viewer, query, variables),
    }
    const customer = await newCustomer(there, me)
    const peer: Peer = await signedIn(gateway.url, await tokenFor(me))
    const halves: Line[] = await Promise.all([
      openLine(gateway.url, ''),
      openLine(gateway.url, 'POST /graphql HT'),
      openLine(
        gateway.url,
        `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${await tokenFor(me)}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
      ),
    ])
    outside.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang' })
    const id = uuid()
    const underWay = there.ask(me, BOOK, { task: { id }, input: booking(customer) })
    await expect
      .poll(() =>
        outside.sandbox.control.log().some(({ supplier, method }) => supplier === 'flight' && method === 'PUT'),
      )
      .toBe(true)

    const ended = gateway.stop()
    expect((await within(underWay)).data.bookVacation.task.status).toBe('RUNNING')
    expect(await within(peer.closed)).toMatchObject({ code: 1001 })
    await within(Promise.all(halves.map(({ ended }) => ended)))
    expect(await within(ended)).toBe(0)

    outside.sandbox.control.clearFaults()
    const again = await start()
    const status = async (): Promise<unknown> =>
      (await ask(again.url, me, `{ task(id: "${id}") { status } }`)).data.task.status
    await expect.poll(status, { timeout: 20_000 }).toBe('CONFIRMED')
    expect(await again.stop()).toBe(0)
  })

  it('takes nothing new meanwhile: it is not ready, and no connection is let in', async () => {
    const gateway = await start()
    const { host } = new URL(gateway.url)
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
    // Keeps the gateway busy until its patience is over.
    await openLine(
      gateway.url,
      `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${await tokenFor(me)}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
    )
    const ended = gateway.stop()
    const ready = async (): Promise<number> => {
      try {
        return (await fetch(`${gateway.url}/health/ready`)).status
      } catch {
        return 0
      }
    }
    await expect.poll(ready).not.toBe(200)
    await expect
      .poll(() =>
        openLine(gateway.url, '').then(
          () => 'let in',
          () => 'refused',
        ),
      )
      .toBe('refused')
    expect(await within(ended)).toBe(0)
  })
})
