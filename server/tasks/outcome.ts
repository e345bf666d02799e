/** How a task can end, as values. Surprises are thrown; a rejection or a conflict is not a surprise. */
import type { Contested } from '../store/store.ts'

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
  /** Collection whose field it is: a reader from whom that field is hidden does not get this entry. */
  readonly type?: string
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
  /** Whose task it is, where that is not the reader's own. */
  readonly user?: string
}

/** What a payload field shows: a record, read anew with the reader's rights at every answer, or a value as it was decided. */
export type PayloadEntry = RecordReference | { readonly value: unknown }

export type Payload = Readonly<Record<string, PayloadEntry | null>>

export interface Confirmed {
  readonly kind: 'confirmed'
  readonly payload: Payload
}

export interface Rejected {
  readonly kind: 'rejected'
  readonly code: string
  readonly message: string
  readonly field: string | null
  readonly suggestions: readonly Suggestion[]
  readonly failedTask: string | null
  /** Values that the payload shows beside the rejection, by field. */
  readonly values?: Readonly<Record<string, unknown>>
}

export interface Conflicted {
  readonly kind: 'conflict'
  readonly conflict: ConflictReport
  readonly contested: Contested
  /** By a rule of the collection it is not the originator's to decide: IN_REVIEW instead of CONFLICT. */
  readonly review?: boolean
}

export type Outcome = Confirmed | Rejected | Conflicted

export function confirmed(payload: Payload): Confirmed {
  return { kind: 'confirmed', payload }
}

/** `code` is stable and for programs, `message` for people; `field` names the input to mend. */
export function rejected(
  code: string,
  message: string,
  details: {
    field?: string
    suggestions?: readonly Suggestion[]
    failedTask?: string
    values?: Readonly<Record<string, unknown>>
  } = {},
): Rejected {
  return {
    kind: 'rejected',
    code,
    message,
    field: details.field ?? null,
    suggestions: details.suggestions ?? [],
    failedTask: details.failedTask ?? null,
    ...(details.values === undefined ? {} : { values: details.values }),
  }
}

/** What the payload shows of an outcome, beside the task itself. */
export function payloadOf(outcome: Outcome): Payload {
  if (outcome.kind === 'confirmed') return outcome.payload
  if (outcome.kind === 'conflict') return {}
  return Object.fromEntries(Object.entries(outcome.values ?? {}).map(([field, value]) => [field, { value }]))
}
