/**
 * The outbox on the device: one JSON record per entry, beside a few settings. What is queued while a write is under way goes
 * out together with the next one.
 */

import type { StoredEntry } from '../entry.ts'
import { LayoverError } from '../layover-error.ts'
import type { Report } from '../listeners.ts'
import type { EntryStatus } from '../outbox-states.ts'
import { ENTRY_MOVES } from '../outbox-states.ts'
import type { Shelf } from './database.ts'

export interface Installation {
  /** UUID of this app on this device for this user. */
  readonly client: string
  /** The last sequence number given away; it survives an empty queue, for it is never used twice. */
  readonly sequence: number
}

export interface LoadedOutbox {
  readonly installation: Installation | undefined
  /** In queue order. */
  readonly entries: readonly StoredEntry[]
  readonly settings: ReadonlyMap<string, unknown>
}

const ENTRY = 'entry/'
const INSTALLATION = 'installation'

interface Job {
  readonly changes: ReadonlyMap<string, string | null>
  resolve(): void
  reject(error: unknown): void
}

export class OutboxRecords {
  readonly #shelf: Shelf
  readonly #report: Report
  readonly #unsaved = new Map<string, string | null>()
  #jobs: Job[] = []
  #writing: Promise<void> | undefined

  constructor(shelf: Shelf, report: Report) {
    this.#shelf = shelf
    this.#report = report
  }

  async load(): Promise<LoadedOutbox> {
    const entries: StoredEntry[] = []
    const settings = new Map<string, unknown>()
    for (const [key, text] of await this.#shelf.readAll()) {
      if (key.startsWith(ENTRY)) entries.push(readEntry(key.slice(ENTRY.length), text))
      else settings.set(key, parsed(text))
    }
    entries.sort((a, b) => a.sequence - b.sequence)
    return { installation: readInstallation(settings.get(INSTALLATION)), entries, settings }
  }

  /** Durable, with the number it took, when it resolves; when it rejects (STORAGE_FAILED), it is not on the device. */
  append(entry: StoredEntry, installation: Installation): Promise<void> {
    // The number first: should only one of the two reach a driver without transactions, a number is skipped, not used twice.
    return this.#enqueue(
      new Map([
        [INSTALLATION, JSON.stringify(installation)],
        [ENTRY + entry.id, writeEntry(entry)],
      ]),
    )
  }

  /** Rejects (STORAGE_FAILED) when it could not be stored now; then it goes out with the next write. */
  async save(changed: Iterable<StoredEntry>, removed: Iterable<string>, installation?: Installation): Promise<void> {
    const changes = new Map<string, string | null>()
    if (installation) changes.set(INSTALLATION, JSON.stringify(installation))
    for (const entry of changed) changes.set(ENTRY + entry.id, writeEntry(entry))
    for (const id of removed) changes.set(ENTRY + id, null)
    if (changes.size > 0) await this.#persistently(changes)
  }

  /** For what is worth keeping but loses nothing: never rejects, reports. */
  async saveSetting(key: string, value: unknown): Promise<void> {
    try {
      await this.#persistently(new Map([[key, JSON.stringify(value)]]))
    } catch (error) {
      this.#report(asStorageError(error))
    }
  }

  clear(): Promise<void> {
    this.#unsaved.clear()
    return this.#shelf.clear()
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async #persistently(changes: ReadonlyMap<string, string | null>): Promise<void> {
    for (const key of changes.keys()) this.#unsaved.delete(key)
    try {
      await this.#enqueue(changes)
    } catch (error) {
      for (const [key, value] of changes) if (!this.#isQueued(key)) this.#unsaved.set(key, value)
      throw error
    }
  }

  #isQueued(key: string): boolean {
    return this.#jobs.some(job => job.changes.has(key))
  }

  #enqueue(changes: ReadonlyMap<string, string | null>): Promise<void> {
    const stored = new Promise<void>((resolve, reject) => this.#jobs.push({ changes, resolve, reject }))
    this.#writing ??= this.#work()
    return stored
  }

  async #work(): Promise<void> {
    while (this.#jobs.length > 0) {
      const jobs = this.#jobs
      this.#jobs = []
      const overdue = new Map(this.#unsaved)
      this.#unsaved.clear()
      try {
        await this.#shelf.write(new Map([...overdue, ...jobs.flatMap(({ changes }) => [...changes])]))
        for (const job of jobs) this.#stored(job)
      } catch (error) {
        for (const [key, value] of overdue) if (!this.#unsaved.has(key)) this.#unsaved.set(key, value)
        if (jobs.length === 1) jobs[0]?.reject(error)
        else await this.#oneByOne(jobs)
      }
    }
    // Here and not a turn later: a job that comes in between would wait for a worker that is gone.
    this.#writing = undefined
  }

  #stored(job: Job): void {
    for (const key of job.changes.keys()) this.#unsaved.delete(key)
    job.resolve()
  }

  /** One that is too large must not take its neighbours with it. */
  async #oneByOne(jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) {
      try {
        await this.#shelf.write(job.changes)
        this.#stored(job)
      } catch (error) {
        job.reject(error)
      }
    }
  }
}

/** Text of one entry; what could not be read is written back as it was. */
export const writeEntry = (entry: StoredEntry): string => entry.unreadable ?? JSON.stringify(entry)

/** An entry from its stored or exported text. What cannot be understood is kept, parked, and comes out again as it went in. */
export function readEntry(id: string, text: string): StoredEntry {
  const value = parsed(text)
  if (!isFields(value) || typeof value['name'] !== 'string' || typeof value['document'] !== 'string') {
    return unreadable(id, text)
  }
  const status = value['status']
  const { sequence, variables, after } = value
  if (typeof sequence !== 'number' || !isFields(variables) || !isStatus(status)) return unreadable(id, text)
  const { nextAttemptAt: _, ...entry } = value
  return { ...entry, id, after: Array.isArray(after) ? after.map(String) : [] } as unknown as StoredEntry
}

function unreadable(id: string, text: string): StoredEntry {
  return {
    id,
    sequence: 0,
    name: '',
    variables: {},
    status: 'parked',
    attempts: 0,
    queuedAt: new Date(0).toISOString(),
    after: [],
    outcome: { status: 'parked', reason: 'UNKNOWN_TASK: the stored entry could not be read.' },
    document: '',
    version: 0,
    unreadable: text,
  }
}

function readInstallation(value: unknown): Installation | undefined {
  if (!isFields(value)) return undefined
  const { client, sequence } = value
  return typeof client === 'string' && typeof sequence === 'number' ? { client, sequence } : undefined
}

const isStatus = (value: unknown): value is EntryStatus => typeof value === 'string' && value in ENTRY_MOVES

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Whoever asked decides what broken text means; it stays on the device as it is.
  }
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function asStorageError(error: unknown): LayoverError {
  return error instanceof LayoverError
    ? error
    : new LayoverError('STORAGE_FAILED', 'A setting could not be stored on this device.', error)
}
