import 'fake-indexeddb/auto'
import { describe, expect, test, vi } from 'vitest'
import type { StoredEntry } from '../../client/entry.ts'
import { type Database, memoryStorage, openDatabase } from '../../client/storage/database.ts'
import { OutboxRecords } from '../../client/storage/outbox-records.ts'
import { newName } from './notes-app.ts'

const shared = memoryStorage()
const adapters: [string, (name: string, user: string) => Promise<Database>][] = [
  ['IndexedDB through localforage', (name, user) => openDatabase(name, user)],
  ['a driver that is handed in', (name, user) => openDatabase(name, user, shared)],
]

describe.each(adapters)('%s', (_name, open) => {
  test('gives back what was written, in a later session, too', async () => {
    const name = newName()
    const { outbox } = await open(name, 'ann')
    await outbox.write(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
    await outbox.write(
      new Map([
        ['a', null],
        ['c', ''],
      ]),
    )
    expect(await outbox.read('a')).toBeNull()
    expect(await outbox.read('b')).toBe('2')
    const again = await open(name, 'ann')
    expect([...(await again.outbox.readAll())].sort()).toEqual([
      ['b', '2'],
      ['c', ''],
    ])
  })

  test('keeps shelves, users and names apart', async () => {
    const name = newName()
    const ann = await open(name, 'ann')
    const others = [await open(name, 'ann/outbox'), await open(name, 'bob'), await open(`${name}/x`, 'ann')]
    await ann.outbox.write(new Map([['a', 'ann']]))
    for (const { outbox, cache } of [...others, { outbox: ann.cache, cache: ann.cache }]) {
      expect((await outbox.readAll()).size + (await cache.readAll()).size).toBe(0)
    }
    await ann.cache.write(new Map([['a', 'cache']]))
    await ann.cache.clear()
    expect(await ann.outbox.read('a')).toBe('ann')
    expect(await ann.cache.read('a')).toBeNull()
  })
})

test('a write to IndexedDB is durable, and all or nothing', async () => {
  const asked: unknown[] = []
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof transaction>) {
    if (args[1] === 'readwrite') asked.push(args[2])
    return transaction.apply(this, args)
  }
  try {
    const { outbox } = await openDatabase(newName(), 'ann')
    asked.length = 0
    await outbox.write(new Map([['a', '1']]))
    expect(asked).toEqual([{ durability: 'strict' }])
    const uncloneable = new Map<string, string>([
      ['a', '2'],
      ['b', (() => undefined) as never],
    ])
    await expect(outbox.write(uncloneable)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect(await outbox.read('a')).toBe('1')
  } finally {
    IDBDatabase.prototype.transaction = transaction
  }
})

test('a connection that another tab closed is opened again', async () => {
  vi.spyOn(console, 'warn').mockReturnValue() // localforage mentions the version.
  const name = newName()
  const { outbox } = await openDatabase(name, 'ann')
  await outbox.write(new Map([['a', '1']]))
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`${name}/ann`, 9)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  database.close()
  await outbox.write(new Map([['b', '2']]))
  expect([...(await outbox.readAll()).keys()]).toEqual(['a', 'b'])
})

test('a write that is asked for at the moment at which the one before it is stored is stored, too', async () => {
  const { outbox } = await openDatabase(newName(), 'ann', memoryStorage())
  const records = new OutboxRecords(outbox, () => undefined)
  await records.saveSetting('first', 1)
  await records.saveSetting('second', 2)
  let stored = 0
  for (const id of ['a', 'b', 'c']) {
    await records.append({ id } as StoredEntry, { client: 'c', sequence: stored })
    stored += 1
  }
  expect(stored).toBe(3)
}, 2000)
