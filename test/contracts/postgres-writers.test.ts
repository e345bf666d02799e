/** Units of several gateways beside each other, and one that the database refuses among others. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgres } from '../../server/store/postgres.ts'
import type { Store, StoredTask, Touch } from '../../server/store/store.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { P, record, task } from '../support/stored.ts'
import { uuid } from '../support/world.ts'

const SOUTH = 'tenant:south'
const SHARED = 'shared'

const put = (store: Store, key: string, partition = P): Promise<void> =>
  store.write(partition, async unit => unit.put({ ...record(key), partition }, { keepVersion: true, writtenBy: null }))

const keysOf = async (store: Store, partition = P): Promise<string[]> => {
  const window = { after: 0, removalsAfter: 0, limit: 1_000 }
  const { rows } = await store.view.changed(partition, [{ type: 'Thing', owner: null }], window)
  return rows.map(({ body }) => (JSON.parse(body) as { id: string }).id)
}

describe.skipIf(postgresMissing())('units of two gateways', () => {
  let url: string
  let stores: [Store, Store]
  beforeEach(async () => {
    url = await freshDatabase()
    stores = [postgres(url), postgres(url)]
    for (const store of stores) await store.open()
  })
  afterEach(async () => {
    await Promise.all(stores.map(store => store.close()))
    await dropDatabase(url)
  })

  it('share partitions: numbers are gapless and none is given twice, a reader misses nothing, tasks keep their order', async () => {
    const ROUNDS = 8
    const [reading] = stores
    /** Numbers of tasks in the order in which they were finished, by partition and record. */
    const finished = new Map<string, number[]>()
    const freed: string[] = []
    /** Takes a task on a record that all writers fight for, and finishes it when nobody is before it any more. */
    const round = async (store: Store, partition: string, name: string): Promise<void> => {
      const touches: Touch[] = [{ record: `Thing:${Number.parseInt(name, 36) % 3}`, writes: true }]
      const expected = { tasks: [{ partition, user: 'ann', id: name }], touches, takes: 1 }
      const finish = async (waiting: StoredTask): Promise<StoredTask[]> =>
        store.write(partition, async unit => {
          unit.put({ ...record(waiting.id), partition }, { keepVersion: true, writtenBy: null })
          await unit.changeTask(waiting, { state: 'finished', status: 'CONFIRMED' })
          return unit.release(waiting)
        })
      const taken = await store.write(
        partition,
        async unit => {
          const before = await unit.inTheWay(partition, touches)
          const mine = await unit.takeTask(task(name, { partition, touches }))
          await unit.waitFor(mine, before)
          return { mine, isBlocked: before.length > 0 }
        },
        expected,
      )
      if (!taken.isBlocked) {
        let next = [taken.mine]
        // Whoever finishes one finishes those that it frees, as the gateways do.
        while (next.length > 0) {
          const [current] = next as [StoredTask]
          const more = await finish(current)
          const fought = `${partition} ${current.touches[0]?.record}`
          finished.set(fought, [...(finished.get(fought) ?? []), current.number])
          freed.push(...more.map(({ id }) => id))
          next = [...next.slice(1), ...more]
        }
      }
      await put(store, `shared-${name}`, SHARED)
    }
    let isOver = false
    const seen: string[] = []
    const numbers: number[] = []
    const reader = (async () => {
      for (let after = 0; ; ) {
        const last = isOver
        const window = { after, removalsAfter: 0, limit: 7 }
        const page = await reading.view.changed(SHARED, [{ type: 'Thing', owner: null }], window)
        for (const { body, change } of page.rows) {
          seen.push((JSON.parse(body) as { id: string }).id)
          numbers.push(change)
        }
        after = page.last ?? after
        if (last && page.rows.length === 0) return
      }
    })()
    const writers = stores.flatMap((store, at) =>
      Array.from({ length: 16 }, async (_, number) => {
        for (let count = 0; count < ROUNDS; count += 1) {
          await round(store, number % 2 === 0 ? P : SOUTH, (at * 1000 + number * 20 + count).toString(36))
        }
      }),
    )
    await Promise.all(writers)
    isOver = true
    await reader
    const count = 2 * 16 * ROUNDS
    expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1))
    expect(new Set(seen).size).toBe(count)
    expect([await reading.view.head(P), await reading.view.head(SOUTH)]).toEqual([count / 2, count / 2])
    expect([...(await keysOf(reading)), ...(await keysOf(reading, SOUTH))]).toHaveLength(count)
    expect(await reading.view.unfinished()).toEqual([])
    expect([...finished.values()].flat()).toHaveLength(count)
    for (const each of finished.values()) expect(each).toEqual([...each].sort((left, right) => left - right))
    expect(new Set(freed).size).toBe(freed.length)
    expect(freed.length).toBeGreaterThan(0)
  })

  it('take a task of the same id in two partitions at once: each gets a reference of its own', async () => {
    const met: (() => void)[] = []
    const both = new Promise<void>(resolve => met.push(resolve))
    let taken = 0
    const take = (store: Store, partition: string): Promise<StoredTask> =>
      store.write(partition, async unit => {
        const mine = await unit.takeTask(task('t', { partition }))
        taken += 1
        if (taken === 2) met[0]?.()
        await both
        return mine
      })
    const tasks = await Promise.all([take(stores[0], P), take(stores[1], SOUTH)])
    expect(tasks.map(({ reference }) => reference).sort()).toEqual(['t', expect.stringMatching(/^t~[0-9a-f]{32}$/)])
    expect((await stores[0].view.unfinished()).map(({ partition }) => partition).sort()).toEqual([P, SOUTH])
  })

  it('that wait for each other’s rows in two partitions both come to their end', async () => {
    const [met, go] = [[] as string[], {} as { on?: () => void }]
    const both = new Promise<void>(resolve => (go.on = resolve))
    const take = (store: Store, partition: string, ids: string[]): Promise<StoredTask[]> =>
      store.write(partition, async unit => {
        const tasks: StoredTask[] = []
        for (const id of ids) {
          tasks.push(await unit.takeTask(task(id, { partition })))
          // It writes what it has got so far.
          await unit.unfinished()
          if (!met.includes(partition)) met.push(partition)
          if (met.length === 2) go.on?.()
          await both
        }
        return tasks
      })
    const tasks = await Promise.all([take(stores[0], P, ['a', 'b']), take(stores[1], SOUTH, ['b', 'a'])])
    expect(new Set(tasks.flat().map(({ reference }) => reference)).size).toBe(4)
  })
})

describe.skipIf(postgresMissing())('a unit that the database refuses', () => {
  let url: string
  let store: Store
  beforeEach(async () => {
    url = await freshDatabase()
    store = postgres(url)
    await store.open()
  })
  afterEach(async () => {
    await store.close()
    await dropDatabase(url)
  })

  const refusals: [string, (store: Store) => Promise<unknown>][] = [
    ['a key that is too long for an index', of => put(of, Array.from({ length: 400 }, uuid).join(''))],
    ['a memo that is there', of => of.write(P, unit => unit.recordMemo('t', 'step', 2))],
    [
      'a question that it can’t answer, which it kept to itself',
      of =>
        of.write(P, async unit => {
          unit.put(record('refused'), { keepVersion: true, writtenBy: null })
          await unit.list({ partition: P, selection: { type: 'Thing', owner: null }, first: -1 }).catch(() => undefined)
        }),
    ],
    [
      'a question that it can’t answer',
      of => of.write(P, unit => unit.list({ partition: P, selection: { type: 'Thing', owner: null }, first: -1 })),
    ],
  ]
  it.each(refusals)(
    'for %s fails alone: its neighbours of the same commit are there, each once',
    async (_, refused) => {
      await store.write(P, unit => unit.recordMemo('t', 'step', 1))
      let commits = 0
      store.onCommit(all => (commits += all.length))
      const results = await Promise.allSettled([put(store, 'a'), refused(store), put(store, 'b'), put(store, 'c')])
      expect(results).toMatchObject([
        { status: 'fulfilled' },
        { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } },
        { status: 'fulfilled' },
        { status: 'fulfilled' },
      ])
      expect(await keysOf(store)).toEqual(['a', 'b', 'c'])
      expect([await store.view.head(P), commits]).toEqual([3, 3])
      expect(await store.view.memo('t', 'step')).toEqual({ value: 1 })
    },
  )

  it('because it takes a task twice fails alone', async () => {
    const results = await Promise.allSettled([
      put(store, 'a'),
      store.write(P, async unit => [await unit.takeTask(task('t')), await unit.takeTask(task('t'))]),
      store.write(P, unit => unit.takeTask(task('u'))),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await store.view.unfinished()).map(({ id }) => id)).toEqual(['u'])
  })

  it('is not one that takes a copied id after it looked into the database, nor one that records a memo anew', async () => {
    await store.write(P, unit => unit.recordMemo('t', 'step', 1))
    const [mine, copied] = await store.write(P, async unit => {
      const first = await unit.takeTask(task('t'))
      await unit.unfinished()
      await unit.dropMemos('t')
      await unit.recordMemo('t', 'step', 2)
      return [first, await unit.takeTask(task('t', { user: 'bob' }))]
    })
    expect([mine?.reference, copied?.reference]).toEqual(['t', expect.stringMatching(/^t~/)])
    expect(await store.view.memo('t', 'step')).toEqual({ value: 2 })
  })
})
