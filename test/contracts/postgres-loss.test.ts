/** What a store on Postgres does when the server or the way to it breaks. */
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postgres } from '../../server/store/postgres.ts'
import type { Store, StoredTask } from '../../server/store/store.ts'
import { type Cut, type Cutter, startCutter } from '../support/cutter.ts'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { P, record, task } from '../support/stored.ts'

const alive: Store[] = []

async function opened(url: string): Promise<Store> {
  const store = postgres(url)
  await store.open()
  alive.push(store)
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

afterEach(async () => {
  await Promise.all(alive.splice(0).map(store => store.close()))
})

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
