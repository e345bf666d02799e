/**
 * What waits for which record: one index per client, kept up from the entries that changed. A change costs what it touches,
 * however many entries wait and however many records are watched.
 */
import type { OutboxEntry } from '../entry.ts'
import type { OfflineClient } from '../offline-client.ts'
import type { TouchedRecord } from '../touched-records.ts'
import { KeyedListeners } from './keyed-listeners.ts'

const URGENCY = ['conflict', 'rejected', 'parked', 'blocked', 'queued', 'in-doubt', 'sending', 'accepted'] as const

/**
 * 'synced': nothing in the outbox is about the record. Otherwise the status of the most urgent entry that is, and the ids of all
 * of them, most urgent first: what a person has to settle (conflict, rejected, parked), then what is farthest from being
 * confirmed (blocked, queued, in doubt, sending, accepted); among equals in queue order. A conflict about which a decision is on
 * its way comes last.
 */
export type SyncStatus =
  | { readonly status: 'synced'; readonly ids: readonly [] }
  | { readonly status: (typeof URGENCY)[number]; readonly ids: readonly string[] }

interface Snapshot {
  readonly status: SyncStatus
  /** In queue order. */
  readonly entries: readonly OutboxEntry[]
}

const NOTHING: Snapshot = Object.freeze({
  status: Object.freeze({ status: 'synced', ids: Object.freeze([] as const) }),
  entries: Object.freeze([]),
})
export const SYNCED = NOTHING.status
export const NO_ENTRIES = NOTHING.entries

/** All records with one id: not every entry tells the type. */
interface Place {
  /** Ids of the entries about them. */
  readonly about: Set<string>
  /** By type; what was given last, so that what did not change keeps its identity. */
  readonly snapshots: Map<string | undefined, Snapshot>
}

export class RecordStatuses {
  readonly #client: OfflineClient
  readonly #listeners = new KeyedListeners()
  readonly #places = new Map<string, Place>()
  readonly #entries = new Map<string, { entry: OutboxEntry; records: readonly TouchedRecord[] }>()
  readonly #stop: (() => void)[] = []
  /** Entries that were being stored when this was last looked at. */
  #storing: readonly OutboxEntry[] = []

  constructor(client: OfflineClient) {
    this.#client = client
  }

  /** The same object as long as nothing of it changed. */
  of(record: TouchedRecord): Snapshot {
    this.#open()
    const { snapshots } = this.#place(record.id)
    const known = snapshots.get(record.type) ?? this.#compute(record, NOTHING)
    snapshots.set(record.type, known)
    return known
  }

  subscribe(record: TouchedRecord, listener: () => void): () => void {
    this.#open()
    const key = keyOf(record)
    const remove = this.#listeners.add(key, listener)
    return () => {
      remove()
      // Not at once: whoever is mounted in the same turn goes on with what is here.
      void Promise.resolve().then(() => {
        if (this.#listeners.isEmpty) this.#close()
        else if (!this.#listeners.has(key)) this.#forget(record)
      })
    }
  }

  /** From the first look on, so that nothing is missed between a first rendering and its subscription. */
  #open(): void {
    if (this.#stop.length > 0) return
    const { outbox } = this.#client
    this.#stop.push(
      outbox.subscribe(changed => this.#changed(changed ?? this.#all())),
      outbox.onStoring(() => {
        const before = this.#storing
        this.#storing = outbox.storing
        this.#changed(new Set([...before, ...this.#storing].map(({ id }) => id)))
      }),
    )
    this.#storing = outbox.storing
    for (const id of this.#all()) this.#index(id)
  }

  #close(): void {
    for (const stop of this.#stop.splice(0)) stop()
    this.#places.clear()
    this.#entries.clear()
  }

  #all(): ReadonlySet<string> {
    const { entries, storing } = this.#client.outbox
    return new Set([...this.#entries.keys(), ...entries.map(({ id }) => id), ...storing.map(({ id }) => id)])
  }

  #changed(changed: ReadonlySet<string>): void {
    const touched = new Set<string>()
    for (const id of changed) for (const record of this.#index(id)) touched.add(record.id)
    for (const id of touched) {
      const { snapshots, about } = this.#place(id)
      for (const [type, before] of snapshots) {
        const record = { ...(type === undefined ? {} : { type }), id }
        const after = this.#compute(record, before)
        if (after === before) continue
        snapshots.set(type, after)
        this.#listeners.notify(keyOf(record))
      }
      if (about.size + snapshots.size === 0) this.#places.delete(id)
    }
  }

  /** Gives the records that the entry is about, and was about before. */
  #index(id: string): readonly TouchedRecord[] {
    const { outbox } = this.#client
    const before = this.#entries.get(id)
    const entry = outbox.get(id)
    // What it says about others may have changed all the same: a decision that is stored settles a conflict.
    if (before?.entry === entry) return before?.records ?? []
    for (const record of before?.records ?? []) this.#place(record.id).about.delete(id)
    this.#entries.delete(id)
    const records = entry ? outbox.recordsOf(id) : []
    if (entry) this.#entries.set(id, { entry, records })
    for (const record of records) this.#place(record.id).about.add(id)
    return [...(before?.records ?? []), ...records]
  }

  #compute({ type, id }: TouchedRecord, before: Snapshot): Snapshot {
    const entries: OutboxEntry[] = []
    for (const entryId of this.#place(id).about) {
      const { entry, records } = this.#entries.get(entryId)!
      const isAbout = records.some(each => each.id === id && (!type || each.type === undefined || each.type === type))
      if (isAbout) entries.push(entry)
    }
    entries.sort((a, b) => a.sequence - b.sequence)
    const status = this.#status(entries, before.status)
    if (status === before.status && isSame(entries, before.entries)) return before
    return { status, entries: isSame(entries, before.entries) ? before.entries : entries }
  }

  #status(entries: readonly OutboxEntry[], before: SyncStatus): SyncStatus {
    const byUrgency = entries
      .map(entry => ({ ...entry, urgency: this.#urgency(entry) }))
      .sort((a, b) => a.urgency - b.urgency)
    const [first] = byUrgency
    if (!first || first.status === 'confirmed') return SYNCED
    const ids = byUrgency.map(({ id }) => id)
    return first.status === before.status && isSame(ids, before.ids) ? before : { status: first.status, ids }
  }

  #urgency({ id, status }: OutboxEntry): number {
    const isDecided = status === 'conflict' && !this.#client.conflicts.list.some(conflict => conflict.id === id)
    return isDecided || status === 'confirmed' ? URGENCY.length : URGENCY.indexOf(status)
  }

  #place(id: string): Place {
    const known = this.#places.get(id)
    if (known) return known
    const place: Place = { about: new Set(), snapshots: new Map() }
    this.#places.set(id, place)
    return place
  }

  #forget({ type, id }: TouchedRecord): void {
    const { about, snapshots } = this.#place(id)
    snapshots.delete(type)
    if (about.size + snapshots.size === 0) this.#places.delete(id)
  }
}

const keyOf = ({ type = '', id }: TouchedRecord): string => `${type}:${id}`

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((each, index) => each === b[index])
