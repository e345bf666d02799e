/** `changes`: what a device is told since its cursor. */
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../protocol/index.ts'
import {
  agent,
  BOOK,
  booking,
  CHANGES,
  DELETE_CUSTOMER,
  newCustomer,
  startWorld,
  supervisor,
  tokenFor,
  UPDATE_CUSTOMER,
  uuid,
  type World,
} from '../support/world.ts'

let world: World
/** Days by which the gateway's clock is ahead. */
let daysAhead = 0
const me = agent('agent-a')
const boss = supervisor('chief')

beforeAll(async () => {
  world = await startWorld({ clock: { ...systemClock, now: () => systemClock.now() + daysAhead * 86_400_000 } })
})
afterAll(() => world.close())

interface Page {
  cursor: string
  hasMore: boolean
  reset: boolean
  changed: { __typename: string; id: string; version: number }[]
  removed: { type: string; id: string; reason: string }[]
}

const pull = async (viewer: typeof me, variables: object = {}): Promise<Page> => {
  const answer = await world.ask(viewer, CHANGES, variables)
  expect(answer.errors).toEqual([])
  return answer.data.changes
}

async function pullAll(viewer: typeof me, first: number, since?: string): Promise<Page> {
  const whole: Page = { cursor: since ?? '', hasMore: true, reset: false, changed: [], removed: [] }
  while (whole.hasMore) {
    const page: Page = await pull(viewer, { first, ...(whole.cursor === '' ? {} : { since: whole.cursor }) })
    whole.changed.push(...page.changed)
    whole.removed.push(...page.removed)
    whole.cursor = page.cursor
    whole.hasMore = page.hasMore
  }
  return whole
}

const names = ({ changed }: Page): string[] => changed.map(({ __typename, id }) => `${__typename}:${id}`).sort()

describe('a pull', () => {
  it('of many pages equals a pull of one', async () => {
    for (let count = 0; count < 7; count += 1) await newCustomer(world, me)
    const whole = await pull(me)
    expect(whole.changed.length).toBeGreaterThan(70)
    expect(names(await pullAll(me, 3))).toEqual(names(whole))
  })

  it('after a cursor brings what changed since, once, in its latest state', async () => {
    const id = await newCustomer(world, me)
    const { cursor } = await pull(me)
    expect(await pull(me, { since: cursor })).toMatchObject({ changed: [], removed: [], hasMore: false, reset: false })
    for (const version of [1, 2, 3]) {
      await world.ask(me, UPDATE_CUSTOMER, {
        task: { id: uuid() },
        id,
        baseVersion: version,
        patch: { notes: `edit ${version}` },
      })
    }
    const page = await pull(me, { since: cursor, scopes: [{ type: 'Customer' }] })
    // Another scope is another question: that cursor starts anew.
    expect(page.reset).toBe(true)
    const customers = (await pull(me, { since: cursor })).changed.filter(({ __typename }) => __typename === 'Customer')
    expect(customers).toMatchObject([{ id, version: 4, notes: 'edit 3' }])
  })

  it('brings only the types of its scopes', async () => {
    const page = await pull(me, { scopes: [{ type: 'Customer' }, { type: 'FlightOffer' }] })
    expect(new Set(page.changed.map(({ __typename }) => __typename))).toEqual(new Set(['Customer', 'FlightOffer']))
  })

  it('tells of a deletion after the cursor, and says nothing of one before it', async () => {
    const id = await newCustomer(world, me)
    const { cursor } = await pull(me)
    await world.ask(me, DELETE_CUSTOMER, { task: { id: uuid() }, id, baseVersion: 1 })
    expect((await pull(me, { since: cursor })).removed).toEqual([{ type: 'Customer', id, reason: 'DELETED' }])
    const anew = await pull(me)
    expect(anew.removed).toEqual([])
    expect(names(anew)).not.toContain(`Customer:${id}`)
  })

  it('during concurrent commits misses nothing', async () => {
    const writers = Array.from({ length: 8 }, (_, index) => agent(`writer-${index}`))
    const written = new Set<string>()
    let { cursor } = await pull(boss)
    const seen = new Set<string>()
    let writing = true
    const work = Promise.all(
      writers.map(async writer => {
        for (let count = 0; count < 25; count += 1) written.add(await newCustomer(world, writer))
      }),
    ).then(() => {
      writing = false
    })
    for (let last = false; !last; ) {
      last = !writing
      const page = await pull(boss, { since: cursor, first: 7 })
      for (const { id } of page.changed) seen.add(id)
      cursor = page.cursor
      last = last && !page.hasMore
    }
    await work
    expect([...written].filter(id => !seen.has(id))).toEqual([])
  })
})

describe('who sees what', () => {
  it("an agent gets his own customers and vacations and all offers; a supervisor the agency's; another agency nothing of it", async () => {
    const [mine, other] = [await newCustomer(world, me), await newCustomer(world, agent('agent-b'))]
    const foreign = await newCustomer(world, agent('agent-a', 'south'))
    expect(names(await pull(me))).toContain(`Customer:${mine}`)
    expect(names(await pull(me))).not.toContain(`Customer:${other}`)
    expect(names(await pull(boss))).toEqual(expect.arrayContaining([`Customer:${mine}`, `Customer:${other}`]))
    expect(names(await pull(boss))).not.toContain(`Customer:${foreign}`)
    expect(names(await pull(agent('agent-a', 'south')))).not.toContain(`Customer:${mine}`)
    expect(names(await pull(me))).toContain('HotelOffer:hotel-lisbon-1')
  })

  it('a customer given to another agent leaves one device and arrives on the other', async () => {
    const id = await newCustomer(world, me)
    const [mine, theirs] = [(await pull(me)).cursor, (await pull(agent('agent-b'))).cursor]
    const moved = await world.ask(boss, UPDATE_CUSTOMER, {
      task: { id: uuid() },
      id,
      baseVersion: 1,
      patch: { ownerId: 'agent-b' },
    })
    expect(moved.data.updateCustomer.task.status).toBe('CONFIRMED')
    expect(await pull(me, { since: mine })).toMatchObject({
      changed: [],
      removed: [{ type: 'Customer', id, reason: 'OUT_OF_SCOPE' }],
    })
    expect((await pull(agent('agent-b'), { since: theirs })).changed).toMatchObject([
      { __typename: 'Customer', id, ownerId: 'agent-b' },
    ])
    await world.ask(boss, UPDATE_CUSTOMER, { task: { id: uuid() }, id, baseVersion: 2, patch: { ownerId: 'agent-a' } })
    expect(await pull(me, { since: mine })).toMatchObject({ changed: [{ id }], removed: [] })
  })
})

describe('a cursor', () => {
  it("that is broken, or another user's, starts anew and shows only what is the caller's", async () => {
    const { cursor } = await pull(boss)
    const [body = '', signature = ''] = cursor.split('.')
    const forged = `${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), seen: {} })).toString('base64url')}.${signature}`
    for (const broken of [cursor, forged, 'nonsense', `${body}.`, '', `${cursor}x`]) {
      const page = await pull(me, { since: broken })
      expect(page.reset).toBe(true)
      expect(names(page)).toEqual(names(await pull(me)))
    }
  })

  it('survives a restart of the gateway', async () => {
    const { cursor } = await pull(me)
    await world.restart()
    expect(await pull(me, { since: cursor })).toMatchObject({ changed: [], removed: [], reset: false })
  })

  it('older than the horizon starts anew', async () => {
    const { cursor } = await pull(me)
    daysAhead = 31
    const page = await pull(me, { since: cursor })
    daysAhead = 0
    expect(page.reset).toBe(true)
    expect(page.removed).toEqual([])
  })
})

describe('changesAvailable', () => {
  const listen = async (viewer: typeof me): Promise<{ next(): Promise<unknown>; count(): number; close(): void }> => {
    const client = createClient({
      url: `${world.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${await tokenFor(viewer)}` },
      lazy: false,
    })
    let pokes = 0
    const waiting: ((value: unknown) => void)[] = []
    client.subscribe(
      { query: 'subscription { changesAvailable { at } }' },
      {
        next: value => {
          pokes += 1
          waiting.shift()?.(value)
        },
        error: error => waiting.shift()?.(error),
        complete: () => undefined,
      },
    )
    await new Promise<void>(resolve => client.on('connected', () => resolve()))
    // A query on the same socket is answered after the subscription was set up.
    await new Promise<void>(resolve => {
      client.subscribe(
        { query: '{ __typename }' },
        { next: () => undefined, error: () => resolve(), complete: () => resolve() },
      )
    })
    return {
      next: () => new Promise(resolve => waiting.push(resolve)),
      count: () => pokes,
      close: () => void client.dispose(),
    }
  }

  it('says that a pull would bring something, and to nobody else', async () => {
    const [mine, others] = [await listen(me), await listen(agent('agent-q'))]
    const poke = mine.next()
    await newCustomer(world, me)
    expect(await poke).toMatchObject({ data: { changesAvailable: { at: expect.stringMatching(/Z$/) } } })
    const own = others.next()
    expect(others.count()).toBe(0)
    await newCustomer(world, agent('agent-q'))
    await own
    mine.close()
    others.close()
  })

  it('is refused without a token', async () => {
    const socket = new WebSocket(`${world.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await new Promise(resolve => socket.once('open', resolve))
    socket.send(JSON.stringify({ type: 'connection_init' }))
    expect(await new Promise(resolve => socket.once('close', resolve))).toBe(4403)
  })
})

it('a booking comes home by changes with its task and its vacation', async () => {
  const customer = await newCustomer(world, me)
  const { cursor } = await pull(me)
  const id = uuid()
  const input = booking(customer)
  await world.ask(me, BOOK, { task: { id }, input })
  const page = await pull(me, { since: cursor })
  expect(names(page)).toEqual([`Task:${id}`, `Vacation:${input['vacationId']}`])
  expect(page.changed).toContainEqual(expect.objectContaining({ __typename: 'Task', id, status: 'CONFIRMED' }))
})
