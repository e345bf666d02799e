import 'fake-indexeddb/auto'
import localforage from 'localforage'
import { describe, expect, test } from 'vitest'
import { inTheClear } from '../../client/storage/cipher.ts'
import { type Database, memoryStorage, namespaceOf, openDatabase, type Shelf } from '../../client/storage/database.ts'
import { Writer } from '../../client/storage/writer.ts'
import { newName } from './notes-app.ts'

const memory = memoryStorage()
const forage = localforage.createInstance({ name: newName(), driver: localforage.INDEXEDDB })
const adapters: [string, (name: string, user: string) => Promise<Database>][] = [
  ['IndexedDB', (name, user) => openDatabase(namespaceOf(name, user))],
  ['a driver in memory', (name, user) => openDatabase(namespaceOf(name, user), memory)],
  ['localforage as the driver', (name, user) => openDatabase(namespaceOf(name, user), forage)],
]

const write = (database: Database, shelf: Shelf, changes: Record<string, string | null>): Promise<void> =>
  database.transaction([shelf], async transaction => {
    for (const [key, value] of Object.entries(changes)) transaction.set(shelf, key, value)
  })
const read = async (database: Database, shelf: Shelf): Promise<Record<string, string>> =>
  Object.fromEntries([...(await database.readAll(shelf))].sort())

describe.each(adapters)('%s', (_name, open) => {
  test('gives back what was written, in a later session, too', async () => {
    const name = newName()
    const database = await open(name, 'ann')
    await write(database, 'outbox', { a: '1', b: '2' })
    await write(database, 'outbox', { a: null, c: '' })
    const seen = await database.transaction(['outbox'], async transaction => [
      await transaction.get('outbox', 'a'),
      await transaction.get('outbox', 'b'),
    ])
    expect(seen).toEqual([null, '2'])
    expect(await read(await open(name, 'ann'), 'outbox')).toEqual({ b: '2', c: '' })
  })

  test('keeps shelves, users and names apart', async () => {
    const name = newName()
    const ann = await open(name, 'ann')
    const others = [await open(name, 'ann/outbox'), await open(name, 'bob'), await open(`${name}/x`, 'ann')]
    await write(ann, 'outbox', { a: 'ann' })
    for (const each of others) expect([await read(each, 'outbox'), await read(each, 'cache')]).toEqual([{}, {}])
    expect(await read(ann, 'cache')).toEqual({})
    await write(ann, 'cache', { a: 'cache' })
    await ann.clear(['cache'])
    expect([await read(ann, 'outbox'), await read(ann, 'cache')]).toEqual([{ a: 'ann' }, {}])
  })

  test('one transaction clears and writes both shelves', async () => {
    const database = await open(newName(), 'ann')
    await write(database, 'cache', { a: '1', b: '2' })
    await database.transaction(['outbox', 'cache'], async transaction => {
      await transaction.clear('cache')
      transaction.set('cache', 'b', '3')
      transaction.set('outbox', 'c', '4')
    })
    expect([await read(database, 'outbox'), await read(database, 'cache')]).toEqual([{ c: '4' }, { b: '3' }])
  })

  test('that is removed leaves nothing, its name neither', async () => {
    const name = newName()
    const database = await open(name, 'ann')
    await write(database, 'outbox', { a: '1' })
    await database.remove()
    expect((await indexedDB.databases()).filter(each => each.name?.startsWith(`${name}/`))).toEqual([])
    expect(await read(await open(name, 'ann'), 'outbox')).toEqual({})
  })

  test('transactions that read and write follow each other, whichever client runs them', async () => {
    const name = newName()
    const [one, two] = [await open(name, 'ann'), await open(name, 'ann')]
    const count = (database: Database): Promise<void> =>
      database.transaction(['outbox'], async transaction => {
        transaction.set('outbox', 'n', String(Number(await transaction.get('outbox', 'n')) + 1))
      })
    await Promise.all(Array.from({ length: 20 }, (_each, index) => count(index % 2 ? one : two)))
    expect(await read(one, 'outbox')).toEqual({ n: '20' })
  })
})

test('a write to the outbox on IndexedDB is durable, and all or nothing', async () => {
  const asked: unknown[] = []
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof transaction>) {
    if (args[1] === 'readwrite') asked.push(args[2])
    return transaction.apply(this, args)
  }
  try {
    const database = await openDatabase(newName())
    await write(database, 'outbox', { a: '1' })
    expect(asked).toEqual([{ durability: 'strict' }])
    const uncloneable = { a: '2', b: (() => undefined) as never }
    await expect(write(database, 'outbox', uncloneable)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    const failing = database.transaction(['outbox'], async each => {
      each.set('outbox', 'a', '3')
      throw new Error('changed its mind')
    })
    await expect(failing).rejects.toMatchObject({ code: 'STORAGE_FAILED', cause: { message: 'changed its mind' } })
    expect(await read(database, 'outbox')).toEqual({ a: '1' })
  } finally {
    IDBDatabase.prototype.transaction = transaction
  }
})

test('a database that another tab deletes is let go, and made anew with the next write', async () => {
  const name = newName()
  const database = await openDatabase(name)
  await write(database, 'outbox', { a: '1' })
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
  await write(database, 'outbox', { b: '2' })
  expect(await read(database, 'outbox')).toEqual({ b: '2' })
})

test('a write that is asked for at any moment around the end of the one before it is done', async () => {
  const report = (): void => undefined
  const writer = new Writer(await openDatabase(newName(), memoryStorage()), inTheClear, report)
  let done = 0
  for (let turns = 0; turns < 20; turns += 1) {
    await writer.append(new Map([['first', String(turns)]]))
    for (let turn = 0; turn < turns; turn += 1) await undefined
    await writer.append(new Map([['second', String(turns)]]))
    done += 1
  }
  expect(done).toBe(20)
}, 5000)
