/** A device's storage that can be full, slow and forgetful, and that outlives the clients on it. */
import { type Clock, pause, type Random, systemClock, systemRandom } from '../../protocol/ports.ts'
import type { StorageDriver } from '../storage/database.ts'

export interface SimulatedStorageOptions {
  /** Default: the system's. */
  clock?: Clock
  /** Decides, at a crash, what became of a write that had not been answered yet; default: the system's. */
  random?: Random
  /** Of each operation; default 0. */
  latencyMs?: number | (() => number)
  /** Keys and values together, in UTF-16 code units; default: no limit. */
  quota?: number
  /** How long what was written, and answered, can still be lost by a crash; default 0. No client can make up for such a device. */
  unsyncedMs?: number
}

export interface StorageFailure {
  /** Default 'write'. */
  operation?: 'read' | 'write'
  /** Default: any key. */
  key?: (key: string) => boolean
  /** Default 1. */
  times?: number
  /** Default: a QuotaExceededError for writes, a DataError for reads. */
  error?: unknown
}

/** What one client has of it. */
export interface StorageSession extends StorageDriver {
  /** The client is no more: what it waits for never comes. */
  end(): void
}

export function simulatedStorage(options: SimulatedStorageOptions = {}): SimulatedStorage {
  return new SimulatedStorage(options)
}

export class SimulatedStorage implements StorageDriver {
  /** What is there now. */
  readonly items = new Map<string, string>()
  quota: number
  latencyMs: number | (() => number)
  readonly #clock: Clock
  readonly #random: Random
  readonly #unsyncedMs: number
  readonly #failures = new Set<Required<StorageFailure>>()
  readonly #session: StorageSession
  #unsynced: { readonly key: string; readonly before: string | undefined }[] = []
  #size = 0

  constructor({
    clock = systemClock,
    random = systemRandom,
    latencyMs = 0,
    quota = Number.POSITIVE_INFINITY,
    unsyncedMs = 0,
  }: SimulatedStorageOptions) {
    this.#clock = clock
    this.#random = random
    this.#unsyncedMs = unsyncedMs
    this.latencyMs = latencyMs
    this.quota = quota
    this.#session = this.session()
  }

  /** In UTF-16 code units. */
  get size(): number {
    return this.#size
  }

  getItem(key: string): Promise<unknown> {
    return this.#session.getItem(key)
  }

  setItem(key: string, value: string): Promise<unknown> {
    return this.#session.setItem(key, value)
  }

  removeItem(key: string): Promise<unknown> {
    return this.#session.removeItem(key)
  }

  keys(): Promise<readonly string[]> {
    return this.#session.keys()
  }

  /** The next operations that match fail. The returned function withdraws it. */
  fail({ operation = 'write', key = () => true, times = 1, error }: StorageFailure = {}): () => void {
    const failure = { operation, key, times, error: error ?? (operation === 'write' ? full() : broken()) }
    this.#failures.add(failure)
    return () => void this.#failures.delete(failure)
  }

  /** The power fails: what was answered less than `unsyncedMs` ago is lost. */
  crash(): void {
    for (const { key, before } of this.#unsynced.splice(0).reverse()) this.#put(key, before)
  }

  /** Storage for one client. */
  session(): StorageSession {
    let isOver = false
    const run = async <T>(operation: 'read' | 'write', key: string, work: () => T): Promise<T> => {
      if (isOver) return never()
      const latency = typeof this.latencyMs === 'function' ? this.latencyMs() : this.latencyMs
      await (latency > 0 ? pause(this.#clock, latency) : undefined)
      if (isOver) {
        // It was handed over; nobody waits for the answer any more.
        if (operation === 'write' && this.#random.fraction() < 0.5) work()
        return never()
      }
      this.#failAsTold(operation, key)
      return work()
    }
    return {
      getItem: key => run('read', key, () => this.items.get(key) ?? null),
      setItem: (key, value) => run('write', key, () => this.#write(key, value)),
      removeItem: key => run('write', key, () => this.#write(key, undefined)),
      keys: () => run('read', '', () => [...this.items.keys()]),
      end: () => {
        isOver = true
      },
    }
  }

  #write(key: string, value: string | undefined): void {
    const before = this.items.get(key)
    const grown = this.#size + sizeOf(key, value) - sizeOf(key, before)
    if (grown > this.quota && grown > this.#size) throw full()
    this.#put(key, value)
    if (this.#unsyncedMs === 0) return
    const write = { key, before }
    this.#unsynced.push(write)
    this.#clock.after(this.#unsyncedMs, () => {
      this.#unsynced = this.#unsynced.filter(each => each !== write)
    })
  }

  #put(key: string, value: string | undefined): void {
    this.#size += sizeOf(key, value) - sizeOf(key, this.items.get(key))
    if (value === undefined) this.items.delete(key)
    else this.items.set(key, value)
  }

  #failAsTold(operation: 'read' | 'write', key: string): void {
    for (const failure of this.#failures) {
      if (failure.operation !== operation || !failure.key(key)) continue
      failure.times -= 1
      if (failure.times <= 0) this.#failures.delete(failure)
      throw failure.error
    }
  }
}

// A new one each time: what waits for a promise is kept as long as it is.
const never = (): Promise<never> => new Promise(() => undefined)
const sizeOf = (key: string, value: string | undefined): number => (value === undefined ? 0 : key.length + value.length)
const full = (): DOMException => new DOMException('The quota has been exceeded.', 'QuotaExceededError')
const broken = (): DOMException => new DOMException('The data could not be read.', 'DataError')
