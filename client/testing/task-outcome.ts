/** How a task of the memory gateway can end. The shapes are those of `layover/server`, so that one function serves both. */

export interface TaskSuggestion {
  readonly label: string
  /** Change to the task's input. */
  readonly patch: Readonly<Record<string, unknown>>
}

export interface TaskReconciliation {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
  readonly rule: string
  readonly message: string
}

/** What a payload field shows: a record, read anew at every answer, or a value. */
export type PayloadEntry = { readonly type: string; readonly id: string } | { readonly value: unknown }

export interface Confirmed {
  readonly kind: 'confirmed'
  readonly payload: Readonly<Record<string, PayloadEntry | null>>
}

export interface Rejected {
  readonly kind: 'rejected'
  readonly code: string
  readonly message: string
  readonly field: string | null
  readonly suggestions: readonly TaskSuggestion[]
  readonly failedTask: string | null
}

export interface ConflictReport {
  readonly type: string
  readonly id: string
  readonly fields: readonly string[]
  readonly base: Readonly<Record<string, unknown>> | null
  readonly mine: Readonly<Record<string, unknown>>
  /** null: deleted. */
  readonly theirs: Readonly<Record<string, unknown>> | null
  readonly theirsVersion: number
  readonly theirsBy: string | null
  readonly theirsAt: string
}

/** What a decision would write. */
export interface Contested {
  readonly operation: 'update' | 'delete'
  readonly type: string
  readonly id: string
  readonly patch: Readonly<Record<string, unknown>>
  readonly theirsVersion: number
  /** The task writes other records, too. */
  readonly isPart?: boolean
}

export interface Conflicted {
  readonly kind: 'conflict'
  readonly conflict: ConflictReport
  readonly contested: Contested
}

export type TaskOutcome = Confirmed | Rejected | Conflicted

/** `payload`: fields of the mutation's payload beside `task`, such as `{ note: { type: 'Note', id } }`. */
export function confirmed(payload: Confirmed['payload'] = {}): Confirmed {
  return { kind: 'confirmed', payload }
}

/** `code` is for programs, `message` for people; `field` names the input to mend. */
export function rejected(
  code: string,
  message: string,
  {
    field,
    suggestions = [],
    failedTask,
  }: { field?: string; suggestions?: readonly TaskSuggestion[]; failedTask?: string } = {},
): Rejected {
  return { kind: 'rejected', code, message, field: field ?? null, suggestions, failedTask: failedTask ?? null }
}
