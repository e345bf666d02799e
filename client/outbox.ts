/**
 * The queue: entries in order, their moves, what depends on what. It is the only place where an entry changes, and each
 * change goes the same way: memory, view, listeners, disk.
 */
import type { Clock, Random } from '../protocol/ports.ts'
import { Entries } from './entries.ts'
import type { OutboxEntry, Outcome, Overlay, StoredEntry } from './entry.ts'
import type { History, SettledTask } from './history.ts'
import { LayoverError } from './layover-error.ts'
import { Listeners, type Report } from './listeners.ts'
import type { BaseWrite, OutboxChange, ViewListener } from './outbox-change.ts'
import { OutboxIndex, type OutboxIndexPorts } from './outbox-index.ts'
import { assertEntryMove, isSendable, isUnsettled } from './outbox-states.ts'
import { Outcomes } from './outcomes.ts'
import type { LoadedOutbox, OutboxRecords } from './storage/outbox-records.ts'

export type { OutboxChange } from './outbox-change.ts'

export interface Draft {
  readonly id: string
  readonly name: string
  readonly document: string
  readonly variables: Record<string, unknown>
  readonly version: number
  readonly overlay?: Overlay
  /** Ids of entries that it builds on beside those that its variables tell of. */
  readonly named?: readonly string[]
}

export interface OutboxPorts extends OutboxIndexPorts {
  readonly clock: Clock
  readonly random: Random
  readonly records: OutboxRecords
  readonly history: History
  readonly view: ViewListener
  readonly report: Report
}

export class OutboxQueue {
  readonly #ports: OutboxPorts
  readonly #entries = new Entries()
  /** Queued, but not yet on the device. */
  readonly #drafts = new Map<string, StoredEntry>()
  readonly #index: OutboxIndex
  readonly #shown = new Set<string>()
  readonly #outcomes: Outcomes
  readonly #listeners: Listeners
  #client = ''
  /** The last one seen. */
  #sequence = 0
  #list: readonly OutboxEntry[] | undefined
  readonly subscribe: (listener: () => void) => () => void

  constructor(ports: OutboxPorts) {
    this.#ports = ports
    this.#outcomes = new Outcomes(ports.history)
    this.#listeners = new Listeners(ports.report)
    this.subscribe = this.#listeners.subscribe
    this.#index = new OutboxIndex(ports, id => this.known(id))
  }

  /** Takes over what was on the device. What was being sent is in doubt now. */
  async restore(loaded: LoadedOutbox): Promise<void> {
    this.#client = loaded.client
    this.#sequence = loaded.sequence
    this.#ports.temporaryIds.restore(loaded.settings)
    for (const entry of loaded.entries) {
      this.#entries.put(
        this.#index.register(entry.status === 'sending' ? { ...entry, status: 'in-doubt', inDoubt: true } : entry),
      )
    }
    const touched = new Set(this.#entries.ids())
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched)
    this.#entries.takeChanged() // Whatever is read differently now will be read so again.
    const beside = this.#ports.history.restore(loaded.settings)
    await this.#ports.records.save([], [], false, beside)
  }

  /** In queue order; replaced, never changed. */
  get entries(): readonly OutboxEntry[] {
    this.#list ??= [...this.#entries.all()]
    return this.#list
  }

  /** Newest first; replaced, never changed. */
  get history(): readonly SettledTask[] {
    return this.#ports.history.list
  }

  /** UUID of this installation. */
  get client(): string {
    return this.#client
  }

  get(id: string): StoredEntry | undefined {
    return this.#entries.get(id)
  }

  /** Also one that is still being stored. */
  known(id: string): StoredEntry | undefined {
    return this.#entries.get(id) ?? this.#drafts.get(id)
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

  hasUnsettled(): boolean {
    for (const entry of this.#entries.all()) if (isUnsettled(entry.status)) return true
    return this.#drafts.size > 0
  }

  /** The next ones to send, in order; of those that one under way divides, the first part. */
  sendable(limit: number): readonly StoredEntry[] {
    const batch: StoredEntry[] = []
    for (const entry of this.#entries.all()) {
      if (entry.status === 'sending' && batch.length > 0) break
      if (isSendable(entry.status) && !this.#index.awaitsId(entry)) batch.push(entry)
      if (batch.length === limit) break
    }
    return batch
  }

  /**
   * Gives a new task its place as far as it is known and what it builds on. Nothing is stored yet: `append` follows, or `drop`. Throws OUTBOX_FULL
   * for one that is limited.
   */
  draft(draft: Draft, isLimited = true): StoredEntry {
    this.#sequence += 1
    const sequence = this.#sequence
    const after = this.afterOf(draft.variables, draft)
    const waits = after.some(id => isStuck(this.known(id)))
    const entry = this.#index.register({
      ...draft,
      sequence,
      status: waits ? 'blocked' : 'queued',
      attempts: 0,
      queuedAt: this.#now(),
      after,
    })
    this.#drafts.set(entry.id, entry)
    const refusal = isLimited && this.#ports.size.refusal(entry)
    if (refusal) {
      this.drop(entry)
      throw refusal
    }
    return entry
  }

  /**
   * The entry that a task with these variables, building on `after`, could be merged into: never sent, nothing between the two
   * that mentions the same ids, nothing waiting for the earlier, nothing the later waits for alone.
   */
  squashable(variables: Record<string, unknown>, after: readonly string[]): StoredEntry | undefined {
    const newest = this.#index.newest(variables)
    const entry = newest === undefined ? undefined : this.#entries.get(newest)
    if (!entry || entry.attempts > 0 || entry.inDoubt || (entry.status !== 'queued' && entry.status !== 'blocked'))
      return
    if (after.some(id => id !== entry.id && !entry.after.includes(id))) return
    const awaited = [...this.#entries.directDependents(entry.id), ...this.#drafts.values()]
    return awaited.some(each => each.after.includes(entry.id)) ? undefined : entry
  }

  /** Durable when it resolves. `shown` says that the view holds its change already. Rejects with STORAGE_FAILED: then there is no such entry. */
  async append(draft: StoredEntry, shown: boolean): Promise<StoredEntry> {
    let sequence: number
    try {
      sequence = await this.#ports.records.append(draft)
    } catch (error) {
      this.drop(draft)
      throw error
    }
    const stored = this.#drafts.get(draft.id) ?? draft
    // Another tab may have queued something in between.
    const entry = stored.sequence === sequence ? stored : { ...stored, sequence }
    this.#sequence = Math.max(this.#sequence, sequence)
    const replaced = new Set(entry === stored ? [] : [entry.id])
    this.#drafts.delete(entry.id)
    if (entry.variables !== draft.variables) replaced.add(entry.id) // What it builds on was given its id meanwhile.
    this.#entries.put(entry)
    if (shown) this.#shown.add(entry.id)
    const touched = new Set([entry.id])
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched, undefined, replaced)
    const { changed } = this.#entries.takeChanged()
    await this.#ports.records.save(
      changed.filter(each => each !== entry || stored !== draft),
      [],
    )
    return this.require(entry.id)
  }

  /** A draft that came to nothing; whatever was drafted upon it no longer names it. */
  drop(draft: StoredEntry): void {
    const dropped = this.#drafts.get(draft.id)
    if (!dropped) return
    this.#drafts.delete(draft.id)
    this.#index.unregister(dropped)
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
    const beside = new Map<string, string | null>()
    const keep = (records: ReadonlyMap<string, string | null>): void => {
      for (const [key, text] of records) beside.set(key, text)
    }
    run({
      move: (id, wanted, patch = {}) => {
        const entry = this.require(id)
        // What the gateway may have had once, it may have still.
        const to = wanted === 'queued' && entry.inDoubt ? 'in-doubt' : wanted
        assertEntryMove(entry.status, to)
        const { outcome: _outcome, nextAttemptAt: _next, ...kept } = entry
        if (patch.variables) this.#index.unregister(entry)
        const moved: StoredEntry = { ...kept, ...patch, status: to, ...(to === 'in-doubt' ? { inDoubt: true } : {}) }
        this.#entries.put(patch.variables ? this.#index.register(moved) : moved)
        if (patch.variables) replaced.add(entry.id)
        touched.add(entry.id)
      },
      leave: (id, outcome, remembered = outcome) => {
        const entry = this.require(id)
        assertEntryMove(entry.status, outcome.status === 'discarded' ? 'discarded' : outcome.status)
        this.#entries.remove(entry)
        this.#index.unregister(entry)
        this.#outcomes.remember(entry, remembered)
        keep(this.#ports.history.add(entry, remembered, this.#now()))
        touched.add(entry.id)
        if (outcome.status !== 'confirmed' || !entry.makes) return
        keep(this.#index.assign(entry, outcome.data))
        for (const user of this.#mended(entry)) {
          touched.add(user)
          replaced.add(user)
        }
      },
      assign: ids => keep(this.#ports.temporaryIds.assign(ids)),
      enqueue: entry => {
        const before = this.#entries.get(entry.id)
        if (before) {
          this.#entries.remove(before)
          this.#index.unregister(before)
          replaced.add(entry.id)
        }
        this.#entries.put(this.#index.register(entry))
        touched.add(entry.id)
      },
    })
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched, write, replaced)
    const { changed, removed } = this.#entries.takeChanged()
    if (changed.length === 0 && removed.length === 0 && beside.size === 0) return Promise.resolve()
    return this.#ports.records.save(changed, removed, write !== undefined, beside)
  }

  /** Whoever was sending is no more. */
  doubtSending(): Promise<void> {
    const sending = [...this.#entries.all()].filter(entry => entry.status === 'sending')
    return this.change(change => {
      for (const { id } of sending) change.move(id, 'in-doubt')
    })
  }

  /** A copy under a new id, to be put at the end. */
  renewed(
    entry: StoredEntry,
    sequence: number,
    variables: Record<string, unknown>,
    after?: readonly string[],
  ): StoredEntry {
    const { outcome: _outcome, nextAttemptAt: _next, inDoubt: _inDoubt, squashed: _squashed, ...kept } = entry
    return {
      ...kept,
      id: this.#ports.random.uuid(),
      sequence,
      status: 'queued',
      attempts: 0,
      variables,
      after: after ?? this.afterOf(variables, entry),
    }
  }

  /** The same entry, never sent, to be put at the end. */
  resequenced(entry: StoredEntry, sequence: number, after: readonly string[]): StoredEntry {
    return { ...entry, sequence, after }
  }

  /** Numbers at the end of the queue, one a call, for as many entries as `count` says once they are there. */
  async places(count: () => number): Promise<() => number> {
    for (;;) {
      const wanted = count()
      const first = await this.#ports.records.reserve(wanted)
      if (count() > wanted) continue
      this.#sequence = Math.max(this.#sequence, first + wanted - 1)
      let next = first
      return () => next++
    }
  }

  /** What a task with these variables builds on, at that place, or else at the end. */
  afterOf(variables: Record<string, unknown>, place: Parameters<OutboxIndex['afterOf']>[1] = {}): readonly string[] {
    return this.#index.afterOf(variables, place)
  }

  /** Everything that builds on the entry, directly or not, in queue order. */
  dependents(id: string): readonly StoredEntry[] {
    return this.#entries.dependents(id)
  }

  /** The entry's verdict: at once if it has one. Rejects with UNKNOWN_ENTRY for an id that neither this session nor the history knows. */
  settled(id: string): Promise<Outcome> {
    const outcome = this.outcomeOf(id)
    if (outcome) return Promise.resolve(outcome)
    const entry = this.known(id)
    return entry ? this.#outcomes.wait(entry.id) : Promise.reject(unknownEntry(id))
  }

  /** The entry's verdict so far; also of one that left. */
  outcomeOf(id: string): Outcome | undefined {
    const entry = this.#entries.get(id)
    return entry ? entry.outcome : this.#outcomes.get(id)
  }

  /** Tells the listeners of something beside the entries: paused, resumed. */
  notify(): void {
    this.#listeners.notify()
  }

  close(): void {
    this.#listeners.clear()
  }

  /** Ids of those that waited for a record of the maker's. */
  #mended(maker: StoredEntry): string[] {
    const users = [...this.#entries.directDependents(maker.id), ...this.#drafts.values()]
    return users.flatMap(user => {
      const entry = this.#index.mended(user, maker)
      if (!entry) return []
      if (this.#drafts.has(entry.id)) this.#drafts.set(entry.id, entry)
      else this.#entries.put(entry)
      return entry.id
    })
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
    for (const id of touched) {
      const outcome = this.outcomeOf(id)
      if (outcome) this.#outcomes.tell(id, outcome)
    }
    this.#listeners.notify()
  }

  #now(): string {
    return new Date(this.#ports.clock.now()).toISOString()
  }
}

const isStuck = (entry: StoredEntry | undefined): boolean => entry?.status === 'parked' || entry?.status === 'blocked'

const unknownEntry = (id: string): LayoverError =>
  new LayoverError('UNKNOWN_ENTRY', `The outbox holds no entry ${id}, and none was settled under this id lately.`)
