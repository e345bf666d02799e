/**
 * Queues again, at the end, what the gateway refused; behind it comes what waits for it or was refused because of it. What the
 * gateway has given a verdict on gets a new id, for it remembers the old one's.
 */
import { REJECTION_CODES } from '../protocol/errors.ts'
import type { StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import type { OutboxQueue } from './outbox.ts'
import type { TaskDefinition } from './task.ts'
import { migrated } from './tentative-changes.ts'

type Fields = Record<string, unknown>

/**
 * @param known the entry's registration; throws for an entry without one
 * @param variables of the entry from now on
 * @returns its new id
 */
export async function renew(
  queue: OutboxQueue,
  known: (entry: StoredEntry) => TaskDefinition,
  entry: StoredEntry,
  variables: Fields,
  newId: () => string,
): Promise<string> {
  /** By the old id, the id under which it stands at the end of the queue. */
  const moved = new Map<string, string>()
  const place = await queue.places(() => queue.dependents(entry.id).length + 1)
  if (queue.get(entry.id)?.status !== entry.status) {
    throw new LayoverError('NOT_POSSIBLE', `${entry.name} ${entry.id} was dealt with meanwhile.`)
  }
  const dependents = queue.dependents(entry.id)
  await queue.change(change => {
    again(entry, variables)
    for (const each of dependents) {
      if (!each.after.some(id => moved.has(id))) continue
      const placed = { ...each, after: renamed(each.after), ...(each.named ? { named: renamed(each.named) } : {}) }
      if (isFailedBy(each, moved)) again(placed, migrated(each, known(each)), placed.after)
      else if (isUnsent(each)) {
        moved.set(each.id, each.id)
        change.enqueue({ ...placed, sequence: place() })
      }
    }

    function renamed(ids: readonly string[]): readonly string[] {
      return ids.map(id => moved.get(id) ?? id)
    }

    function again(old: StoredEntry, wanted: Fields, after?: readonly string[]): void {
      const { text, migrations } = known(old)
      const {
        outcome: _outcome,
        nextAttemptAt: _next,
        inDoubt: _inDoubt,
        faults: _faults,
        squashed: _squashed,
        ...kept
      } = old
      const renewed: StoredEntry = {
        ...kept,
        id: newId(),
        sequence: place(),
        status: 'queued',
        attempts: 0,
        variables: wanted,
        after: after ?? queue.afterOf(wanted, old),
        document: text,
        version: Math.max(old.version, migrations.length),
      }
      moved.set(old.id, renewed.id)
      change.leave(old.id, { status: 'discarded' }, old.outcome)
      change.enqueue(renewed)
    }
  })
  return moved.get(entry.id)!
}

/** The variables with a gateway's suggestion taken. Throws NOT_POSSIBLE for one that says nothing of what to change. */
export function suggested({ name, suggestion }: TaskDefinition, variables: Fields, patch: unknown): Fields {
  if (suggestion) return suggestion(variables, patch)
  if (!isFields(patch)) {
    throw new LayoverError(
      'NOT_POSSIBLE',
      `The suggestion's patch is no object: register ${name} with \`suggestion: (variables, patch) => …\`.`,
    )
  }
  const field = ['input', 'patch'].find(each => isFields(variables[each]))
  return field === undefined
    ? { ...variables, ...patch }
    : { ...variables, [field]: { ...(variables[field] as Fields), ...patch } }
}

/** Refused for no other reason than one of those. */
function isFailedBy({ outcome }: StoredEntry, moved: ReadonlyMap<string, string>): boolean {
  return (
    outcome?.status === 'rejected' &&
    outcome.code === REJECTION_CODES.DEPENDENCY_FAILED &&
    (outcome.failedTask === undefined || moved.has(outcome.failedTask))
  )
}

const isUnsent = ({ status, inDoubt }: StoredEntry): boolean =>
  !inDoubt && (status === 'queued' || status === 'blocked' || status === 'parked')

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
