/**
 * Everything that is written to the device goes through here, one transaction after the other. What is asked for while one
 * is under way goes out together with the next.
 */
import { LayoverError } from '../layover-error.ts'
import type { Report } from '../listeners.ts'
import type { Cipher } from './cipher.ts'
import type { Database, Transaction } from './database.ts'

/** null removes. */
export type Changes = ReadonlyMap<string, string | null>

/** The part of a transaction that stores the cache. */
export interface CacheChange {
  readonly changes: Changes
  /** What stood there before goes. */
  readonly isAll: boolean
  /** It was not stored. */
  undo(): void
}

/** Keys of the outbox that hold plain numbers and are changed only within a transaction. */
export const SEQUENCE = 'sequence'
export const EPOCH = 'epoch'

interface Job {
  readonly changes: Changes
  /** New entries: each takes the next number, which stands before its text. */
  readonly appends: Changes
  readonly withCache: boolean
  /** Only while this epoch is the last one. */
  readonly epoch: number | undefined
  resolve(firstSequence: number): void
  reject(error: unknown): void
}

export class Writer {
  readonly #database: Database
  readonly #cipher: Cipher
  readonly #report: Report
  #jobs: Job[] = []
  #working: Promise<void> | undefined
  #takeCache: (() => CacheChange) | undefined
  #fenced: (() => void) | undefined
  #keeps = false
  /** Of the leading tab; undefined where nothing is fenced. */
  epoch: number | undefined

  constructor(database: Database, cipher: Cipher, report: Report) {
    this.#database = database
    this.#cipher = cipher
    this.#report = report
  }

  /** Where the records come from that are stored with an acknowledgement. */
  cacheFrom(take: () => CacheChange): void {
    this.#takeCache = take
  }

  /** @param run called when another tab leads */
  onFenced(run: () => void): void {
    this.#fenced = run
  }

  /**
   * Takes the lead over every other tab; what they still want to write is refused from now on. Gives the epoch.
   * @param now so that the first one after the outbox was cleared is none that there was before
   */
  async lead(now: number): Promise<number> {
    const last = (isNew: boolean): Promise<number> =>
      this.#database.transaction(['outbox'], async transaction => {
        const epoch = await numberAt(transaction, EPOCH)
        if (!isNew) return epoch
        const next = Math.max(epoch + 1, now)
        transaction.set('outbox', EPOCH, String(next))
        return next
      })
    try {
      this.epoch = await last(true)
    } catch (error) {
      // Without room nobody is fenced off, but what waits still has to leave: the gateway takes each task once.
      this.#report(asStorageError(error))
      this.epoch = await last(false)
    }
    return this.epoch
  }

  /** Gives the number of the first; the others follow it. Rejects with STORAGE_FAILED: then nothing of it is on the device. */
  append(entries: Changes): Promise<number> {
    if (!this.#keeps) this.#database.keep()
    this.#keeps = true // Asked once, and not before there is something to keep.
    return this.#ask({ appends: entries })
  }

  /** Rejects with STORAGE_FAILED, or FENCED when another tab leads. `withCache`: what changed in the cache goes along. */
  async write(changes: Changes, withCache: boolean, isFenced = true): Promise<void> {
    await this.#ask({ changes, withCache, epoch: isFenced ? this.epoch : undefined })
  }

  /** The last number given away, by whatever tab. */
  lastSequence(): Promise<number> {
    return this.#database.transaction(['outbox'], transaction => numberAt(transaction, SEQUENCE))
  }

  /** Numbers that nobody else gets; the first of them. */
  reserve(count: number): Promise<number> {
    return this.#database.transaction(['outbox'], async transaction => {
      const sequence = await numberAt(transaction, SEQUENCE)
      transaction.set('outbox', SEQUENCE, String(sequence + count))
      return sequence + 1
    })
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working
  }

  #ask(asked: Partial<Job>): Promise<number> {
    const done = new Promise<number>((resolve, reject) =>
      this.#jobs.push({ changes: NONE, appends: NONE, withCache: false, epoch: undefined, ...asked, resolve, reject }),
    )
    this.#working ??= this.#work()
    return done
  }

  async #work(): Promise<void> {
    await Promise.resolve() // What is asked for in one go is written in one go.
    while (this.#jobs.length > 0) {
      const jobs = this.#jobs
      this.#jobs = []
      const cache = jobs.some(job => job.withCache) ? this.#takeCache?.() : undefined
      if (await this.#attempt(jobs, cache)) continue
      // The outbox is never given up for the cache, nor one entry for its neighbours.
      for (const job of jobs) await this.#attempt([job], undefined, true)
    }
    this.#working = undefined // At once: what is asked for from now on must not wait for this.
  }

  /** @param isLast rejects instead of giving false */
  async #attempt(jobs: readonly Job[], cache: CacheChange | undefined, isLast = jobs.length === 1 && !cache) {
    try {
      const sealed = await this.#sealed(jobs, cache)
      const settle = await this.#database.transaction(cache ? ['outbox', 'cache'] : ['outbox'], transaction =>
        this.#run(transaction, jobs, sealed, cache),
      )
      settle()
      return true
    } catch (error) {
      cache?.undo()
      if (cache) this.#report(asStorageError(error))
      if (isLast) for (const job of jobs) job.reject(error)
      return isLast
    }
  }

  /** Gives what is to be told once it is durable. */
  async #run(
    transaction: Transaction,
    jobs: readonly Job[],
    sealed: Sealed,
    cache: CacheChange | undefined,
  ): Promise<() => void> {
    const isFenced = jobs.some(job => job.epoch !== undefined)
    const epoch = isFenced ? await numberAt(transaction, EPOCH) : undefined
    const refused = jobs.filter(job => job.epoch !== undefined && job.epoch !== epoch)
    const first = new Map<Job, number>()
    if (jobs.some(job => job.appends.size > 0)) {
      let sequence = await numberAt(transaction, SEQUENCE)
      // The number first: should only one of the two reach a driver without transactions, it is skipped, not used twice.
      const total = jobs.reduce((sum, job) => sum + job.appends.size, 0)
      transaction.set('outbox', SEQUENCE, String(sequence + total))
      for (const job of jobs) {
        first.set(job, sequence + 1)
        for (const key of job.appends.keys()) {
          sequence += 1
          transaction.set('outbox', key, `${sequence} ${sealed.outbox.get(key)}`)
        }
      }
    }
    for (const job of jobs) {
      if (refused.includes(job)) continue
      for (const key of job.changes.keys()) transaction.set('outbox', key, sealed.outbox.get(key) ?? null)
    }
    if (cache && refused.length === 0) {
      if (cache.isAll) await transaction.clear('cache')
      for (const key of cache.changes.keys()) transaction.set('cache', key, sealed.cache.get(key) ?? null)
    }
    return () => {
      for (const job of jobs) {
        if (refused.includes(job)) job.reject(new LayoverError('FENCED', 'Another tab writes for this user now.'))
        else job.resolve(first.get(job) ?? 0)
      }
      if (refused.length > 0) this.#fenced?.()
    }
  }

  /** Before the transaction: while it is open nothing else may be waited for. */
  async #sealed(jobs: readonly Job[], cache: CacheChange | undefined): Promise<Sealed> {
    const outbox = new Map<string, string>()
    for (const { changes, appends } of jobs) {
      for (const [key, text] of [...changes, ...appends]) {
        if (text === null) outbox.delete(key)
        else outbox.set(key, await this.#seal(key, text))
      }
    }
    const sealed = new Map<string, string>()
    for (const [key, text] of cache?.changes ?? [])
      if (text !== null) sealed.set(key, await this.#cipher.seal(key, text))
    return { outbox, cache: sealed }
  }

  /** The number before an entry's text stays readable. */
  async #seal(key: string, text: string): Promise<string> {
    const [number, rest] = numbered(text)
    return number === undefined ? this.#cipher.seal(key, text) : `${number} ${await this.#cipher.seal(key, rest)}`
  }
}

interface Sealed {
  readonly outbox: ReadonlyMap<string, string>
  readonly cache: ReadonlyMap<string, string>
}

const NONE: Changes = new Map()

/** A stored text and the number before it, if there is one. */
export function numbered(text: string): [number: number | undefined, text: string] {
  const [, number, rest] = /^(\d+) (.*)$/s.exec(text) ?? []
  return number === undefined ? [undefined, text] : [Number(number), rest ?? '']
}

async function numberAt(transaction: Transaction, key: string): Promise<number> {
  return Number((await transaction.get('outbox', key)) ?? 0)
}

export function asStorageError(error: unknown): LayoverError {
  return error instanceof LayoverError
    ? error
    : new LayoverError('STORAGE_FAILED', 'The device did not store or give back the data.', error)
}
