/** One change of the queue while it is made: what it touches, what the view has to replace, what is written beside the entries. */
import type { Entries } from './entries.ts'
import type { Outcome, StoredEntry } from './entry.ts'
import type { History } from './history.ts'
import { LayoverError } from './layover-error.ts'
import type { EntryPatch, QueueChange } from './outbox-change.ts'
import type { OutboxIndex } from './outbox-index.ts'
import { assertEntryMove, type EntryStatus } from './outbox-states.ts'
import type { Outcomes } from './outcomes.ts'
import type { TemporaryIds } from './temporary-ids.ts'

interface MovesPorts {
  /** Also one that is still being stored. */
  readonly known: (id: string) => StoredEntry | undefined
  readonly entries: Entries
  readonly index: OutboxIndex
  readonly outcomes: Outcomes
  readonly history: History
  readonly temporaryIds: TemporaryIds
  /** RFC 3339. */
  readonly settledAt: string
  /** Gives the server's ids to those that waited for them; their ids. */
  readonly mended: (maker: StoredEntry) => readonly string[]
}

export class OutboxMoves implements QueueChange {
  readonly touched = new Set<string>()
  readonly replaced = new Set<string>()
  readonly beside = new Map<string, string | null>()
  readonly #ports: MovesPorts

  constructor(ports: MovesPorts) {
    this.#ports = ports
  }

  readonly move = (id: string, wanted: EntryStatus, patch: EntryPatch = {}): void => {
    const entry = this.#require(id)
    // What the gateway may have had once, it may have still.
    const to = wanted === 'queued' && entry.inDoubt ? 'in-doubt' : wanted
    assertEntryMove(entry.status, to)
    const { outcome: _outcome, nextAttemptAt: _next, ...kept } = entry
    const moved: StoredEntry = { ...kept, ...patch, status: to, ...(to === 'in-doubt' ? { inDoubt: true } : {}) }
    if (patch.variables) this.#replace(moved)
    else this.#put(moved)
  }

  readonly leave = (id: string, outcome: Outcome, remembered = outcome): void => {
    const entry = this.#require(id)
    assertEntryMove(entry.status, outcome.status === 'discarded' ? 'discarded' : outcome.status)
    this.#remove(entry, outcome, remembered)
  }

  readonly assign = (ids: Readonly<Record<string, string>>): void => this.#keep(this.#ports.temporaryIds.assign(ids))

  readonly enqueue = (entry: StoredEntry): void => {
    const { entries, index } = this.#ports
    const before = entries.get(entry.id)
    if (before) entries.remove(before)
    if (before) index.unregister(before)
    this.#replace(entry)
  }

  readonly put = (entry: StoredEntry): void => {
    const before = this.#ports.entries.get(entry.id)
    if (before && isSameTask(before, entry)) this.#put({ ...entry, variables: before.variables })
    else this.#replace(entry)
  }

  readonly drop = (id: string, outcome: Outcome | undefined): void => {
    const entry = this.#ports.entries.get(id)
    if (entry) this.#remove(entry, outcome, outcome)
  }

  #require(id: string): StoredEntry {
    const entry = this.#ports.known(id)
    if (!entry) throw unknownEntry(id)
    return entry
  }

  #put(entry: StoredEntry): void {
    this.#ports.entries.put(entry)
    this.touched.add(entry.id)
  }

  #replace(entry: StoredEntry): void {
    const { entries, index } = this.#ports
    const before = entries.get(entry.id)
    if (before) index.unregister(before)
    this.#put(index.register(entry))
    this.replaced.add(entry.id)
  }

  #remove(entry: StoredEntry, outcome: Outcome | undefined, remembered: Outcome | undefined): void {
    const { entries, index, outcomes, history, settledAt, mended } = this.#ports
    entries.remove(entry)
    index.unregister(entry)
    this.touched.add(entry.id)
    if (!remembered) return
    outcomes.remember(entry, remembered)
    this.#keep(history.add(entry, remembered, settledAt))
    if (outcome?.status !== 'confirmed' || !entry.makes) return
    this.#keep(index.assign(entry, outcome.data))
    for (const user of mended(entry)) {
      this.touched.add(user)
      this.replaced.add(user)
    }
  }

  #keep(records: ReadonlyMap<string, string | null>): void {
    for (const [key, text] of records) this.beside.set(key, text)
  }
}

const isSameTask = (before: StoredEntry, { variables, sequence }: StoredEntry): boolean =>
  before.sequence === sequence && JSON.stringify(before.variables) === JSON.stringify(variables)

export const unknownEntry = (id: string): LayoverError =>
  new LayoverError('UNKNOWN_ENTRY', `The outbox holds no entry ${id}, and none was settled under this id lately.`)
