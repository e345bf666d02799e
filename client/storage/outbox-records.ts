/** The outbox on the device: one record per entry, its number before its text, beside a few settings. */
import type { Random } from '../../protocol/ports.ts'
import type { StoredEntry } from '../entry.ts'
import { LayoverError } from '../layover-error.ts'
import type { Report } from '../listeners.ts'
import type { EntryStatus } from '../outbox-states.ts'
import { ENTRY_MOVES } from '../outbox-states.ts'
import type { Cipher } from './cipher.ts'
import type { Database } from './database.ts'
import { asStorageError, EPOCH, numbered, SEQUENCE, type Writer } from './writer.ts'

export interface LoadedOutbox {
  /** UUID of this app on this device for this user. */
  readonly client: string
  /** The last number given away; it survives an empty queue, for it is never used twice. */
  readonly sequence: number
  /** In queue order. */
  readonly entries: readonly StoredEntry[]
  readonly settings: ReadonlyMap<string, unknown>
  /** Another one once the user has signed out. */
  readonly session: string
}

const ENTRY = 'entry/'
const CLIENT = 'client'
/** When somebody signed out and kept what waits. */
export const LEFT = 'left'

export class OutboxRecords {
  readonly #database: Database
  readonly #writer: Writer
  readonly #cipher: Cipher
  readonly #report: Report
  /** What the device did not take; it goes out with the next write. */
  readonly #unsaved = new Map<string, string | null>()
  /** The last number that was given away when the outbox was read. */
  #seen = 0

  constructor(database: Database, writer: Writer, cipher: Cipher, report: Report) {
    this.#database = database
    this.#writer = writer
    this.#cipher = cipher
    this.#report = report
  }

  /** Rejects with STORAGE_FAILED, WRONG_KEY. */
  async load(random: Random): Promise<LoadedOutbox> {
    const records = await this.#database.readAll('outbox')
    const client =
      records.get(CLIENT) ??
      (await this.#database.transaction(['outbox'], async transaction => {
        const known = await transaction.get('outbox', CLIENT) // Another tab may open for the first time, too.
        if (known) return known
        const made = random.uuid()
        transaction.set('outbox', CLIENT, made)
        return made
      }))
    const entries: StoredEntry[] = []
    const settings = new Map<string, unknown>()
    let sequence = 0
    for (const [key, stored] of records) {
      if (key === SEQUENCE) sequence = Math.max(sequence, Number(stored))
      else if (key.startsWith(ENTRY)) entries.push(await this.#read(key, stored))
      else if (key !== CLIENT && key !== EPOCH) settings.set(key, parsed(await this.#cipher.open(key, stored)))
    }
    entries.sort((a, b) => a.sequence - b.sequence)
    this.#seen = sequence
    const session = sessionOf(client, records.get(LEFT))
    return { client, sequence: Math.max(sequence, entries.at(-1)?.sequence ?? 0), entries, settings, session }
  }

  /** As `load` gives it. */
  session(): Promise<string> {
    return this.#database.transaction(['outbox'], async transaction =>
      sessionOf(await transaction.get('outbox', CLIENT), await transaction.get('outbox', LEFT)),
    )
  }

  /** Whether something was queued, in whatever tab, since this was last asked or the outbox was read. */
  async isAhead(): Promise<boolean> {
    const before = this.#seen
    this.#seen = await this.#writer.lastSequence()
    return this.#seen > before
  }

  /** Another tab leads: what the device did not take from this one is not to go out later. */
  forgetUnsaved(): void {
    this.#unsaved.clear()
  }

  /** Durable when it resolves, under the number that it gives; when it rejects (STORAGE_FAILED), it is not on the device. */
  append(entry: StoredEntry): Promise<number> {
    return this.#writer.append(new Map([[ENTRY + entry.id, writeEntry(entry)]]))
  }

  /** Numbers for entries that go to the end by `save`; the first of them. */
  reserve(count: number): Promise<number> {
    return this.#writer.reserve(count)
  }

  /**
   * Rejects (STORAGE_FAILED) when it could not be stored now; then it goes out with the next write. `withCache`: in one
   * transaction with what changed in the cache.
   * @param beside records of other kinds, in the same write
   */
  async save(
    changed: Iterable<StoredEntry>,
    removed: Iterable<string>,
    withCache = false,
    beside?: ReadonlyMap<string, string | null>,
  ): Promise<void> {
    const changes = new Map<string, string | null>(beside)
    for (const entry of changed) changes.set(ENTRY + entry.id, `${entry.sequence} ${writeEntry(entry)}`)
    for (const id of removed) changes.set(ENTRY + id, null)
    if (changes.size > 0) await this.#persistently(changes, withCache)
  }

  /** For what is worth keeping but loses nothing: never rejects, reports. @param isFenced only while this tab leads */
  async saveSetting(key: string, value: unknown, isFenced = true): Promise<void> {
    try {
      await this.#persistently(new Map([[key, JSON.stringify(value)]]), false, isFenced)
    } catch (error) {
      this.#report(asStorageError(error))
    }
  }

  clear(): Promise<void> {
    this.#unsaved.clear()
    return this.#database.clear(['outbox'])
  }

  async #read(key: string, stored: string): Promise<StoredEntry> {
    const [sequence, text] = numbered(stored)
    const entry = readEntry(key.slice(ENTRY.length), await this.#cipher.open(key, text))
    return sequence === undefined ? entry : { ...entry, sequence }
  }

  async #persistently(changes: Map<string, string | null>, withCache: boolean, isFenced = true): Promise<void> {
    const whole = isFenced ? new Map([...this.#unsaved, ...changes]) : changes
    if (isFenced) this.#unsaved.clear()
    try {
      await this.#writer.write(whole, withCache, isFenced)
    } catch (error) {
      // It is another tab's to say what stands there.
      if (error instanceof LayoverError && error.code === 'FENCED') throw error
      for (const [key, value] of whole) if (!this.#unsaved.has(key)) this.#unsaved.set(key, value)
      throw error
    }
  }
}

const sessionOf = (client: string | null, left: string | null | undefined): string => `${client} ${left ?? ''}`

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
