import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { sqlite } from '../../server/store/sqlite.ts'
import { temporaryDirectory } from '../support/world.ts'
import { storeContract } from './store.contract.ts'

storeContract('SQLite', async () => {
  const directory = temporaryDirectory()
  return {
    async open() {
      const store = sqlite(join(directory.path, 'store.db'))
      await store.open()
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
