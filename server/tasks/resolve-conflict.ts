/** `resolveConflict`: a person's decision about a task in CONFLICT, as a task of its own that may wait in an outbox. */
import { type Decision, ERROR_CODES, REJECTION_CODES } from '../../protocol/index.ts'
import { refuse } from '../errors.ts'
import type { Contested, StoredTask } from '../store/store.ts'
import { tenantPartition } from '../viewer.ts'
import { defineTask, type PlainTask, type Written } from './define-task.ts'
import { confirmed, type Outcome, type Reconciliation, type Rejected, rejected } from './outcome.ts'
import { TASK_TYPE, writeTaskRecord } from './task.ts'
import type { RecordTransaction } from './transaction.ts'

export interface ResolveArguments {
  readonly conflictOf: string
  readonly decision: Decision
  readonly values?: unknown
}

export function resolveConflictTask(): PlainTask<ResolveArguments> {
  return defineTask<ResolveArguments>('resolveConflict', {
    touches: () => [],
    run: (args, transaction) => resolve(args, transaction as RecordTransaction),
  })
}

async function resolve(args: ResolveArguments, transaction: RecordTransaction): Promise<Outcome> {
  const { unit, viewer } = transaction
  if (args.decision === 'ESCALATE') {
    throw refuse(ERROR_CODES.NOT_IMPLEMENTED, 'ESCALATE is part of the contract, but not served yet.', {
      field: 'decision',
    })
  }
  const partition = tenantPartition(viewer)
  const original = await unit.task({ partition, user: viewer.user, id: args.conflictOf })
  if (original === undefined) {
    return rejected(REJECTION_CODES.NOT_FOUND, `There is no task ${args.conflictOf} of yours.`, { field: 'conflictOf' })
  }
  if (original.status !== 'CONFLICT' || original.contested === null) {
    const message = `The task ${args.conflictOf} is ${original.status}: there is no conflict to settle.`
    return rejected(REJECTION_CODES.NOT_IN_CONFLICT, message, { field: 'conflictOf' })
  }
  const shown = { resolved: { type: TASK_TYPE, id: original.id } }
  if (args.decision === 'TAKE_THEIRS') {
    await close(transaction, original, 'CANCELLED', [])
    return confirmed(shown)
  }
  const choice = chosenPatch(original.contested, args)
  if (choice.kind === 'rejected') return choice
  const chosen = choice.patch
  const before = await transaction.find(original.contested.type, original.contested.id)
  const written = await write(transaction, original.contested, chosen)
  switch (written.kind) {
    case 'rejected':
      return written
    case 'conflict':
      // The record moved on since the person looked. What they see next is the newer state; what they wrote stays theirs.
      await unit.changeTask(original, { contested: { ...written.contested, patch: original.contested.patch } })
      await writeTaskRecord(unit, original, { conflict: { ...written.conflict, mine: { ...chosen } } }, transaction.now)
      return rejected(
        REJECTION_CODES.CONFLICT_CHANGED,
        'The record was changed again after this decision was made. Look at it once more.',
        { field: 'conflictOf', failedTask: original.id },
      )
    case 'written': {
      const decided: Reconciliation[] = Object.keys(chosen).map(field => ({
        field,
        from: before?.[field] ?? null,
        to: chosen[field] ?? null,
        rule: args.decision,
        message: `${field} was settled by the person who made the change.`,
      }))
      await close(transaction, original, 'CONFIRMED', decided)
      return confirmed(shown)
    }
  }
}

/** What the decision writes; a MERGE may choose values for the fields that the task wanted to change, and for no others. */
function chosenPatch(
  contested: Contested,
  { decision, values }: ResolveArguments,
): { kind: 'chosen'; patch: Readonly<Record<string, unknown>> } | Rejected {
  if (decision !== 'MERGE') return { kind: 'chosen', patch: contested.patch }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return rejected(
      REJECTION_CODES.INVALID_INPUT,
      'MERGE needs values: an object with a value for each field decided.',
      { field: 'values' },
    )
  }
  const foreign = Object.keys(values).filter(field => !(field in contested.patch))
  if (contested.operation === 'delete' || foreign.length > 0) {
    const message = `values may hold only what the task wanted to change (${Object.keys(contested.patch).join(', ') || 'nothing: it was a deletion'}).`
    return rejected(REJECTION_CODES.INVALID_INPUT, message, {
      field: foreign[0] === undefined ? 'values' : `values.${foreign[0]}`,
    })
  }
  return { kind: 'chosen', patch: { ...contested.patch, ...values } }
}

async function write(
  transaction: RecordTransaction,
  contested: Contested,
  patch: Readonly<Record<string, unknown>>,
): Promise<Written> {
  const { operation, type, id, theirsVersion } = contested
  if (operation === 'delete') return transaction.remove(type, id, theirsVersion)
  const deleted = (await transaction.find(type, id)) === undefined
  return deleted ? transaction.restore(type, id, patch) : transaction.update(type, id, theirsVersion, patch)
}

async function close(
  { unit, now }: RecordTransaction,
  original: StoredTask,
  status: 'CONFIRMED' | 'CANCELLED',
  reconciliation: readonly Reconciliation[],
): Promise<void> {
  await unit.changeTask(original, { status, contested: null })
  await writeTaskRecord(unit, original, { status, conflict: null, reconciliation }, now)
}
