/** `resolveConflict`: a person's decision about a task in CONFLICT, as a task of its own that may wait in an outbox. */
import { REJECTION_CODES } from '../../protocol/index.ts'
import { tenantPartition } from '../viewer.ts'
import { type DecisionArguments, decide, resolved } from './decision.ts'
import { defineTask, type PlainTask } from './define-task.ts'
import { confirmed, type Outcome, rejected } from './outcome.ts'
import { writeTaskRecord } from './task.ts'
import type { RecordTransaction } from './transaction.ts'

export function resolveConflictTask(): PlainTask<DecisionArguments> {
  return defineTask<DecisionArguments>('resolveConflict', {
    touches: () => [],
    run: (args, transaction) => resolve(args, transaction as RecordTransaction),
  })
}

async function resolve(args: DecisionArguments, transaction: RecordTransaction): Promise<Outcome> {
  const { unit, viewer, now } = transaction
  const original = await unit.task({ partition: tenantPartition(viewer), user: viewer.user, id: args.conflictOf })
  if (original === undefined) {
    return rejected(REJECTION_CODES.NOT_FOUND, `There is no task ${args.conflictOf} of yours.`, { field: 'conflictOf' })
  }
  const { contested } = original
  if (original.status !== 'CONFLICT' || contested === null) {
    const message = `The task ${args.conflictOf} is ${original.status}: there is no conflict for you to settle.`
    return rejected(REJECTION_CODES.NOT_IN_CONFLICT, message, { field: 'conflictOf' })
  }
  if (args.decision === 'ESCALATE') {
    await unit.changeTask(original, { status: 'IN_REVIEW' })
    await writeTaskRecord(unit, original, { status: 'IN_REVIEW' }, now)
    return confirmed(resolved(original))
  }
  return decide(args, transaction, { ...original, contested }, 'the person who made the change')
}
