/** What a bus does about connections that look alive and are not. The channel is in our hands: it is the network. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemRandom } from '../../protocol/index.ts'
import type { Bus } from '../../server/sync/bus.ts'
import { type ChannelEvents, channelBus } from '../../server/sync/channel-bus.ts'
import { ManualClock } from '../support/manual-clock.ts'

const DEAF = 'the bus hears nothing: somebody has to do something'

let clock: ManualClock
let bus: Bus
let logged: string[]
let listening: number
let opened: number
let closed: number
let published: string[]
/** What becomes of messages. */
let network: (message: string, events: ChannelEvents) => Promise<void> | void

const echo = (message: string, { heard }: ChannelEvents): void => heard(message)

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(100, left))
    await new Promise(resolve => setImmediate(resolve))
  }
}

beforeEach(async () => {
  clock = new ManualClock()
  logged = []
  published = []
  listening = opened = closed = 0
  network = echo
  bus = channelBus({
    deaf: DEAF,
    load: async () => async events => {
      opened += 1
      return {
        async publish(messages) {
          for (const message of messages) {
            if (message.includes('"news":[{')) published.push(message)
            await network(message, events)
          }
        },
        close: async () => {
          closed += 1
        },
      }
    },
  })
})
afterEach(() => bus.close())

async function start(): Promise<void> {
  await bus.start({
    hear: () => undefined,
    listening: () => {
      listening += 1
    },
    clock,
    random: { ...systemRandom, fraction: () => 0.5 },
    log: {
      info: (_fields, message) => void logged.push(message),
      warn: (_fields, message) => void logged.push(message),
      error: (_fields, message) => void logged.push(message),
    },
  })
}

it('a channel that takes messages and brings none back is no bus: it says what to do, once, and tries again', async () => {
  network = () => undefined
  await start()
  await pass(60_000)
  expect(listening).toBe(0)
  expect(logged).toEqual([DEAF])
  expect(opened).toBeGreaterThan(3)
  expect(opened - closed).toBeLessThanOrEqual(1)
  network = echo
  await pass(10_000)
  expect(listening).toBe(1)
  expect(logged).toEqual([DEAF, 'the bus is back'])
})

it('a connection that falls silent is given up and made anew', async () => {
  await start()
  await pass(60_000)
  expect([listening, opened]).toEqual([1, 1])
  network = () => undefined
  await pass(26_000)
  network = echo
  await pass(6000)
  expect(listening).toBe(2)
  expect(closed).toBe(opened - 1)
})

it('news that hung in a dead connection leaves with the next one', async () => {
  await start()
  await pass(100)
  network = () => new Promise(() => undefined)
  bus.tell([{ partition: 'tenant:north', owners: ['ann'], head: 1 }])
  bus.tell([{ partition: 'tenant:north', owners: ['bob'], head: 2 }])
  await pass(1000)
  network = echo
  expect(published).toHaveLength(1)
  await pass(10_000)
  expect(listening).toBe(2)
  expect(JSON.parse(published.at(-1) ?? '').news).toEqual([
    { partition: 'tenant:north', owners: ['bob', 'ann'], head: 2 },
  ])
  expect(published).toHaveLength(2)
})
