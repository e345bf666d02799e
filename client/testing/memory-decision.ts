/** What `resolveConflict` does: a person's decision about a task of theirs in conflict, as a task of its own. */
import { REJECTION_CODES } from '../../protocol/errors.ts'
import type { Decision } from '../../protocol/task-states.ts'
import type { Change, StoredTask, TaskRecord } from './memory-tasks.ts'
import type { MemoryTransaction } from './memory-transaction.ts'
import {
  type Contested,
  confirmed,
  type Rejected,
  rejected,
  type TaskOutcome,
  type TaskReconciliation,
} from './task-outcome.ts'

export interface DecisionPorts {
  task(user: string, id: string): StoredTask | undefined
  record(user: string, id: string): TaskRecord | undefined
  put(task: StoredTask, change: Change): void
}

interface DecisionArguments {
  readonly conflictOf: string
  readonly decision: Decision
  readonly values?: unknown
  readonly theirsVersion?: number | null
}

export async function decide(
  { conflictOf, decision, values: given, theirsVersion }: DecisionArguments,
  transaction: MemoryTransaction,
  ports: DecisionPorts,
): Promise<TaskOutcome> {
  const { user } = transaction.viewer
  const original = ports.task(user, conflictOf)
  const record = ports.record(user, conflictOf)
  if (!original || !record) return refusal(REJECTION_CODES.NOT_FOUND, `There is no task ${conflictOf} of yours.`)
  const { contested } = original
  if (record.status !== 'CONFLICT' || !contested) {
    return refusal(REJECTION_CODES.NOT_IN_CONFLICT, `The task ${conflictOf} is ${record.status}.`)
  }
  const resolved = confirmed({ resolved: { type: 'Task', id: conflictOf } })
  if (decision === 'ESCALATE') {
    ports.put(original, { status: 'IN_REVIEW', conflict: record.conflict })
    return resolved
  }
  const before = await transaction.find(contested.type, contested.id)
  if (decision === 'TAKE_THEIRS') {
    ports.put(
      { ...original, contested: null },
      {
        status: 'CANCELLED',
        reconciliation: told(contested, decision, field => [contested.patch[field], before?.[field]]),
      },
    )
    return resolved
  }
  if (contested.isPart) {
    const message = 'The task changes other records, too: choose TAKE_THEIRS and send it anew.'
    return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'decision' })
  }
  if (theirsVersion != null && theirsVersion !== contested.theirsVersion) return changedSince(conflictOf)
  const { type, id } = contested
  const chosen = decision === 'MERGE' ? valuesFor(contested, given) : {}
  if (!chosen) {
    const message = 'MERGE needs values for fields that the task wanted to change, and for no others.'
    return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'values' })
  }
  const patch = { ...contested.patch, ...chosen }
  const written = await (contested.operation === 'delete'
    ? transaction.remove(type, id, contested.theirsVersion, true)
    : transaction.restore(type, id, contested.theirsVersion, patch))
  if (written.kind === 'rejected') return written
  if (written.kind === 'conflict') {
    const newer = { ...contested, theirsVersion: written.conflict.theirsVersion }
    const conflict = { ...written.conflict, mine: record.conflict?.mine ?? {} }
    ports.put({ ...original, contested: newer }, { status: 'CONFLICT', conflict })
    return changedSince(conflictOf)
  }
  const isShown = before !== undefined || decision !== 'MERGE'
  const values = (field: string): [unknown, unknown] => [before?.[field], isShown ? patch[field] : null]
  const reconciliation = told({ ...contested, patch }, decision, values)
  ports.put({ ...original, contested: null }, { status: 'CONFIRMED', reconciliation })
  return resolved
}

/** Undefined when they do not fit. */
function valuesFor({ operation, patch }: Contested, values: unknown): object | undefined {
  if (operation === 'delete' || typeof values !== 'object' || values === null) return undefined
  return Object.keys(values).every(field => Object.hasOwn(patch, field)) ? values : undefined
}

function told(
  { operation, patch }: Contested,
  rule: Decision,
  values: (field: string) => [from: unknown, to: unknown],
): readonly TaskReconciliation[] {
  const message = 'It was settled by the person who made the change.'
  const isKept = rule !== 'TAKE_THEIRS'
  if (operation === 'delete') return [{ field: 'deleted', from: !isKept, to: isKept, rule, message }]
  return Object.keys(patch).map(field => {
    const [from, to] = values(field)
    return { field, from: from ?? null, to: to ?? null, rule, message }
  })
}

const refusal = (code: string, message: string): Rejected => rejected(code, message, { field: 'conflictOf' })

const changedSince = (failedTask: string): Rejected =>
  rejected(REJECTION_CODES.CONFLICT_CHANGED, 'The record was changed again after this decision was made.', {
    field: 'conflictOf',
    failedTask,
  })
