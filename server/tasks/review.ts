/**
 * `reviewConflict`: a supervisor's decision about a task IN_REVIEW, which came there because its originator escalated it or
 * because the collection's rule says so. Source: reconciliation by a third party in Microsoft's guide to occasionally
 * connected smart clients. The outcome is written to the original task and reaches its originator by `changes`.
 */
import { REJECTION_CODES } from '../../protocol/index.ts'
import type { StoredTask } from '../store/store.ts'
import { hasRole, tenantPartition } from '../viewer.ts'
import { type DecisionArguments, decide } from './decision.ts'
import { defineTask, type PlainTask } from './define-task.ts'
import { type Outcome, type Rejected, rejected } from './outcome.ts'
import type { RecordTransaction } from './transaction.ts'

export function reviewConflictTask(supervisorRole: string): PlainTask<DecisionArguments> {
  return defineTask<DecisionArguments>('reviewConflict', {
    touches: () => [],
    run: async (args, transaction) => {
      if (hasRole(transaction.viewer, supervisorRole)) return review(args, transaction as RecordTransaction)
      return rejected(REJECTION_CODES.FORBIDDEN, `Only a ${supervisorRole} reviews conflicts.`, { field: 'conflictOf' })
    },
  })
}

async function review(args: DecisionArguments, transaction: RecordTransaction): Promise<Outcome> {
  if (args.decision === 'ESCALATE') {
    const message = 'It is in review already: choose KEEP_MINE, TAKE_THEIRS or MERGE.'
    return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'decision' })
  }
  const original = await inReview(args.conflictOf, transaction)
  if (original.kind === 'rejected') return original
  const { task } = original
  if (task.contested === null) throw new Error(`task ${task.reference} is IN_REVIEW without anything contested`)
  const who = `a supervisor (${transaction.viewer.user})`
  return decide(args, transaction, { ...task, contested: task.contested }, who)
}

/** Ids of tasks belong to their user, so that several people may have one: it is the one in review. */
async function inReview(
  id: string,
  { unit, viewer }: RecordTransaction,
): Promise<{ kind: 'found'; task: StoredTask } | Rejected> {
  const partition = tenantPartition(viewer)
  const query = { partition, user: null, ids: [id], after: 0, first: 2 }
  const [found, another] = await unit.tasks({ ...query, status: ['IN_REVIEW'] })
  const field = 'conflictOf'
  if (another !== undefined) {
    const message = `Several people have a task ${id} in review, so that it can't be said which is meant. One of them has to settle it.`
    return rejected(REJECTION_CODES.INVALID_INPUT, message, { field })
  }
  const task = found && (await unit.task({ partition, user: found.user, id }))
  if (task !== undefined) return { kind: 'found', task }
  const [known] = await unit.tasks(query)
  if (known === undefined) return rejected(REJECTION_CODES.NOT_FOUND, `There is no task ${id} here.`, { field })
  const message = `The task ${id} is ${String(known.entity['status'])}: there is nothing to review.`
  return rejected(REJECTION_CODES.NOT_IN_REVIEW, message, { field })
}
