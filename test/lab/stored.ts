/** What is really in IndexedDB, and every write to it, seen from outside the client: nothing here knows its stores or keys. */

export interface StoredRecord {
  readonly database: string
  readonly store: string
  readonly key: string
  /** JSON; of what JSON does not know, its type. */
  readonly text: string
}

export interface StoredWrite {
  readonly kind: 'put' | 'delete' | 'clear'
  readonly store: string
  readonly key: string
  /** Length of the value as JSON. */
  readonly size: number
}

const asText = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : (JSON.stringify(value, (_key, each) =>
        each instanceof Map ? [...each] : each instanceof Set ? [...each] : ArrayBuffer.isView(each) ? '[bytes]' : each,
      ) ?? String(value))

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** All records of all databases of this origin. */
export async function storedRecords(): Promise<StoredRecord[]> {
  const found: StoredRecord[] = []
  for (const { name } of await indexedDB.databases()) {
    if (name === undefined) continue
    const database = await done(indexedDB.open(name))
    // Whoever wants to change the database must not wait for us.
    database.onversionchange = () => database.close()
    for (const store of database.objectStoreNames) {
      const shelf = database.transaction(store).objectStore(store)
      const [keys, values] = await Promise.all([done(shelf.getAllKeys()), done(shelf.getAll())])
      keys.forEach((key, index) => {
        found.push({ database: name, store, key: asText(key), text: asText(values[index]) })
      })
    }
    database.close()
  }
  return found
}

/** Calls `heard` for each write of a value from now on, on whatever connection. Gives what ends it. */
export function onWrites(heard: (write: StoredWrite) => void): () => void {
  const { put, add, delete: remove, clear } = IDBObjectStore.prototype
  const wrote = (kind: StoredWrite['kind'], store: IDBObjectStore, key: unknown, value?: unknown): void =>
    heard({ kind, store: store.name, key: asText(key), size: value === undefined ? 0 : asText(value).length })
  Object.assign(IDBObjectStore.prototype, {
    put(this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      wrote('put', this, key, value)
      return key === undefined ? put.call(this, value) : put.call(this, value, key)
    },
    add(this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      wrote('put', this, key, value)
      return key === undefined ? add.call(this, value) : add.call(this, value, key)
    },
    delete(this: IDBObjectStore, key: IDBValidKey) {
      wrote('delete', this, key)
      return remove.call(this, key)
    },
    clear(this: IDBObjectStore) {
      wrote('clear', this, '')
      return clear.call(this)
    },
  })
  return () => {
    Object.assign(IDBObjectStore.prototype, { put, add, delete: remove, clear })
  }
}

/** Calls `heard` when a transaction that writes has completed, with the stores it spans. Gives what ends it. */
export function onCommits(heard: (stores: readonly string[]) => void): () => void {
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof transaction>) {
    const made = transaction.apply(this, args)
    if (args[1] === 'readwrite') made.addEventListener('complete', () => heard([...made.objectStoreNames]))
    return made
  }
  return () => {
    IDBDatabase.prototype.transaction = transaction
  }
}
