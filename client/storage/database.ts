/**
 * What the device keeps, as two shelves of text in one database: the outbox and, apart from it, the cache. One transaction
 * may write both, so that an acknowledgement is never stored without the records that came with it.
 *
 * By default IndexedDB. The outbox must survive a power failure once a promise has resolved, so its writes ask for `strict`
 * durability. A driver that is handed in (memory, localforage, React Native) is used as it is: it is as durable, and as
 * atomic, as itself.
 */
import { LayoverError } from '../layover-error.ts'

/** localforage's shape. Values are strings; a missing one may come back as null or undefined. */
export interface StorageDriver {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string): Promise<unknown>
  removeItem(key: string): Promise<unknown>
  keys(): Promise<readonly string[]>
}

export const SHELVES = ['outbox', 'cache'] as const
export type Shelf = (typeof SHELVES)[number]

export interface Transaction {
  get(shelf: Shelf, key: string): Promise<string | null>
  /** null removes. */
  set(shelf: Shelf, key: string, value: string | null): void
  /** Before anything is set. */
  clear(shelf: Shelf): Promise<void>
}

/** Every method rejects with STORAGE_FAILED, or with what `run` rejects with. */
export interface Database {
  /** Whether other tabs of the same origin open the same database. */
  readonly isShared: boolean
  readAll(shelf: Shelf): Promise<ReadonlyMap<string, string>>
  /**
   * Durable once it has resolved, and with IndexedDB all or nothing. One at a time over the same shelf, in whatever tab. `run`
   * awaits nothing but the transaction's own methods.
   */
  transaction<T>(shelves: readonly Shelf[], run: (transaction: Transaction) => Promise<T>): Promise<T>
  clear(shelves: readonly Shelf[]): Promise<void>
  /** Nothing of it is left, its name neither. Closes it. */
  remove(): Promise<void>
  /** Asks the browser not to give the room to somebody else when it runs short. */
  keep(): void
  close(): void
}

/** Another name or another user is another database, so that nobody ever meets somebody else's queue. */
export const namespaceOf = (name = 'layover', user: string): string =>
  `${encodeURIComponent(name)}/${encodeURIComponent(user)}`

export async function openDatabase(namespace: string, driver?: StorageDriver): Promise<Database> {
  if (driver) return new (await import('./driver-database.ts')).DriverDatabase(driver, namespace)
  const database = new IndexedDatabase(namespace)
  await database.open()
  return database
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

/** Above those of an earlier layout, whose entries it takes over. */
const VERSION = 10

class IndexedDatabase implements Database {
  readonly isShared = true
  readonly #name: string
  #connection: Promise<IDBDatabase> | undefined
  #isClosed = false

  constructor(name: string) {
    this.#name = name
  }

  open(): Promise<IDBDatabase> {
    return storing(() => this.#connect())
  }

  readAll(shelf: Shelf): Promise<ReadonlyMap<string, string>> {
    return storing(() =>
      this.#connected(async database => {
        const store = database.transaction(shelf).objectStore(shelf)
        const [keys, values] = await Promise.all([answered(store.getAllKeys()), answered<unknown[]>(store.getAll())])
        return new Map(keys.map((key, index) => [String(key), text(values[index]) ?? '']))
      }),
    )
  }

  transaction<T>(shelves: readonly Shelf[], run: (transaction: Transaction) => Promise<T>): Promise<T> {
    return storing(() =>
      this.#connected(async database => {
        const durability = shelves.includes('outbox') ? 'strict' : 'relaxed'
        const { done, objectStore, ...transaction } = opened(database, shelves, durability)
        const steps: Promise<unknown>[] = []
        try {
          const result = await run({
            get: async (shelf, key) => text(await answered<unknown>(objectStore(shelf).get(key))),
            set(shelf, key, value) {
              const store = objectStore(shelf)
              steps.push(value === null ? answered(store.delete(key)) : answered(store.put(value, key)))
            },
            clear: shelf => answered(objectStore(shelf).clear()),
          })
          await Promise.all([...steps, done])
          return result
        } catch (error) {
          // What was put so far would be committed by itself.
          transaction.abort()
          await Promise.allSettled([...steps, done])
          throw error
        }
      }),
    )
  }

  clear(shelves: readonly Shelf[]): Promise<void> {
    return storing(() =>
      this.#connected(async database => {
        const { done, objectStore } = opened(database, shelves, 'strict')
        await Promise.all([...shelves.map(shelf => answered(objectStore(shelf).clear())), done])
      }),
    )
  }

  async remove(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    this.close()
    connection?.close()
    const request = indexedDB.deleteDatabase(this.#name)
    await storing(
      () =>
        new Promise<void>((resolve, reject) => {
          request.onsuccess = () => resolve()
          // Another tab is about to close it; then it goes.
          request.onblocked = () => resolve()
          request.onerror = () => reject(request.error)
        }),
    )
  }

  keep(): void {
    if (typeof navigator === 'undefined') return
    // A browser that refuses, or asks the person, loses nothing by it.
    void navigator.storage?.persist?.().catch(() => false)
  }

  close(): void {
    this.#isClosed = true
    void this.#connection?.then(
      database => database.close(),
      () => undefined, // Whoever opened it was told.
    )
  }

  /** The browser may close a connection by itself, and another tab when it deletes the database: then it is opened again. */
  async #connected<T>(run: (database: IDBDatabase) => Promise<T>): Promise<T> {
    try {
      return await run(await this.#connect())
    } catch (error) {
      if (this.#isClosed || !(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error
      this.#connection = undefined
      return run(await this.#connect())
    }
  }

  #connect(): Promise<IDBDatabase> {
    this.#connection ??= this.#openNew()
    return this.#connection
  }

  #openNew(): Promise<IDBDatabase> {
    const gone = (): void => {
      if (this.#connection === connection) this.#connection = undefined
    }
    const request = indexedDB.open(this.#name, VERSION)
    request.onupgradeneeded = () => {
      const { result } = request
      for (const shelf of SHELVES) if (!result.objectStoreNames.contains(shelf)) result.createObjectStore(shelf)
    }
    const connection = answered(request).then(database => {
      database.onclose = gone
      database.onversionchange = () => {
        gone()
        database.close()
      }
      return database
    })
    connection.catch(gone)
    return connection
  }
}

/** A request as a promise. A library for it would cost a page 1.1 kB. */
const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

function opened(database: IDBDatabase, shelves: readonly Shelf[], durability: IDBTransactionDurability) {
  const transaction = database.transaction([...shelves], 'readwrite', { durability })
  return {
    done: new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    }),
    objectStore: (shelf: Shelf) => transaction.objectStore(shelf),
    abort() {
      try {
        transaction.abort()
      } catch {
        // It is over already: what ended it is what is thrown.
      }
    },
  }
}

export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

export async function storing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof LayoverError) throw cause
    const isFull = cause instanceof Error && cause.name === 'QuotaExceededError'
    throw new LayoverError(
      'STORAGE_FAILED',
      isFull
        ? 'The device has no room left for this application: free space and try again.'
        : 'The device did not store or give back the data. Where there is no IndexedDB, pass `storage`; else try again.',
      cause,
    )
  }
}
