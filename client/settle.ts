/** From the gateway's answers to verdicts, and from verdicts to what the outbox, the cache and those who wait are told. */
import type { GraphQLFormattedError } from 'graphql'
import { ERROR_CODES, errorCode, isRetryableCode, isUntouched } from '../protocol/errors.ts'
import { isTaskStatus } from '../protocol/task-states.ts'
import type { BatchAnswer } from './batch.ts'
import type { Conflicts } from './conflicts.ts'
import type { ConflictEntry, Outcome, Reconciliation, StoredEntry } from './entry.ts'
import type { TentativeChange } from './fitted-changes.ts'
import type { OptimisticLayer } from './optimistic.ts'
import type { OutboxQueue } from './outbox.ts'
import type { BaseWrite, OutboxChange } from './outbox-change.ts'
import { type ConflictState, readTaskState, type TaskState } from './task-fragment.ts'
import type { Template } from './templates.ts'

export type Verdict =
  | { kind: 'confirmed'; reconciliation: readonly Reconciliation[] }
  /** Durably taken; its outcome is still to come. */
  | { kind: 'accepted' }
  | { kind: 'conflict'; conflict: ConflictState; inReview: boolean }
  | { kind: 'rejected'; outcome: Extract<Outcome, { status: 'rejected' }> }
  | { kind: 'discarded' }
  /** To be sent again; `isApplied` as far as the answer tells. */
  | { kind: 'again'; isApplied: 'no' | 'unknown'; isFault: boolean }
  /** The gateway will not take it, however often it is sent. */
  | { kind: 'refused'; reason: string }
  | { kind: 'unauthenticated' }

/** What `mutate` is told of its task. */
export type Delivery =
  | {
      kind: 'answered'
      verdict: Verdict['kind']
      data: Record<string, unknown>
      errors: readonly GraphQLFormattedError[]
    }
  /** Nothing will come soon. */
  | { kind: 'waiting' }

/** An error of unknown cause is not tried for ever, or one bad task would hold up all behind it. */
const FAULTS_BEFORE_PARKING = 5

/** @param faults how often the gateway failed at it before without saying why; what got no answer does not count */
export function verdictOf({ value, errors }: BatchAnswer, faults: number): Verdict {
  const state = readTaskState(isFields(value) ? value['task'] : undefined)
  if (state && isTaskStatus(state.status)) {
    switch (state.status) {
      case 'CONFIRMED':
        return { kind: 'confirmed', reconciliation: state.reconciliation }
      case 'ACCEPTED':
      case 'RUNNING':
      case 'PARKED': // By the gateway: an operator decides, and then it goes on.
        return { kind: 'accepted' }
      case 'CONFLICT':
      case 'IN_REVIEW':
        return state.conflict
          ? { kind: 'conflict', conflict: state.conflict, inReview: state.status === 'IN_REVIEW' }
          : { kind: 'accepted' }
      case 'REJECTED':
        return { kind: 'rejected', outcome: rejectionOf(state) }
      case 'CANCELLED':
        return { kind: 'discarded' }
      default:
        return state.status satisfies never
    }
  }
  const [error] = errors
  const code = errorCode(error)
  if (code === ERROR_CODES.UNAUTHENTICATED) return { kind: 'unauthenticated' }
  const mayPass = error === undefined || code === undefined || isRetryableCode(code)
  if (!mayPass) return { kind: 'refused', reason: reasonOf(code, error.message) }
  const isCauseKnown = code !== undefined && code !== ERROR_CODES.INTERNAL_SERVER_ERROR
  if (!isCauseKnown && faults + 1 >= FAULTS_BEFORE_PARKING) {
    return {
      kind: 'refused',
      reason: reasonOf(code ?? 'NO_VERDICT', error?.message ?? 'The gateway said nothing of this task.'),
    }
  }
  return { kind: 'again', isApplied: isUntouched(code) ? 'no' : 'unknown', isFault: !isCauseKnown }
}

export const reasonOf = (code: string, message: string): string => `${code}: ${message}`

export interface Answered {
  readonly entry: StoredEntry
  readonly template: Template
  readonly answer: BatchAnswer
  readonly verdict: Verdict
}

export interface SettlePorts {
  readonly queue: OutboxQueue
  readonly layer: OptimisticLayer
  readonly conflicts: Conflicts
  /** The application's `update` for the entry. */
  readonly updateOf: (entry: StoredEntry) => TentativeChange['update']
  /** Tells whoever waits for this task. */
  readonly deliver: (id: string, delivery: Delivery) => void
  /** Records of an answer are newer than a page that was read before it. */
  readonly noteAnswer: (data: Record<string, unknown>) => void
}

/** Applies the answers of one document: one change of the outbox, one rebuilding of the view. Resolves when it is stored. */
export async function settle(
  ports: SettlePorts,
  answered: readonly Answered[],
  nextAttemptAt: string | undefined,
): Promise<void> {
  const arrived = answered.filter(each => isNewConflict(each)).map(each => each.entry.id)
  const stored = ports.queue.change(
    change => {
      for (const each of answered) moveEntry(ports, change, each, nextAttemptAt)
    },
    applyAnswers(ports, answered),
    answered.map(({ entry: { id }, answer, verdict }) => ({ id, answer, verdict })),
  )
  tellAnswers(ports, answered)
  ports.conflicts.decideArrived(arrived)
  await stored
}

/** What answers bring to the base of the cache. */
export function applyAnswers(ports: SettlePorts, answered: readonly Answered[]): BaseWrite {
  return (cache, index) => {
    for (const { entry, template, answer, verdict } of answered) {
      if (isFields(answer.value)) {
        const data = { [template.responseKey]: answer.value }
        ports.layer.writeAnswer(cache, index, {
          name: entry.name,
          document: template.document,
          variables: entry.variables,
          data,
          update: verdict.kind === 'confirmed' ? ports.updateOf(entry) : undefined,
        })
        ports.noteAnswer(answer.value)
      }
      if (entry.overlay && verdict.kind === 'confirmed') ports.layer.lay(cache, entry.overlay, { unlessNewer: true })
    }
  }
}

/** Whoever waits for these in this tab. */
export function tellAnswers(ports: SettlePorts, answered: readonly Answered[]): void {
  for (const { entry, template, answer, verdict } of answered) {
    const waits = verdict.kind === 'again' || verdict.kind === 'unauthenticated'
    ports.deliver(
      entry.id,
      waits
        ? { kind: 'waiting' }
        : {
            kind: 'answered',
            verdict: verdict.kind,
            data: { [template.responseKey]: answer.value ?? null },
            errors: answer.errors,
          },
    )
  }
}

function moveEntry(
  { queue, conflicts }: SettlePorts,
  change: OutboxChange,
  { entry: { id }, template, answer, verdict }: Answered,
  nextAttemptAt: string | undefined,
): void {
  const entry = queue.get(id)
  if (!entry) return // Settled meanwhile, by the decision about its conflict.
  const asked = entry.status !== 'sending'
  switch (verdict.kind) {
    case 'confirmed':
      change.leave(id, {
        status: 'confirmed',
        data: { [template.responseKey]: answer.value },
        reconciliation: verdict.reconciliation,
      })
      break
    case 'accepted':
      change.move(id, 'accepted')
      break
    case 'conflict': {
      const conflict = conflictOf(entry, verdict.conflict, verdict.inReview)
      // Asked again, it may be what it was.
      if (!isSameConflict(entry, conflict)) change.move(id, 'conflict', { outcome: { status: 'conflict', conflict } })
      break
    }
    case 'rejected':
      change.move(id, 'rejected', { outcome: verdict.outcome })
      break
    case 'discarded':
      change.leave(id, { status: 'discarded' })
      break
    case 'refused':
      if (!asked) change.move(id, 'parked', { outcome: { status: 'parked', reason: verdict.reason } })
      break
    case 'again':
      if (!asked)
        change.move(id, verdict.isApplied === 'no' ? 'queued' : 'in-doubt', {
          ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
          ...(verdict.isFault ? { faults: (entry.faults ?? 0) + 1 } : {}),
        })
      break
    case 'unauthenticated':
      if (!asked) change.move(id, 'queued')
      break
    default:
      verdict satisfies never
  }
  conflicts.settleDecision(
    change,
    entry,
    verdict,
    readTaskState(isFields(answer.value) ? answer.value['resolved'] : undefined),
  )
}

/** The conflict as the application sees it. */
export function conflictOf(entry: StoredEntry, conflict: ConflictState, inReview: boolean): ConflictEntry {
  return {
    id: entry.id,
    task: entry.name,
    type: conflict.type,
    entityId: conflict.id,
    fields: conflict.fields,
    base: conflict.base,
    mine: conflict.mine,
    theirs: conflict.theirs,
    theirsVersion: conflict.theirsVersion,
    ...(conflict.theirsBy === null ? {} : { theirsBy: conflict.theirsBy }),
    theirsAt: conflict.theirsAt,
    inReview,
  }
}

function isNewConflict({ entry, verdict }: Answered): boolean {
  return verdict.kind === 'conflict' && !isSameConflict(entry, conflictOf(entry, verdict.conflict, verdict.inReview))
}

function isSameConflict({ outcome }: StoredEntry, conflict: ConflictEntry): boolean {
  return outcome?.status === 'conflict' && JSON.stringify(outcome.conflict) === JSON.stringify(conflict)
}

function rejectionOf({ rejection }: TaskState): Extract<Outcome, { status: 'rejected' }> {
  return {
    status: 'rejected',
    code: rejection?.code ?? 'UNKNOWN',
    message: rejection?.message ?? '',
    suggestions: rejection?.suggestions ?? [],
    ...(rejection?.failedTask ? { failedTask: rejection.failedTask } : {}),
  }
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
