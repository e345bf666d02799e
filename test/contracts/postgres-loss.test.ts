/** What a store on Postgres does when the server or the way to it breaks. */
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../protocol/index.ts'
import { postgres } from '../../server/store/postgres.ts'
import type { Store, StoredTask } from '../../server/store/store.ts'
import { type Cut, type Cutter, startCutter } from '../support/cutter.ts'
import { dropDatabase, freshDatabase, postgresMissing, startPostgres } from '../support/postgres.ts'
import { P, record, task } from '../support/stored.ts'

async function opened(url: string): Promise<Store> {
  const store = postgres(url)
  await store.open()
  return store
}

const put = (store: Store, key: string, partition = P): Promise<void> =>
  store.write(partition, async unit => unit.put({ ...record(key), partition }, { keepVersion: true, writtenBy: null }))

/** The keys of the partition's feed in order of number, each with its number. */
async function feedOf(store: Store, partition = P): Promise<{ key: string; change: number }[]> {
  const { rows } = await store.view.changed(partition, [{ type: 'Thing', owner: null }], {
    after: 0,
    removalsAfter: 0,
    limit: 100_000,
  })
  return rows.map(({ body, change }) => ({ key: (JSON.parse(body) as { id: string }).id, change }))
}

describe.skipIf(postgresMissing())('a connection that breaks in mid-commit', () => {
  let url: string
  let cutter: Cutter
  let store: Store
  let sight: Store
  beforeEach(async () => {
    url = await freshDatabase()
    cutter = await startCutter(url)
    store = await opened(cutter.url)
    sight = await opened(url)
  })
  afterEach(async () => {
    await Promise.all([store.close(), sight.close()])
    cutter.close()
    await dropDatabase(url)
  })

  for (const partition of ['one that was written before', 'a new one']) {
    const writes = async (how: Cut): Promise<{ written: Promise<unknown>[]; arrive(): void }> => {
      if (partition !== 'a new one') await put(store, 'before')
      const met = cutter.cut(how)
      const written = [
        store.write(P, unit => unit.takeTask(task('t'))),
        put(store, 'a'),
        store.write(P, async () => {
          throw new TypeError('refused by the unit itself')
        }),
      ]
      for (const each of written) each.catch(() => undefined)
      return { written, ...(await met) }
    }
    const taken = (): Promise<StoredTask | undefined> => sight.view.task({ partition: P, user: 'ann', id: 't' })

    it(`is told of its commit when that reached the server, once (${partition})`, async () => {
      const { written } = await writes('unanswered')
      await expect(written[0]).resolves.toMatchObject({ id: 't' })
      await expect(written[1]).resolves.toBeUndefined()
      await expect(written[2]).rejects.toThrow('refused by the unit itself')
      expect(await taken()).toBeDefined()
      await put(store, 'after')
      const rows = await feedOf(sight)
      expect(rows.filter(({ key }) => key === 'a')).toHaveLength(1)
      expect(rows.map(({ change }) => change)).toEqual(rows.map((_, index) => index + 1))
    })

    it(`is told when it did not, nothing of it stays, and the same may be asked again (${partition})`, async () => {
      const { written } = await writes('lost')
      for (const each of written.slice(0, 2)) await expect(each).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await expect(written[2]).rejects.toThrow()
      expect(await taken()).toBeUndefined()
      expect((await feedOf(sight)).map(({ key }) => key)).not.toContain('a')
      await put(store, 'a')
      expect((await feedOf(sight)).filter(({ key }) => key === 'a')).toHaveLength(1)
    })

    it(`waits for a commit that is still on its way (${partition})`, async () => {
      const { written, arrive } = await writes('late')
      let isAnswered = false
      void Promise.allSettled(written).then(() => (isAnswered = true))
      const client = new pg.Client(url)
      await client.connect()
      await expect
        .poll(async () => {
          const { rows } = await client.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock'
 and datname = current_database()`)
          return rows.length + Number(isAnswered)
        })
        .toBeGreaterThan(0)
      await client.end()
      expect(isAnswered).toBe(false)
      arrive()
      await expect(written[0]).resolves.toMatchObject({ id: 't' })
      await expect(written[1]).resolves.toBeUndefined()
      expect(await taken()).toBeDefined()
    })
  }
})

describe.skipIf(postgresMissing())('the mark by which a commit is known', () => {
  it('is kept for a while, and taken away in the end', async () => {
    const url = await freshDatabase()
    const store = await opened(url)
    await put(store, 'a')
    const client = new pg.Client(url)
    await client.connect()
    const marks = async (): Promise<number> => (await client.query('select 1 from layover.commit_mark')).rowCount ?? 0
    await client.query(
      `insert into layover.commit_mark (id, at) values (gen_random_uuid(), now() - interval '2 hours')`,
    )
    expect(await marks()).toBe(2)
    expect(await store.write(P, unit => unit.prune(0, 10))).toBe(0)
    // That of the pruning itself comes with its commit.
    const { rows } = await client.query(
      `select bool_and(at > now() - interval '1 hour') as recent from layover.commit_mark`,
    )
    expect([await marks(), rows]).toEqual([2, [{ recent: true }]])
    await client.end()
    await store.close()
    await dropDatabase(url)
  })
})

// Most of their time they wait, so they do so together.
describe.skipIf(postgresMissing()).concurrent('a store', () => {
  it('keeps every write that was answered, once, and goes on, when its server is killed three times', async ({
    expect,
  }) => {
    const server = await startPostgres()
    const url = await server.createDatabase()
    const stores = [await opened(url), await opened(url)]
    const partitions = [P, 'tenant:south']
    const answered: { partition: string; key: string }[] = []
    let isOver = false
    const writer = async (store: Store, name: string, partition: string): Promise<void> => {
      for (let count = 1; !isOver; count += 1) {
        const key = `${name}-${count}`
        try {
          await put(store, key, partition)
          answered.push({ partition, key })
        } catch (error) {
          expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
          await pause(systemClock, 20)
        }
      }
    }
    const writers = stores.flatMap((store, at) =>
      Array.from({ length: 8 }, (_, number) => writer(store, `${at}-${number}`, partitions[number % 2] as string)),
    )
    const bothGoOn = async (): Promise<void> => {
      const from = answered.length
      const of = (store: string): number => answered.slice(from).filter(({ key }) => key.startsWith(store)).length
      await expect.poll(() => Math.min(of('0-'), of('1-'))).toBeGreaterThan(50)
    }
    for (let crash = 1; crash <= 3; crash += 1) {
      await bothGoOn()
      await server.crash()
    }
    await bothGoOn()
    isOver = true
    await Promise.all(writers)
    for (const partition of partitions) {
      const rows = await feedOf(stores[0] as Store, partition)
      expect(rows.map(({ change }) => change)).toEqual(rows.map((_, index) => index + 1))
      const times = new Map<string, number>()
      for (const { key } of rows) times.set(key, (times.get(key) ?? 0) + 1)
      const mine = answered.filter(each => each.partition === partition)
      expect(mine.filter(({ key }) => times.get(key) !== 1)).toEqual([])
    }
    await Promise.all(stores.map(store => store.close()))
    await server.stop()
  })

  it('learns after a crash between a commit and its answer what became of it', async ({ expect }) => {
    const server = await startPostgres()
    const url = await server.createDatabase()
    const sight = await opened(url)
    for (const how of ['unanswered', 'lost'] as const) {
      const cutter = await startCutter(url)
      const store = await opened(cutter.url)
      const met = cutter.cut(how)
      const written = put(store, how)
      written.catch(() => undefined)
      await met
      // What the store asks meanwhile is swallowed, so that only the server that comes back can tell it.
      if (how === 'unanswered') {
        cutter.swallow()
        await expect.poll(async () => (await sight.view.record(P, 'Thing', how)) !== undefined).toBe(true)
      }
      await server.crash()
      cutter.pass()
      if (how === 'unanswered') await written
      else await expect(written).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await expect
        .poll(() =>
          feedOf(sight).then(
            rows => rows.map(({ key }) => key),
            () => [],
          ),
        )
        .toEqual(['unanswered'])
      await store.close()
      cutter.close()
    }
    await sight.close()
    await server.stop()
  })

  it('gives up a connection that stays silent, and another takes its place', async ({ expect }) => {
    const url = await freshDatabase()
    const cutter = await startCutter(url)
    const store = await opened(`${cutter.url}?query_timeout=1000`)
    await put(store, 'before')
    await store.view.head(P)
    cutter.silence()
    const read = expect(store.view.head(P)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await put(store, 'a')
    await read
    expect((await feedOf(store)).map(({ key }) => key)).toEqual(['before', 'a'])
    await store.close()
    cutter.close()
    await dropDatabase(url)
  })

  it('that freezes holds up others of its partition for a few seconds, other partitions not at all, and starts anew when it wakes', async ({
    expect,
  }) => {
    const url = await freshDatabase()
    const frozen = await opened(url)
    const other = await opened(url)
    await put(frozen, 'before')
    let wake: (() => void) | undefined
    const slept = frozen.write(P, async unit => {
      unit.put(record('frozen'), { keepVersion: true, writtenBy: null })
      if (wake === undefined) await new Promise<void>(resolve => (wake = resolve))
    })
    await expect.poll(() => wake).toBeDefined()
    const answered: string[] = []
    const note = (what: string) => (): void => {
      answered.push(what)
    }
    const began = systemClock.now()
    const held = put(other, 'held').then(note('held'))
    await put(other, 'a', 'tenant:south').then(note('another partition'))
    await put(frozen, 'b', 'tenant:south').then(note('another partition of the same store'))
    await held
    expect(systemClock.now() - began).toBeLessThan(9000)
    expect(answered).toEqual(['another partition', 'another partition of the same store', 'held'])
    wake?.()
    await slept
    expect(await feedOf(other)).toEqual([
      { key: 'before', change: 1 },
      { key: 'held', change: 2 },
      { key: 'frozen', change: 3 },
    ])
    await Promise.all([frozen.close(), other.close()])
    await dropDatabase(url)
  })
})
