/**
 * The queue: entries in order, their moves, what depends on what. It is the only place where an entry changes, and each
 * change goes the same way: memory, view, listeners, disk.
 */
import type { InMemoryCache } from '@apollo/client'
import type { Clock, Random } from '../protocol/ports.ts'
import { Dependencies } from './dependencies.ts'
import { Entries } from './entries.ts'
import type { OutboxEntry, Outcome, Overlay, StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import { Listeners, type Report } from './listeners.ts'
import { assertEntryMove, type EntryStatus, isSendable, isUnsettled } from './outbox-states.ts'
import type { Installation, LoadedOutbox, OutboxRecords } from './storage/outbox-records.ts'
import type { IndexChanges } from './synced-list.ts'

export interface Draft {
  readonly name: string
  readonly document: string
  readonly variables: Record<string, unknown>
  readonly version: number
  readonly overlay?: Overlay
}

/** What a change of the queue means for the view. Called once per change, before the listeners. */
export type ViewListener = (change: {
  remove: readonly string[]
  add: readonly StoredEntry[]
  write: BaseWrite | undefined
}) => void
/** Writes to the base of the cache, in one batch with the view. */
export type BaseWrite = (cache: InMemoryCache, index: IndexChanges) => void

export interface OutboxPorts {
  readonly clock: Clock
  readonly random: Random
  readonly records: OutboxRecords
  /** Whether the base of the cache holds a record with this id. */
  readonly isKnownRecord: (id: string) => boolean
  /** Ids of the records that the application foresees in the task's answer; undefined when it foresees none. */
  readonly foreseenRecords: (entry: StoredEntry) => ReadonlySet<string> | undefined
  readonly view: ViewListener
  readonly report: Report
}

/** What may be changed of an entry as it moves. */
export interface EntryPatch {
  readonly outcome?: Outcome
  readonly attempts?: number
  readonly nextAttemptAt?: string
  readonly variables?: Record<string, unknown>
  readonly after?: readonly string[]
  readonly document?: string
}

/** Open while `change` runs its callback. */
export interface OutboxChange {
  /**
   * Throws NOT_POSSIBLE for a move that the state machine does not know. Without a new outcome the old one goes. 'queued' means
   * that the gateway cannot have it: an entry that was ever in doubt goes back to being so.
   */
  move(id: string, to: EntryStatus, patch?: EntryPatch): void
  /** Takes the entry out of the queue. `settled` goes on giving `remembered`. */
  leave(id: string, outcome: Outcome, remembered?: Outcome): void
  /** Puts an entry at the end under a sequence number of its own. */
  enqueue(entry: StoredEntry): void
}

export class OutboxQueue {
  readonly #ports: OutboxPorts
  readonly #entries = new Entries()
  /** Queued, but not yet on the device. */
  readonly #drafts = new Map<string, StoredEntry>()
  readonly #dependencies: Dependencies
  readonly #shown = new Set<string>()
  readonly #outcomes = new Map<string, Outcome>()
  readonly #waiting = new Map<string, { promise: Promise<Outcome>; resolve: (outcome: Outcome) => void }>()
  readonly #listeners: Listeners
  #installation: Installation
  #list: readonly OutboxEntry[] | undefined
  readonly subscribe: (listener: () => void) => () => void

  constructor(ports: OutboxPorts) {
    this.#ports = ports
    this.#installation = { client: ports.random.uuid(), sequence: 0 }
    this.#listeners = new Listeners(ports.report)
    this.subscribe = this.#listeners.subscribe
    this.#dependencies = new Dependencies(id => {
      const entry = this.#entries.get(id) ?? this.#drafts.get(id)
      return entry !== undefined && isUnsettled(entry.status)
    }, ports.isKnownRecord)
  }

  /** Takes over what was on the device. What was being sent is in doubt now. */
  async restore(loaded: LoadedOutbox): Promise<void> {
    const highest = loaded.entries.at(-1)?.sequence ?? 0
    this.#installation = {
      client: loaded.installation?.client ?? this.#installation.client,
      sequence: Math.max(loaded.installation?.sequence ?? 0, highest),
    }
    for (const entry of loaded.entries) {
      this.#entries.put(entry.status === 'sending' ? { ...entry, status: 'in-doubt', inDoubt: true } : entry)
      this.#dependencies.add(entry, this.#ports.foreseenRecords(entry))
    }
    const touched = new Set(this.#entries.ids())
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched)
    this.#entries.takeChanged() // Whatever is read differently now will be read so again.
    const { client, sequence } = this.#installation
    if (loaded.installation?.client === client && loaded.installation.sequence === sequence) return
    await this.#ports.records.save([], [], this.#installation)
  }

  /** In queue order; replaced, never changed. */
  get entries(): readonly OutboxEntry[] {
    this.#list ??= [...this.#entries.all()]
    return this.#list
  }

  /** UUID of this installation. */
  get client(): string {
    return this.#installation.client
  }

  get(id: string): StoredEntry | undefined {
    return this.#entries.get(id)
  }

  /** Throws UNKNOWN_ENTRY. */
  require(id: string): StoredEntry {
    const entry = this.#entries.get(id)
    if (!entry) throw unknownEntry(id)
    return entry
  }

  stored(): Iterable<StoredEntry> {
    return this.#entries.all()
  }

  /** In queue order, as all of these. */
  inConflict(): readonly StoredEntry[] {
    return this.#entries.inConflict()
  }

  named(name: string): readonly StoredEntry[] {
    return this.#entries.named(name)
  }

  hasUnsettled(): boolean {
    for (const entry of this.#entries.all()) if (isUnsettled(entry.status)) return true
    return this.#drafts.size > 0
  }

  /** The next ones to send, in order; empty while one is under way. */
  sendable(limit: number): readonly StoredEntry[] {
    const batch: StoredEntry[] = []
    for (const entry of this.#entries.all()) {
      if (entry.status === 'sending') return []
      if (isSendable(entry.status)) batch.push(entry)
      if (batch.length === limit) break
    }
    return batch
  }

  /** Gives a new task its id, its place and what it builds on. Nothing is stored yet: `append` follows, or `drop`. */
  draft(draft: Draft): StoredEntry {
    const sequence = this.#nextSequence()
    const after = this.#dependencies.after(draft.variables)
    const waits = after.some(id => isStuck(this.get(id) ?? this.#drafts.get(id)))
    const entry: StoredEntry = {
      ...draft,
      id: this.#ports.random.uuid(),
      sequence,
      status: waits ? 'blocked' : 'queued',
      attempts: 0,
      queuedAt: new Date(this.#ports.clock.now()).toISOString(),
      after,
    }
    this.#dependencies.add(entry, this.#ports.foreseenRecords(entry))
    this.#drafts.set(entry.id, entry)
    return entry
  }

  /** Durable when it resolves. `shown` says that the view holds its change already. Rejects with STORAGE_FAILED: then there is no such entry. */
  async append(draft: StoredEntry, shown: boolean): Promise<StoredEntry> {
    try {
      await this.#ports.records.append(draft, this.#installation)
    } catch (error) {
      this.drop(draft)
      throw error
    }
    const entry = this.#drafts.get(draft.id) ?? draft
    this.#drafts.delete(entry.id)
    this.#entries.put(entry)
    if (shown) this.#shown.add(entry.id)
    const touched = new Set([entry.id])
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched)
    const { changed } = this.#entries.takeChanged()
    await this.#ports.records.save(
      changed.filter(each => each !== draft),
      [],
    )
    return this.require(entry.id)
  }

  /** A draft that came to nothing; whatever was drafted upon it no longer names it. */
  drop(draft: StoredEntry): void {
    this.#drafts.delete(draft.id)
    this.#dependencies.remove(draft)
    for (const other of this.#drafts.values()) {
      if (!other.after.includes(draft.id)) continue
      this.#drafts.set(other.id, { ...other, after: other.after.filter(id => id !== draft.id) })
    }
  }

  /**
   * One change of any number of entries. Memory, view and listeners have it when this returns; the promise is the disk's
   * (rejects with STORAGE_FAILED, and is tried again with the next write).
   */
  change(run: (change: OutboxChange) => void, write?: BaseWrite): Promise<void> {
    const touched = new Set<string>()
    const replaced = new Set<string>()
    run({
      move: (id, wanted, patch = {}) => {
        const entry = this.require(id)
        // What the gateway may have had once, it may have still.
        const to = wanted === 'queued' && entry.inDoubt ? 'in-doubt' : wanted
        assertEntryMove(entry.status, to)
        const { outcome: _outcome, nextAttemptAt: _next, ...kept } = entry
        if (patch.variables) this.#dependencies.remove(entry)
        const moved: StoredEntry = { ...kept, ...patch, status: to, ...(to === 'in-doubt' ? { inDoubt: true } : {}) }
        this.#entries.put(moved)
        if (patch.variables) {
          this.#dependencies.add(moved, this.#ports.foreseenRecords(moved))
          replaced.add(id)
        }
        touched.add(id)
      },
      leave: (id, outcome, remembered = outcome) => {
        const entry = this.require(id)
        assertEntryMove(entry.status, outcome.status === 'discarded' ? 'discarded' : outcome.status)
        this.#entries.remove(entry)
        if (outcome.status === 'discarded') this.#dependencies.remove(entry)
        this.#outcomes.set(id, remembered)
        touched.add(id)
      },
      enqueue: entry => {
        const before = this.#entries.get(entry.id)
        if (before) {
          this.#entries.remove(before)
          this.#dependencies.remove(before)
          replaced.add(entry.id)
        }
        this.#entries.put(entry)
        this.#dependencies.add(entry, this.#ports.foreseenRecords(entry))
        touched.add(entry.id)
      },
    })
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched, write, replaced)
    const { changed, removed } = this.#entries.takeChanged()
    if (changed.length === 0 && removed.length === 0) return Promise.resolve()
    return this.#ports.records.save(changed, removed, this.#installation)
  }

  /** Whoever was sending is no more. */
  doubtSending(): Promise<void> {
    const sending = [...this.#entries.all()].filter(entry => entry.status === 'sending')
    return this.change(change => {
      for (const { id } of sending) change.move(id, 'in-doubt')
    })
  }

  /** A copy under a new id, to be put at the end. */
  renewed(entry: StoredEntry, variables: Record<string, unknown>, after?: readonly string[]): StoredEntry {
    const { outcome: _outcome, nextAttemptAt: _next, inDoubt: _inDoubt, ...kept } = entry
    return {
      ...kept,
      id: this.#ports.random.uuid(),
      sequence: this.#nextSequence(),
      status: 'queued',
      attempts: 0,
      variables,
      after: after ?? this.afterOf(variables, entry.sequence),
    }
  }

  /** The same entry, never sent, to be put at the end. */
  resequenced(entry: StoredEntry, after: readonly string[]): StoredEntry {
    return { ...entry, sequence: this.#nextSequence(), after }
  }

  /** What a task at that place with these variables builds on. */
  afterOf(variables: Record<string, unknown>, sequence?: number): readonly string[] {
    return this.#dependencies.after(variables, sequence)
  }

  /** Everything that builds on the entry, directly or not, in queue order. */
  dependents(id: string): readonly StoredEntry[] {
    return this.#entries.dependents(id)
  }

  /** The entry's verdict: at once if it has one. Rejects with UNKNOWN_ENTRY for an id that this session has never seen. */
  settled(id: string): Promise<Outcome> {
    const outcome = this.#outcomeOf(id)
    if (outcome) return Promise.resolve(outcome)
    if (!this.#entries.get(id) && !this.#drafts.has(id)) return Promise.reject(unknownEntry(id))
    let waiting = this.#waiting.get(id)
    if (!waiting) {
      let resolve: (outcome: Outcome) => void = () => undefined
      const promise = new Promise<Outcome>(done => {
        resolve = done
      })
      waiting = { promise, resolve }
      this.#waiting.set(id, waiting)
    }
    return waiting.promise
  }

  /** Tells the listeners of something beside the entries: paused, resumed. */
  notify(): void {
    this.#listeners.notify()
  }

  close(): void {
    this.#listeners.clear()
  }

  #nextSequence(): number {
    this.#installation = { ...this.#installation, sequence: this.#installation.sequence + 1 }
    return this.#installation.sequence
  }

  #showAndTell(touched: ReadonlySet<string>, write?: BaseWrite, replaced: ReadonlySet<string> = new Set()): void {
    const remove: string[] = []
    const add: StoredEntry[] = []
    for (const id of touched) {
      const entry = this.#entries.get(id)
      const shows = entry !== undefined && this.#entries.isShown(entry)
      const showed = this.#shown.has(id)
      if (shows && (!showed || replaced.has(id))) add.push(entry)
      if (showed && (!shows || replaced.has(id))) remove.push(id)
      if (shows) this.#shown.add(id)
      else this.#shown.delete(id)
    }
    if (remove.length > 0 || add.length > 0 || write) {
      try {
        this.#ports.view({ remove, add, write })
      } catch (error) {
        // The view is rebuilt with the next change; the queue must not lose this one.
        this.#ports.report(new LayoverError('UPDATE_FAILED', 'The view could not be brought up to date.', error))
      }
    }
    this.#list = undefined
    for (const id of touched) this.#tellOutcome(id)
    this.#listeners.notify()
  }

  #outcomeOf(id: string): Outcome | undefined {
    const entry = this.#entries.get(id)
    return entry ? entry.outcome : this.#outcomes.get(id)
  }

  #tellOutcome(id: string): void {
    const outcome = this.#outcomeOf(id)
    if (!outcome) return
    this.#waiting.get(id)?.resolve(outcome)
    this.#waiting.delete(id)
  }
}

const isStuck = (entry: StoredEntry | undefined): boolean => entry?.status === 'parked' || entry?.status === 'blocked'

const unknownEntry = (id: string): LayoverError =>
  new LayoverError(
    'UNKNOWN_ENTRY',
    `The outbox holds no entry ${id}, and none was settled under this id in this session.`,
  )
