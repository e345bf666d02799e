/** One queued task, as the application sees it and as it stands on the device. */
import type { Decision } from '../protocol/task-states.ts'
import type { EntryStatus } from './outbox-states.ts'

export interface OutboxEntry {
  /** UUIDv7; the task's id on the gateway too. */
  readonly id: string
  /** Place in this installation's queue; strictly increasing, never used twice. */
  readonly sequence: number
  /** Operation name. */
  readonly name: string
  /** As handed to `mutate`, without `task`. */
  readonly variables: Record<string, unknown>
  readonly status: EntryStatus
  /** How often it was sent. */
  readonly attempts: number
  /** RFC 3339. */
  readonly queuedAt: string
  /** RFC 3339; when it will be tried again by itself. */
  readonly nextAttemptAt?: string
  /** Ids of the entries it builds on. */
  readonly after: readonly string[]
  /** Ids of later tasks that were merged into it before it was ever sent. */
  readonly squashed?: readonly string[]
  readonly outcome?: Outcome
}

export type Outcome =
  | { status: 'confirmed'; data: unknown; reconciliation: readonly Reconciliation[] }
  | { status: 'conflict'; conflict: ConflictEntry }
  | {
      status: 'rejected'
      code: string
      message: string
      suggestions: readonly { label: string; patch: unknown }[]
      failedTask?: string
    }
  | { status: 'parked'; reason: string }
  | { status: 'discarded' }

export interface Reconciliation {
  field: string
  from: unknown
  to: unknown
  rule: string
  message: string
}

/** An application's own record: its shape is the application's affair. */
// biome-ignore lint/suspicious/noExplicitAny: the door says so, so that callbacks may name their own record types
export type AnyRecord = any

export interface ConflictEntry {
  /** The entry's id. */
  id: string
  /** The entry's operation name. */
  task: string
  type: string
  entityId: string
  /** Fields that both sides changed to different values. */
  fields: readonly string[]
  base: AnyRecord
  mine: AnyRecord
  /** null: deleted on the gateway. */
  theirs: AnyRecord
  /** Of the record as `theirs` shows it; a decision names it, so that it is not taken for one about a newer state. null: not asked for. */
  theirsVersion: number | null
  theirsBy?: string
  theirsAt: string
  /** A supervisor has it. */
  inReview: boolean
}

/** What is stored beyond what is shown. */
export interface StoredEntry extends OutboxEntry {
  /** The document's printed text, so that an application without this task still has it. */
  readonly document: string
  /** How many of the registration's `migrations` its variables have seen. */
  readonly version: number
  /** Of `after`, those that `mutate` was told of; the others are found from its variables. */
  readonly named?: readonly string[]
  /** Temporary ids of records that it makes, each with its place in the answer: [] where only the application can find it. */
  readonly makes?: Readonly<Record<string, Place>>
  /** Temporary ids in its variables that other tasks make: it is not sent before those are confirmed. */
  readonly awaits?: readonly string[]
  /** How often the gateway failed at it without saying why. */
  readonly faults?: number
  /** Once sent and not answered: from then on the gateway may have it, until it says what became of it. */
  readonly inDoubt?: true
  /** Of a decision about a conflict: the values that the view shows meanwhile. */
  readonly overlay?: Overlay
  /** The stored text, when it could not be read. */
  readonly unreadable?: string
}

/** Keys from the outermost in. */
export type Place = readonly string[]

export interface Overlay {
  readonly type: string
  readonly id: string
  readonly values: Record<string, unknown>
  /** Of the record that was decided about: the base takes the values only while it has nothing newer. */
  readonly version?: number | null
}

export type { Decision }
