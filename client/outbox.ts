/**
 * The queue: entries in order, their moves, what depends on what. It is the only place where an entry changes, and each
 * change goes the same way: memory, view, listeners, disk.
 */
import type { Clock, Random } from '../protocol/ports.ts'
import { Drafts } from './drafts.ts'
import { Entries } from './entries.ts'
import type { OutboxEntry, Outcome, StoredEntry } from './entry.ts'
import type { History, SettledTask } from './history.ts'
import { Listeners, type Report } from './listeners.ts'
import type { BaseWrite, Draft, QueueChange, QueueNews, QueueSharing, ViewListener } from './outbox-change.ts'
import { OutboxIndex, type OutboxIndexPorts } from './outbox-index.ts'
import { OutboxMoves, unknownEntry } from './outbox-moves.ts'
import { asDoubtful, isSendable, isStuck, isUnsettled } from './outbox-states.ts'
import { OutboxView } from './outbox-view.ts'
import { Outcomes } from './outcomes.ts'
import type { LoadedOutbox, OutboxRecords } from './storage/outbox-records.ts'

export type { OutboxChange } from './outbox-change.ts'

export interface OutboxPorts extends OutboxIndexPorts {
  readonly clock: Clock
  readonly random: Random
  readonly records: OutboxRecords
  readonly history: History
  readonly view: ViewListener
  /** Whether this is the tab that moves entries. */
  readonly leads: () => boolean
  readonly report: Report
}

export class OutboxQueue {
  readonly #ports: OutboxPorts
  readonly #entries = new Entries()
  readonly #drafts = new Drafts()
  readonly #index: OutboxIndex
  readonly #view: OutboxView
  readonly #outcomes: Outcomes
  readonly #listeners: Listeners<ReadonlySet<string>>
  readonly storing: Listeners
  #sharing: QueueSharing | undefined
  #client = ''
  /** The last one seen. */
  #sequence = 0
  #list: readonly OutboxEntry[] | undefined
  /** Listeners are given the ids of the entries that came, changed or left; none for what is beside the entries. */
  readonly subscribe: (listener: (changed?: ReadonlySet<string>) => void) => () => void

  constructor(ports: OutboxPorts) {
    this.#ports = ports
    this.#outcomes = new Outcomes(ports.history)
    this.#listeners = new Listeners(ports.report)
    this.subscribe = this.#listeners.subscribe
    this.storing = new Listeners(ports.report)
    this.#index = new OutboxIndex(ports, id => this.known(id))
    this.#view = new OutboxView(this.#entries, ports.view, ports.report)
  }

  /** Takes over what was on the device. What was being sent is in doubt now. */
  restore(loaded: LoadedOutbox): void {
    this.#client = loaded.client
    this.#sequence = loaded.sequence
    this.#ports.temporaryIds.restore(loaded.settings)
    for (const entry of loaded.entries) this.#entries.put(this.#index.register(asDoubtful(entry), true))
    const touched = new Set(this.#entries.ids())
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched)
    this.#entries.takeChanged() // Whatever is read differently now will be read so again.
    const beside = this.#ports.history.restore(loaded.settings)
    // A full disk must not keep anybody from seeing and sending what waits.
    if (this.#ports.leads()) this.#ports.records.save([], [], false, beside).catch(this.#ports.report)
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

  get leads(): boolean {
    return this.#ports.leads()
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

  /** Those whose storing is under way; `storing` tells of their coming, and of those that came to nothing. */
  get drafts(): Pick<Drafts, 'has' | 'values' | 'size'> {
    return this.#drafts
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
    const waits = after.some(id => isStuck(this.known(id)?.status))
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

  /** The newest entry on the device or on its way there that mentions, in whatever way, an id that these variables mention. */
  newest(variables: Record<string, unknown>): StoredEntry | undefined {
    return this.known(this.#index.newest(variables) ?? '')
  }

  /** Durable when it resolves. `shown` says that the view holds its change already. Rejects with STORAGE_FAILED: then there is no such entry. */
  async append(draft: StoredEntry, shown: boolean): Promise<void> {
    let sequence: number
    try {
      sequence = await this.#ports.records.append(draft)
    } catch (error) {
      this.drop(draft)
      throw error
    }
    const stored = this.#drafts.get(draft.id)
    if (!stored) return // It fell with what it builds on.
    // Another tab may have queued something in between.
    const entry = stored.sequence === sequence ? stored : this.#moved(stored, sequence)
    this.#sequence = Math.max(this.#sequence, sequence)
    const replaced = new Set(entry === stored ? [] : [entry.id])
    this.#drafts.delete(entry.id)
    if (entry.variables !== draft.variables) replaced.add(entry.id) // What it builds on was given its id meanwhile.
    this.#entries.put(entry)
    if (shown) this.#view.mark(entry.id)
    const touched = new Set([entry.id])
    this.#entries.settleBlocks(touched)
    this.#showAndTell(touched, undefined, replaced)
    this.#sharing?.queued(entry)
    const { changed } = this.#entries.takeChanged()
    // In another tab's outbox it is the leader that blocks what has to wait.
    const others = this.#ports.leads() ? changed.filter(each => each !== entry || stored !== draft) : []
    await this.#ports.records.save(others, []).catch(this.#ports.report) // This one is on the device already.
  }

  /** A draft that came to nothing. */
  drop(draft: StoredEntry): void {
    const dropped = this.#drafts.get(draft.id)
    if (!dropped) return
    this.#drafts.drop(draft.id)
    this.#index.unregister(dropped)
    this.storing.notify()
  }

  /** Takes the entries out, and what is being stored upon them with them: the last first, for what builds on an entry must not be let go by its leaving. */
  discard(entries: readonly StoredEntry[]): Promise<void> {
    const drafts = this.#drafts.upon(entries.map(({ id }) => id))
    const stored = this.change(change => {
      for (const { id } of [...entries, ...drafts].reverse()) {
        if (this.#drafts.has(id)) this.#view.mark(id)
        change.leave(id, { status: 'discarded' })
        this.#drafts.delete(id)
      }
    })
    if (drafts.length > 0) this.storing.notify()
    return stored
  }

  /**
   * One change of any number of entries. Memory, view and listeners have it when this returns; the promise is the disk's
   * (rejects with STORAGE_FAILED, and is tried again with the next write).
   * @param answers of the gateway that make this change, for other tabs
   */
  change(run: (change: QueueChange) => void, write?: BaseWrite, answers?: QueueNews['answers']): Promise<void> {
    const settledAt = this.#now()
    const beside = this.#run(run, write, settledAt)
    const { changed, removed } = this.#entries.takeChanged()
    if (changed.length === 0 && removed.length === 0 && beside.size === 0 && !answers) return Promise.resolve()
    const gone = removed.map(id => ({ id, outcome: this.#outcomes.get(id) }))
    this.#sharing?.tell({ changed, removed: gone, settledAt, ...(answers ? { answers } : {}) })
    return this.#ports.records.save(changed, removed, write !== undefined, beside)
  }

  /** Other tabs have to do with this queue from now on. */
  shareThrough(sharing: QueueSharing): void {
    this.#sharing = sharing
  }

  /** What the leading tab has changed, and stores. */
  mirror({ changed, removed, settledAt }: QueueNews, write?: BaseWrite): void {
    for (const { sequence } of changed) this.#sequence = Math.max(this.#sequence, sequence)
    this.#run(
      ({ put, drop }) => {
        for (const { id, outcome } of removed) drop(id, outcome)
        for (const entry of changed) put(entry)
      },
      write,
      settledAt,
    )
    this.#entries.takeChanged()
  }

  /** Whoever was sending is no more. */
  doubtSending(): Promise<void> {
    const sending = [...this.#entries.all()].filter(entry => entry.status === 'sending')
    return this.change(change => {
      for (const { id } of sending) change.move(id, 'in-doubt')
    })
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

  /** Nothing of what left stays on the device; what waits does. */
  forgetSettled(): Promise<void> {
    const { records, history, temporaryIds } = this.#ports
    return records.save([], [], undefined, new Map([...history.clear(), ...temporaryIds.clear()]))
  }

  /** Tells the listeners of something beside the entries: paused, resumed. */
  notify(): void {
    this.#listeners.notify(new Set())
  }

  close(): void {
    this.#listeners.clear()
    this.storing.clear()
  }

  /** Gives what is to be written beside the entries. */
  #run(
    run: (change: QueueChange) => void,
    write?: BaseWrite,
    settledAt = this.#now(),
  ): ReadonlyMap<string, string | null> {
    const moves = new OutboxMoves({
      known: id => this.known(id),
      entries: this.#entries,
      index: this.#index,
      outcomes: this.#outcomes,
      history: this.#ports.history,
      temporaryIds: this.#ports.temporaryIds,
      settledAt,
      mended: maker => this.#mended(maker),
    })
    run(moves)
    this.#entries.settleBlocks(moves.touched)
    this.#showAndTell(moves.touched, write, moves.replaced)
    return moves.beside
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

  #moved(entry: StoredEntry, sequence: number): StoredEntry {
    this.#index.unregister(entry)
    return this.#index.register({ ...entry, sequence })
  }

  #showAndTell(touched: ReadonlySet<string>, write?: BaseWrite, replaced?: ReadonlySet<string>): void {
    this.#view.update(touched, write, replaced)
    this.#list = undefined
    for (const id of touched) {
      const outcome = this.outcomeOf(id)
      if (outcome) this.#outcomes.tell(id, outcome)
    }
    this.#listeners.notify(touched)
  }

  #now(): string {
    return new Date(this.#ports.clock.now()).toISOString()
  }
}
