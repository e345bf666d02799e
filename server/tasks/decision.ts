/** What a decision about a conflict does, whoever makes it: the person who made the change, or a supervisor in review. */
import { type Decision, REJECTION_CODES } from '../../protocol/index.ts'
import type { ConflictPolicy, Fields } from '../conflicts.ts'
import type { Contested, EntityRecord, StoredTask } from '../store/store.ts'
import type { Written } from './define-task.ts'
import { confirmed, type Outcome, type Reconciliation, type Rejected, rejected } from './outcome.ts'
import { TASK_TYPE, writeTaskRecord } from './task.ts'
import type { RecordTransaction } from './transaction.ts'

export interface DecisionArguments {
  readonly conflictOf: string
  readonly decision: Decision
  readonly values?: unknown
  /** What was looked at; left out: whatever the conflict shows when the decision arrives. */
  readonly theirsVersion?: number | null
}

export type Undecided = StoredTask & { readonly contested: Contested }

/** `who` completes "… was settled by". */
export async function decide(
  { decision, values, theirsVersion }: DecisionArguments,
  transaction: RecordTransaction,
  original: Undecided,
  who: string,
): Promise<Outcome> {
  const { contested } = original
  const shown = resolved(original)
  // Reported to the originator, and so with his rights: a supervisor may see more.
  const before = await transaction.find(contested.type, contested.id, original.viewer)
  if (decision === 'TAKE_THEIRS') {
    await close(transaction, original, 'CANCELLED', takenFromThem(contested, before, who))
    return confirmed(shown)
  }
  // A decision that waited in an outbox may be about an older state than the one that another decision met meanwhile.
  if (theirsVersion != null && theirsVersion !== contested.theirsVersion) return changedSince(original)
  const choice = chosenPatch(contested, decision, values)
  if (choice.kind === 'rejected') return choice
  const written = await write(transaction, contested, choice.patch)
  switch (written.kind) {
    case 'rejected':
      return written
    case 'conflict':
      await showNewer(transaction, original, written.conflict)
      return changedSince(original)
    case 'written':
      await close(transaction, original, 'CONFIRMED', kept(contested, choice.patch, before, { rule: decision, who }))
      return confirmed(shown)
  }
}

const changedSince = ({ id }: StoredTask): Rejected =>
  rejected(
    REJECTION_CODES.CONFLICT_CHANGED,
    'The record was changed again after this decision was made. Look at it once more.',
    { field: 'conflictOf', failedTask: id },
  )

/** The payload of a decision: the task that it is about. */
export const resolved = ({ id, user }: StoredTask): Parameters<typeof confirmed>[0] => ({
  resolved: { type: TASK_TYPE, id, user },
})

/** What the decision writes; a MERGE may choose values for the fields that the task wanted to change, and for no others. */
function chosenPatch(
  contested: Contested,
  decision: Decision,
  values: unknown,
): { kind: 'chosen'; patch: Fields } | Rejected {
  if (decision !== 'MERGE') return { kind: 'chosen', patch: contested.patch }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return rejected(
      REJECTION_CODES.INVALID_INPUT,
      'MERGE needs values: an object with a value for each field decided.',
      { field: 'values' },
    )
  }
  const foreign = Object.keys(values).filter(field => !Object.hasOwn(contested.patch, field))
  if (contested.operation === 'delete' || foreign.length > 0) {
    const message = `values may hold only what the task wanted to change (${Object.keys(contested.patch).join(', ') || 'nothing: it was a deletion'}).`
    return rejected(REJECTION_CODES.INVALID_INPUT, message, {
      field: foreign[0] === undefined ? 'values' : `values.${foreign[0]}`,
    })
  }
  return { kind: 'chosen', patch: { ...contested.patch, ...values } }
}

/** A person's decision is never overruled by the collection's policy: what he did not see is a conflict once more. */
function write(transaction: RecordTransaction, contested: Contested, patch: Fields): Promise<Written> {
  const { operation, type, id, theirsVersion } = contested
  const policy: ConflictPolicy = transaction.policyOf(type) === 'ask' ? 'ask' : 'merge'
  return operation === 'delete'
    ? transaction.remove(type, id, theirsVersion, policy)
    : transaction.restore(type, id, theirsVersion, patch, policy)
}

/** The record moved on since somebody looked. What is shown next is the newer state; what the task wanted stays as it was. */
async function showNewer(
  { unit, now, viewer }: RecordTransaction,
  original: Undecided,
  newer: Extract<Written, { kind: 'conflict' }>['conflict'],
): Promise<void> {
  const { operation, patch } = original.contested
  const mine = operation === 'delete' ? { deleted: true } : patch
  await unit.changeTask(original, { contested: { ...original.contested, theirsVersion: newer.theirsVersion } })
  await writeTaskRecord(unit, original, { conflict: { ...newer, mine } }, now, viewer.user)
}

async function close(
  { unit, now, viewer }: RecordTransaction,
  original: StoredTask,
  status: 'CONFIRMED' | 'CANCELLED',
  reconciliation: readonly Reconciliation[],
): Promise<void> {
  // What was decided is kept as long as any outcome, however old the conflict was.
  await unit.changeTask(original, { status, contested: null, finishedAt: Date.parse(now) })
  await writeTaskRecord(unit, original, { status, conflict: null, reconciliation }, now, viewer.user)
}

function kept(
  { type, operation }: Contested,
  patch: Fields,
  before: EntityRecord | undefined,
  { rule, who }: { rule: Decision; who: string },
): Reconciliation[] {
  if (operation === 'delete') return [deletion(true, { type, rule, who })]
  return Object.keys(patch).map(field => ({
    field,
    from: before?.[field] ?? null,
    // What a supervisor chose for a record that is no longer the originator's is not for him to see either.
    to: before === undefined && rule === 'MERGE' ? null : (patch[field] ?? null),
    rule,
    message: `${field} was settled by ${who}.`,
    type,
  }))
}

function takenFromThem(
  { type, operation, patch }: Contested,
  theirs: EntityRecord | undefined,
  who: string,
): Reconciliation[] {
  const rule = 'TAKE_THEIRS'
  if (operation === 'delete') return [deletion(false, { type, rule, who })]
  return Object.keys(patch).map(field => ({
    field,
    from: patch[field] ?? null,
    to: theirs?.[field] ?? null,
    rule,
    message: `${field} was left as it is on the server by ${who}.`,
    type,
  }))
}

const deletion = (
  isDone: boolean,
  { type, rule, who }: { type: string; rule: string; who: string },
): Reconciliation => ({
  field: 'deleted',
  from: !isDone,
  to: isDone,
  rule,
  message: `Whether the record is deleted was settled by ${who}.`,
  type,
})
