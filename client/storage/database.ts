/**
 * What the device keeps, as two shelves of text in one database: the outbox and, apart from it, the cache.
 *
 * By default IndexedDB through localforage. The outbox must survive a power failure once a promise has resolved, and
 * localforage passes no durability on; so writes take localforage's own connection through `idb` and ask for `strict`.
 * A driver that is handed in (memory, React Native, another localforage instance) is used as it is: it is as durable,
 * and as atomic, as itself.
 */
import { type IDBPDatabase, wrap } from 'idb'
import { LayoverError } from '../layover-error.ts'

/** localforage's shape. Values are strings; a missing one may come back as null or undefined. */
export interface StorageDriver {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string): Promise<unknown>
  removeItem(key: string): Promise<unknown>
  keys(): Promise<readonly string[]>
}

/** Text by key. Every method rejects with STORAGE_FAILED. */
export interface Shelf {
  read(key: string): Promise<string | null>
  readAll(): Promise<ReadonlyMap<string, string>>
  /** In the order of the map; null removes. Durable once it has resolved, and with IndexedDB all or nothing. */
  write(changes: ReadonlyMap<string, string | null>): Promise<void>
  clear(): Promise<void>
}

export interface Database {
  readonly outbox: Shelf
  readonly cache: Shelf
}

/** Another name or another user is another database, so that nobody ever meets somebody else's queue. */
export async function openDatabase(name: string, user: string, driver?: StorageDriver): Promise<Database> {
  const namespace = `${encodeURIComponent(name)}/${encodeURIComponent(user)}`
  if (driver) {
    return { outbox: driverShelf(driver, `${namespace}/outbox/`), cache: driverShelf(driver, `${namespace}/cache/`) }
  }
  const outbox = await indexedDbShelf(namespace, 'outbox')
  return { outbox, cache: await indexedDbShelf(namespace, 'cache') }
}

/** A driver for Node, for tests and for devices without storage: what it holds ends with the process. */
export function memoryStorage(): StorageDriver {
  const items = new Map<string, string>()
  return {
    getItem: async key => items.get(key) ?? null,
    setItem: async (key, value) => {
      items.set(key, value)
    },
    removeItem: async key => {
      items.delete(key)
    },
    keys: async () => [...items.keys()],
  }
}

async function indexedDbShelf(namespace: string, storeName: string): Promise<Shelf> {
  const instance = await storing(async () => {
    // Loaded only when it is needed: it looks for IndexedDB the moment it is loaded.
    const { default: localforage } = await import('localforage')
    const made = localforage.createInstance({ name: namespace, storeName, driver: localforage.INDEXEDDB })
    await made.ready()
    return made
  })

  /** The connection is shared and replaced by localforage whenever a store is added, so it is asked for each time. */
  const connection = (): IDBPDatabase => wrap((instance as unknown as { _dbInfo: { db: IDBDatabase } })._dbInfo.db)
  const onConnection = async <T>(run: (database: IDBPDatabase) => Promise<T>): Promise<T> => {
    try {
      return await run(connection())
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error
      await instance.length() // reconnects after another tab closed the connection
      return run(connection())
    }
  }

  return {
    read: key => storing(async () => text(await instance.getItem(key))),
    readAll: () =>
      storing(() =>
        onConnection(async database => {
          const { store, done } = database.transaction(storeName)
          const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll(), done])
          return new Map(keys.map((key, index) => [String(key), text(values[index]) ?? '']))
        }),
      ),
    write: changes =>
      storing(() =>
        onConnection(async database => {
          const transaction = database.transaction(storeName, 'readwrite', { durability: 'strict' })
          const steps: Promise<unknown>[] = [transaction.done]
          try {
            for (const [key, value] of changes) {
              steps.push(value === null ? transaction.store.delete(key) : transaction.store.put(value, key))
            }
          } catch (error) {
            // What was put so far would be committed by itself.
            transaction.abort()
            await Promise.allSettled(steps)
            throw error
          }
          await Promise.all(steps)
        }),
      ),
    clear: () => storing(() => instance.clear()),
  }
}

function driverShelf(driver: StorageDriver, prefix: string): Shelf {
  const ownKeys = async (): Promise<string[]> => (await driver.keys()).filter(key => key.startsWith(prefix))
  return {
    read: key => storing(async () => text(await driver.getItem(prefix + key))),
    readAll: () =>
      storing(async () => {
        const keys = await ownKeys()
        const values = await Promise.all(keys.map(key => driver.getItem(key)))
        return new Map(keys.map((key, index) => [key.slice(prefix.length), text(values[index]) ?? '']))
      }),
    write: changes =>
      storing(async () => {
        for (const [key, value] of changes) {
          if (value === null) await driver.removeItem(prefix + key)
          else await driver.setItem(prefix + key, value)
        }
      }),
    clear: () =>
      storing(async () => {
        for (const key of await ownKeys()) await driver.removeItem(key)
      }),
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

async function storing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    throw new LayoverError(
      'STORAGE_FAILED',
      'The device did not store or give back the data. Where there is no IndexedDB, pass `storage`; else free space and try again.',
      cause,
    )
  }
}
