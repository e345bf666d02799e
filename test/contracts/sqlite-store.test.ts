import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { systemClock } from '../../protocol/index.ts'
import { SQLITE_MIGRATIONS } from '../../server/store/migrations.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { type FeedQuery, feedQuery, textsQuery } from '../../server/store/sqlite-feed.ts'
import { temporaryDirectory } from '../support/world.ts'
import { storeContract } from './store.contract.ts'

storeContract('SQLite', async () => {
  const directory = temporaryDirectory()
  return {
    async open(setting) {
      const store = sqlite(join(directory.path, 'store.db'))
      await store.open(setting)
      return store
    },
    remove: async () => directory.remove(),
  }
})

it('a second store on the same file is refused while the first is open, and welcome afterwards', async () => {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'store.db')
  const first = sqlite(path)
  await first.open()
  await expect(sqlite(path).open()).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    message: expect.stringContaining('in use by another gateway'),
  })
  await first.close()
  const second = sqlite(path)
  await second.open()
  await second.close()
  directory.remove()
})

it('a file of a newer version is left as it is', async () => {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'store.db')
  const database = new Database(path)
  database.pragma('user_version = 999')
  database.close()
  await expect(sqlite(path).open()).rejects.toMatchObject({ code: 'STORE_TOO_NEW' })
  directory.remove()
})

it('a file that is no database is refused and left as it is', async () => {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'store.db')
  writeFileSync(
    path,
    'this is a letter, and longer than the header of a database, so that nobody takes it for an empty one'.repeat(20),
  )
  await expect(sqlite(path).open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  directory.remove()
})

it('the feed is read over index ranges of the wanted types and owners alone, and nothing is sorted', async () => {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'store.db')
  const store = sqlite(path)
  await store.open()
  const database = new Database(path, { readonly: true })
  const planOf = ({ sql, values }: FeedQuery): string[] =>
    database
      .prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
      .all(...values)
      .map(({ detail }) => detail)
      // `json_each` is a filter's list of values.
      .filter(detail => /SCAN|SEARCH|SORT|B-TREE/.test(detail) && !detail.includes('json_each'))
  const window = { after: 7, removalsAfter: 0, limit: 100 }
  const where = [[{ field: 'name', test: 'in' as const, values: ['a'] }]]
  const own = [
    { type: 'Customer', owner: 'ann', shape: 's', where },
    { type: 'Vacation', owner: 'ann', shape: 's' },
  ]
  const owned = 'SEARCH record USING INDEX record_owner (partition=? AND type=? AND owner=? AND change>? AND change<?)'
  const left =
    'SEARCH departed USING INDEX departed_change (partition=? AND type=? AND owner=? AND change>? AND change<?)'
  expect(planOf(feedQuery('p', own, window, null))).toEqual([owned, left, owned, left])
  const whole = own.map(selection => ({ ...selection, owner: null }))
  const typed = 'SEARCH record USING INDEX record_type (partition=? AND type=? AND change>? AND change<?)'
  expect(planOf(feedQuery('p', whole, window, null))).toEqual([typed, typed])
  // What is left to scan is the window that the ranges gave.
  expect(planOf(textsQuery('p', whole, window, null)).filter(detail => !detail.startsWith('SCAN (subquery'))).toEqual([
    typed,
    typed,
  ])
  database.close()
  await store.close()
  directory.remove()
})

it('a store of the first version is taken over, and what it holds is kept for a whole horizon from then on', async () => {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'store.db')
  const old = new Database(path)
  old.exec(SQLITE_MIGRATIONS[0] as string)
  old.pragma('user_version = 1')
  old.exec(`
    insert into meta values ('epoch', 'e'), ('secret', 's');
    insert into partition values ('p', 2);
    insert into record values ('p', 'Thing', 'a', 1, null, 0, '{"__typename":"Thing","id":"a","version":2}');
    insert into record values ('p', 'Thing', 'b', 2, null, 1, '{"__typename":"Thing","id":"b","version":2}');
    insert into version values ('p', 'Thing', 'a', 1, '{}', null, null), ('p', 'Thing', 'a', 2, '{}', null, null);
    insert into departed values ('p', 'Thing', 'a', 'ann', 1, '{}');
  `)
  old.close()
  const before = systemClock.now()
  const store = sqlite(path)
  await store.open()
  expect(store.epoch).toBe('e')
  // A second before: its clock and ours may differ by a rounding.
  expect(await store.write('p', unit => unit.prune(before - 1000, 100))).toBe(0)
  expect(await store.write('p', unit => unit.prune(systemClock.now() + 1000, 100))).toBe(3)
  expect(await store.view.record('p', 'Thing', 'a')).toBeDefined()
  await store.close()
  directory.remove()
})
