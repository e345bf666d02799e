/** How a task can end, as values. Surprises are thrown; a rejection or a conflict is not a surprise. */
import type { Contested, StoredTask } from '../store/store.ts'

export interface Suggestion {
  /** For people: what applying it means. */
  readonly label: string
  /** Change to the task's input, e.g. {hotelOfferId: …}. */
  readonly patch: Readonly<Record<string, unknown>>
}

export interface Reconciliation {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
  readonly rule: string
  readonly message: string
}

export interface ConflictReport {
  readonly type: string
  readonly id: string
  readonly fields: readonly string[]
  readonly base: Readonly<Record<string, unknown>> | null
  readonly mine: Readonly<Record<string, unknown>>
  readonly theirs: Readonly<Record<string, unknown>> | null
  readonly theirsVersion: number
  readonly theirsBy: string | null
  readonly theirsAt: string
}

export interface RecordReference {
  readonly type: string
  readonly id: string
}

export interface Confirmed {
  readonly kind: 'confirmed'
  /** Records that the payload shows, by field; they are read anew, with the reader's rights, at every answer. */
  readonly payload: StoredTask['payload']
}

export interface Rejected {
  readonly kind: 'rejected'
  readonly code: string
  readonly message: string
  readonly field: string | null
  readonly suggestions: readonly Suggestion[]
  readonly failedTask: string | null
}

export interface Conflicted {
  readonly kind: 'conflict'
  readonly conflict: ConflictReport
  readonly contested: Contested
}

export type Outcome = Confirmed | Rejected | Conflicted

export function confirmed(payload: StoredTask['payload']): Confirmed {
  return { kind: 'confirmed', payload }
}

/** `code` is stable and for programs, `message` for people; `field` names the input to mend. */
export function rejected(
  code: string,
  message: string,
  details: { field?: string; suggestions?: readonly Suggestion[]; failedTask?: string } = {},
): Rejected {
  return {
    kind: 'rejected',
    code,
    message,
    field: details.field ?? null,
    suggestions: details.suggestions ?? [],
    failedTask: details.failedTask ?? null,
  }
}
