/** What a scraper reads: counts that follow what was done, and labels that nobody outside can make. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { silentLog } from '../../server/index.ts'
import { prometheusMetrics } from '../../server/observe/metrics.ts'
import { observers } from '../../server/observe/observer.ts'
import { readConfig } from '../../server/vacation/config.ts'
import {
  agent,
  BOOK,
  booking,
  CHANGES,
  CREATE_CUSTOMER,
  newCustomer,
  startWorld,
  tokenFor,
  uuid,
  type World,
} from '../support/world.ts'

const TOKEN = 'what the scraper of the tests shows'
const me = agent('agent-a')
let world: World

beforeAll(async () => {
  world = await startWorld({ environment: { TASK_WAIT_MS: '20000', METRICS_TOKEN: TOKEN } })
})
afterAll(() => world.close())
afterEach(() => world.sandbox.control.clearFaults())

const read = (token: string | null = TOKEN): Promise<Response> =>
  fetch(`${world.url}/metrics`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } })

/** Value of a series; 0 when it isn't there. `labels` are the series' own, in any order. */
async function value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  for (const line of (await (await read()).text()).split('\n')) {
    const [, series, given = '', number] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (series !== name) continue
    const found = Object.fromEntries([...given.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]))
    if (JSON.stringify(Object.entries(found).sort()) === JSON.stringify(Object.entries(labels).sort()))
      return Number(number)
  }
  return 0
}

/** How much a series grew by what was done. */
async function growth(
  name: string,
  labels: Readonly<Record<string, string>>,
  work: () => Promise<unknown>,
): Promise<number> {
  const before = await value(name, labels)
  await work()
  return (await value(name, labels)) - before
}

const book = async (input: object = {}): Promise<string> => {
  const answer = await world.ask(me, BOOK, {
    task: { id: uuid() },
    input: booking(await newCustomer(world, me), input),
  })
  return answer.data.bookVacation.task.status
}

describe('tasks and steps', () => {
  it('a booking counts once by its outcome, with the time it took', async () => {
    const labels = { name: 'bookVacation', status: 'CONFIRMED' }
    const timed = await value('layover_task_seconds_count', { name: 'bookVacation' })
    expect(await growth('layover_tasks_total', labels, async () => expect(await book()).toBe('CONFIRMED'))).toBe(1)
    expect(await value('layover_task_seconds_count', { name: 'bookVacation' })).toBe(timed + 1)
    for (const step of ['hotel', 'flight', 'car', 'mail']) {
      expect(
        await value('layover_step_seconds_count', { task: 'bookVacation', step, outcome: 'done' }),
      ).toBeGreaterThan(0)
    }
  })

  it('a refused step and the steps undone for it are told apart', async () => {
    world.sandbox.control.setStock('flight-lisbon-2', 0)
    const step = (step: string, outcome: string): Promise<number> =>
      value('layover_step_seconds_count', { task: 'bookVacation', step, outcome })
    const before = [await step('flight', 'rejected'), await step('hotel', 'undone')]
    expect(
      await growth('layover_tasks_total', { name: 'bookVacation', status: 'REJECTED' }, () =>
        book({ flightOfferId: 'flight-lisbon-2' }),
      ),
    ).toBe(1)
    expect([await step('flight', 'rejected'), await step('hotel', 'undone')]).toEqual(before.map(count => count + 1))
  })

  it('a task sent again is not counted again', async () => {
    const task = { id: uuid() }
    const input = { id: uuid(), name: 'Twice' }
    const send = (): Promise<unknown> => world.ask(me, CREATE_CUSTOMER, { task, input })
    expect(
      await growth('layover_tasks_total', { name: 'createCustomer', status: 'CONFIRMED' }, async () => {
        await send()
        await send()
      }),
    ).toBe(1)
  })

  it('what is unfinished is read from the store, parked tasks apart from running ones', async () => {
    world.sandbox.control.fault({ supplier: 'flight', on: 'reserve', kind: 'hang' } as never)
    const customer = await newCustomer(world, me)
    const first = booking(customer)
    const ids = [uuid(), uuid()]
    const sent = ids.map(id => world.ask(me, BOOK, { task: { id }, input: first }))
    const backlog = async (): Promise<number[]> =>
      Promise.all(['waiting', 'running', 'parked'].map(state => value('layover_unfinished_tasks', { state })))
    await expect.poll(backlog).toEqual([1, 1, 0])
    const file = new Database(join(world.directory, 'layover.db'))
    file
      .prepare(`update task set parked = ? where state = 'running'`)
      .run(JSON.stringify({ why: 'a test says so', at: 0 }))
    expect(await backlog()).toEqual([1, 0, 1])
    file.prepare('update task set parked = null').run()
    file.close()
    world.sandbox.control.clearFaults()
    await Promise.all(sent)
    await expect.poll(backlog).toEqual([0, 0, 0])
  })
})

describe('the feed', () => {
  it('counts pages and records of changes', async () => {
    await newCustomer(world, me)
    const before = [await value('layover_pull_seconds_count'), await value('layover_pulled_records_total')]
    const { changed, removed } = (await world.ask(me, CHANGES, { first: 1000 })).data.changes
    expect(changed.length).toBeGreaterThan(0)
    expect([await value('layover_pull_seconds_count'), await value('layover_pulled_records_total')]).toEqual([
      before[0]! + 1,
      before[1]! + changed.length + removed.length,
    ])
  })

  it('knows how many listen, and how long after a commit they were told', async () => {
    const socket = new WebSocket(`${world.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const said: string[] = []
    socket.on('message', data => said.push((JSON.parse(String(data)) as { type: string }).type))
    await new Promise(resolve => socket.once('open', resolve))
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${await tokenFor(me)}` } }))
    await expect.poll(() => said).toContain('connection_ack')
    const query = 'subscription { changesAvailable { at } }'
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
    await expect.poll(() => value('layover_subscribers')).toBe(1)
    const told = await growth('layover_feed_lag_seconds_count', {}, async () => {
      await newCustomer(world, me)
      await expect.poll(() => said).toContain('next')
    })
    expect(told).toBeGreaterThan(0)
    socket.close()
    await expect.poll(() => value('layover_subscribers')).toBe(0)
  })
})

describe('HTTP requests', () => {
  it('count by pattern and status, whatever stands in the address', async () => {
    const labels = { method: 'GET', route: '/health/live', status: '200' }
    const ask = (): Promise<unknown> => fetch(`${world.url}/health/live?who=SECRET-IN-ADDRESS`)
    expect(await growth('layover_http_requests_total', labels, ask)).toBe(1)
    await fetch(`${world.url}/SECRET-IN-ADDRESS/${uuid()}`)
    const text = await (await read()).text()
    expect(text).not.toContain('SECRET')
    expect(text).toContain('layover_http_seconds_count{route="/graphql"}')
  })
})

describe('who may read them', () => {
  it('only who shows the token', async () => {
    expect((await read(null)).status).toBe(401)
    expect((await read('what the scraper of the tests shoWs')).status).toBe(401)
    const answer = await read()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await answer.text()).toContain('nodejs_eventloop_lag_seconds')
  })

  it('nobody, when real tokens are checked and no token of theirs is set; in demo mode everybody on the machine', async () => {
    const closed = await startWorld()
    const answer = await fetch(`${closed.url}/metrics`)
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'METRICS_CLOSED' }])
    await closed.close()
    const demo = await startWorld({ environment: { AUTH_SECRET: '' } })
    expect((await fetch(`${demo.url}/metrics`)).status).toBe(200)
    await demo.close()
  })

  it('a token that could be guessed stops the start', () => {
    expect(() => readConfig({ METRICS_TOKEN: 'short' })).toThrow(/METRICS_TOKEN/)
  })
})

describe('the observer alone', () => {
  it('takes no label from a name that no definition has', async () => {
    const metrics = prometheusMetrics({ processMetrics: false, prefix: 'other_' })
    metrics.watch?.({
      tasks: [{ name: 'book', steps: ['hotel'] }],
      backlog: async () => ({ waiting: 1, running: 2, parked: 3 }),
    })
    for (const name of ['book', 'SECRET-1', 'SECRET-2']) {
      metrics.taskSettled?.({ name, status: 'CONFIRMED', durationMs: 10 })
      metrics.stepEnded?.({ task: name, step: 'SECRET-3', outcome: 'done', durationMs: -5 })
      metrics.answered?.({ method: 'SECRET-4', route: undefined, status: 404, durationMs: 1 })
    }
    const text = await metrics.text()
    expect(text).not.toContain('SECRET')
    expect(text).toContain('other_tasks_total{name="book",status="CONFIRMED"} 1')
    expect(text).toContain('other_tasks_total{name="other",status="CONFIRMED"} 2')
    expect(text).toContain('other_unfinished_tasks{state="parked"} 3')
    expect(text).toContain('other_http_requests_total{method="other",route="other",status="404"} 3')
  })

  it('counts commits of other gateways by how they came to be known', async () => {
    const metrics = prometheusMetrics({ processMetrics: false })
    const all = observers([metrics], silentLog)
    all.heard({ commits: 2, by: 'bus' })
    all.heard({ commits: 1, by: 'look' })
    all.heard({ commits: 3, by: 'bus' })
    const text = await metrics.text()
    expect(text).toContain('layover_heard_commits_total{by="bus"} 5')
    expect(text).toContain('layover_heard_commits_total{by="look"} 1')
  })

  it('is scraped without its backlog while the store is away', async () => {
    const metrics = prometheusMetrics({ processMetrics: false })
    metrics.watch?.({ tasks: [], backlog: () => Promise.reject(new Error('closed')) })
    expect(await metrics.text()).not.toContain('layover_unfinished_tasks{')
  })

  it('that throws changes nothing: the work runs once and its value comes back', async () => {
    let runs = 0
    const broken = (): never => {
      throw new Error('an observer of the tests')
    }
    const all = observers(
      [
        { around: broken, taskSettled: broken },
        { around: (_, work) => work().then(broken) },
        { around: () => Promise.reject(new Error('never called the work')) },
      ],
      silentLog,
    )
    all.taskSettled({ name: 'book', status: 'CONFIRMED', durationMs: 1 })
    const work = async (): Promise<string> => {
      runs += 1
      return 'booked'
    }
    expect([await all.around({ name: 'task book', attributes: {} }, work), runs]).toEqual(['booked', 1])
    await expect(
      all.around({ name: 'task book', attributes: {} }, () => Promise.reject(new TypeError('no'))),
    ).rejects.toThrow(TypeError)
  })
})
