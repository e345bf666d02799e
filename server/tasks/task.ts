/** The Task record as clients see it, and its moves. */
import { assertTaskMove, isSettled, type StepStatus, type TaskStatus } from '../../protocol/index.ts'
import type { EntityRecord, StepReport, StoredRecord, StoredTask, TaskAddress, Unit } from '../store/store.ts'
import type { ConflictReport, Outcome, Reconciliation, Rejected } from './outcome.ts'

export const TASK_TYPE = 'Task'

/** Ids belong to their user, and so do the records of tasks. */
export const taskKey = ({ user, id }: Pick<TaskAddress, 'user' | 'id'>): string => `${user}/${id}`

export interface TaskRecord extends EntityRecord {
  readonly name: string
  readonly status: TaskStatus
  readonly progress: number
  readonly steps: readonly StepReport[]
  readonly conflict: ConflictReport | null
  readonly rejection: Omit<Rejected, 'kind' | 'values'> | null
  readonly reconciliation: readonly Reconciliation[]
  /** Whose task it is. Private: GraphQL reserves such names, so no client can select it. */
  readonly __user: string
}

const OVER: ReadonlySet<StepStatus> = new Set(['DONE', 'SKIPPED', 'FAILED', 'UNDONE'])

export function progressOf(status: TaskStatus, steps: readonly StepReport[]): number {
  if (isSettled(status)) return 1
  if (steps.length === 0) return 0
  return Math.round((steps.filter(step => OVER.has(step.status)).length / steps.length) * 100) / 100
}

export const waitingStep = (name: string, optional: boolean): StepReport => ({
  name,
  status: 'WAITING',
  attempts: 0,
  optional,
  error: null,
  startedAt: null,
  endedAt: null,
})

type Change = Partial<Pick<TaskRecord, 'status' | 'steps' | 'conflict' | 'rejection' | 'reconciliation'>>

/** Writes the next version of the task's record. `by` is who changed it: its user, or a supervisor who decided. */
export async function writeTaskRecord(
  unit: Unit,
  task: TaskAddress & { name: string },
  change: Change,
  now: string,
  by: string = task.user,
): Promise<TaskRecord> {
  const before = (await unit.record(task.partition, TASK_TYPE, taskKey(task)))?.entity as TaskRecord | undefined
  const status = change.status ?? before?.status ?? 'ACCEPTED'
  if (before !== undefined) assertTaskMove(before.status, status)
  const steps = change.steps ?? before?.steps ?? []
  const record: TaskRecord = {
    __typename: TASK_TYPE,
    id: task.id,
    version: (before?.version ?? 0) + 1,
    updatedAt: now,
    updatedBy: by,
    name: task.name,
    status,
    progress: progressOf(status, steps),
    steps,
    conflict: change.conflict === undefined ? (before?.conflict ?? null) : change.conflict,
    rejection: change.rejection === undefined ? (before?.rejection ?? null) : change.rejection,
    reconciliation: change.reconciliation ?? before?.reconciliation ?? [],
    __user: task.user,
  }
  const stored: StoredRecord = {
    partition: task.partition,
    type: TASK_TYPE,
    key: taskKey(task),
    owner: task.user,
    deleted: false,
    entity: record,
  }
  unit.put(stored, { keepVersion: false, writtenBy: null })
  return record
}

/** What an outcome makes of the record. */
export function changeOf(outcome: Outcome, reconciliation: readonly Reconciliation[]): Change {
  switch (outcome.kind) {
    case 'confirmed':
      return { status: 'CONFIRMED', reconciliation }
    case 'conflict':
      return { status: outcome.review ? 'IN_REVIEW' : 'CONFLICT', conflict: outcome.conflict, reconciliation: [] }
    case 'rejected': {
      return { status: 'REJECTED', rejection: shownOf(outcome), reconciliation: [] }
    }
  }
}

/** A task that exists only as an answer: the id is somebody else's work of before, and stays what it is. */
export function refusedRecord(id: string, name: string, user: string, refusal: Rejected, now: string): TaskRecord {
  return {
    __typename: TASK_TYPE,
    id,
    version: 0,
    updatedAt: now,
    updatedBy: user,
    name,
    status: 'REJECTED',
    progress: 1,
    steps: [],
    conflict: null,
    rejection: shownOf(refusal),
    reconciliation: [],
    __user: user,
  }
}

function shownOf({ kind: _, values: __, ...rejection }: Rejected): TaskRecord['rejection'] {
  return rejection
}

/** Status that an outcome gives the stored task. */
export const statusOf = (outcome: Outcome): StoredTask['status'] => changeOf(outcome, []).status ?? 'CONFIRMED'
