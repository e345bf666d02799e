/** What one change of the queue is: to whoever makes it, and to the view. */
import type { InMemoryCache } from '@apollo/client'
import type { BatchAnswer } from './batch.ts'
import type { Outcome, Overlay, StoredEntry } from './entry.ts'
import type { EntryStatus } from './outbox-states.ts'
import type { IndexChanges } from './record-index.ts'
import type { Verdict } from './settle.ts'

/** A task on its way in, before it has its place. */
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

/** What a change of the queue means for the view. Called once per change, before the listeners. */
export type ViewListener = (change: {
  remove: readonly string[]
  add: readonly StoredEntry[]
  write: BaseWrite | undefined
}) => void
/** Writes to the base of the cache, in one batch with the view. */
export type BaseWrite = (cache: InMemoryCache, index: IndexChanges) => void

/** What may be changed of an entry as it moves. */
export interface EntryPatch {
  readonly outcome?: Outcome
  readonly attempts?: number
  readonly faults?: number
  readonly nextAttemptAt?: string
  readonly variables?: Record<string, unknown>
  readonly after?: readonly string[]
  readonly document?: string
  readonly version?: number
  readonly squashed?: readonly string[]
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
  /** Takes in server's ids by temporary id. */
  assign(ids: Readonly<Record<string, string>>): void
  /** Puts an entry at the end under a sequence number of its own. */
  enqueue(entry: StoredEntry): void
}

/** What the queue itself may do besides. */
export interface QueueChange extends OutboxChange {
  /** As it stands elsewhere. */
  put(entry: StoredEntry): void
  /** It is gone elsewhere, with this outcome if it is known. */
  drop(id: string, outcome: Outcome | undefined): void
}

/** One change as the leading tab tells it to the others. */
export interface QueueNews {
  readonly changed: readonly StoredEntry[]
  readonly removed: readonly { readonly id: string; readonly outcome: Outcome | undefined }[]
  /** RFC 3339. */
  readonly settledAt?: string
  /** Of the gateway, to entries as they were before. */
  readonly answers?: readonly { readonly id: string; readonly answer: BatchAnswer; readonly verdict: Verdict }[]
}

/** How a change reaches other tabs. */
export interface QueueSharing {
  /** What the leading tab has changed. */
  tell(news: QueueNews): void
  /** What this tab has queued, and stored. */
  queued(entry: StoredEntry): void
}
