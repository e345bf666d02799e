/** The database over a driver that is handed in; loaded only where there is one. */
import { type Database, SHELVES, type Shelf, type StorageDriver, storing, type Transaction, text } from './database.ts'

/** By driver: several clients of one process may share one. */
const turns = new WeakMap<StorageDriver, Promise<unknown>>()

export class DriverDatabase implements Database {
  readonly isShared = false
  readonly #driver: StorageDriver
  readonly #namespace: string

  constructor(driver: StorageDriver, namespace: string) {
    this.#driver = driver
    this.#namespace = namespace
  }

  readAll(shelf: Shelf): Promise<ReadonlyMap<string, string>> {
    return this.#inTurn(async () => {
      const prefix = this.#key(shelf, '')
      const keys = await this.#keys(prefix)
      const values = await Promise.all(keys.map(key => this.#driver.getItem(key)))
      return new Map(keys.map((key, index) => [key.slice(prefix.length), text(values[index]) ?? '']))
    })
  }

  transaction<T>(_shelves: readonly Shelf[], run: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const changes = new Map<string, string | null>()
      const result = await run({
        get: async (shelf, key) => text(await this.#driver.getItem(this.#key(shelf, key))),
        set: (shelf, key, value) => void changes.set(this.#key(shelf, key), value),
        clear: async shelf => {
          for (const key of await this.#keys(this.#key(shelf, ''))) changes.set(key, null)
        },
      })
      for (const [key, value] of changes) {
        if (value === null) await this.#driver.removeItem(key)
        else await this.#driver.setItem(key, value)
      }
      return result
    })
  }

  clear(shelves: readonly Shelf[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const shelf of shelves)
        for (const key of await this.#keys(this.#key(shelf, ''))) await this.#driver.removeItem(key)
    })
  }

  remove(): Promise<void> {
    return this.clear(SHELVES)
  }

  keep(): void {
    // Whoever made the driver knows how long it keeps.
  }

  close(): void {
    // Whoever made the driver closes it.
  }

  #key(shelf: Shelf, key: string): string {
    return `${this.#namespace}/${shelf}/${key}`
  }

  async #keys(prefix: string): Promise<string[]> {
    return (await this.#driver.keys()).filter(key => key.startsWith(prefix))
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = Promise.resolve(turns.get(this.#driver)).then(() => storing(run))
    turns.set(
      this.#driver,
      turn.catch(() => undefined), // Whoever ran it is told.
    )
    return turn
  }
}
