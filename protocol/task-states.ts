/**
 * The gateway's task machine, as data.
 *
 *   ACCEPTED ──▶ RUNNING ──▶ CONFIRMED
 *      │            ├──────▶ CONFLICT ──▶ CONFIRMED | CANCELLED | IN_REVIEW   (its user decides)
 *      │            ├──────▶ IN_REVIEW ─▶ CONFIRMED | CANCELLED               (a supervisor decides)
 *      │            ├──────▶ REJECTED
 *      │            └──────▶ PARKED ───▶ RUNNING                              (an operator decides)
 *      └─▶ CANCELLED | REJECTED | CONFIRMED | CONFLICT | IN_REVIEW            (never ran steps)
 *
 * A task may also be born in any final state: a plain task is one transaction.
 */
export const TASK_STATUSES = [
  'ACCEPTED',
  'RUNNING',
  'CONFIRMED',
  'CONFLICT',
  'REJECTED',
  'IN_REVIEW',
  'PARKED',
  'CANCELLED',
] as const

export type TaskStatus = (typeof TASK_STATUSES)[number]

export const TASK_MOVES: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  ACCEPTED: ['RUNNING', 'CONFIRMED', 'CONFLICT', 'IN_REVIEW', 'REJECTED', 'CANCELLED'],
  RUNNING: ['CONFIRMED', 'CONFLICT', 'IN_REVIEW', 'REJECTED', 'PARKED'],
  CONFLICT: ['CONFIRMED', 'CANCELLED', 'IN_REVIEW'],
  IN_REVIEW: ['CONFIRMED', 'CANCELLED'],
  PARKED: ['RUNNING', 'CONFIRMED', 'REJECTED'],
  CONFIRMED: [],
  REJECTED: [],
  CANCELLED: [],
}

/** True when the gateway does nothing more about it on its own account. */
export function isSettled(status: TaskStatus): boolean {
  return status !== 'ACCEPTED' && status !== 'RUNNING'
}

export function isTaskStatus(value: unknown): value is TaskStatus {
  return typeof value === 'string' && (TASK_STATUSES as readonly string[]).includes(value)
}

/** Staying in place is allowed (a step was reported); anything else not listed above is a bug of the caller. */
export function assertTaskMove(from: TaskStatus, to: TaskStatus): void {
  if (from !== to && !TASK_MOVES[from].includes(to)) throw new Error(`illegal task move ${from} -> ${to}`)
}

export const STEP_STATUSES = ['WAITING', 'RUNNING', 'DONE', 'SKIPPED', 'FAILED', 'UNDOING', 'UNDONE'] as const
export type StepStatus = (typeof STEP_STATUSES)[number]

export const DECISIONS = ['KEEP_MINE', 'TAKE_THEIRS', 'MERGE', 'ESCALATE'] as const
export type Decision = (typeof DECISIONS)[number]
