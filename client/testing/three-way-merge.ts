/** The gateway's conflict model (policy `merge`): base is what the person saw, mine the patch, theirs the record now. */
import type { MemoryRecord, RecordVersion } from './memory-records.ts'
import type { TaskReconciliation } from './task-outcome.ts'

type Fields = Readonly<Record<string, unknown>>

export interface Writer {
  readonly user: string
  /** The installation; null for what did not wait in an outbox. */
  readonly client: string | null
}

export interface Contest {
  readonly current: MemoryRecord
  /** From the base, if it is kept, to the current state. */
  readonly history: readonly RecordVersion[]
  readonly baseVersion: number
  readonly writer: Writer
  /** A person chose every value, also those that are as they were. */
  readonly isDecision: boolean
}

export type Merge =
  | { readonly kind: 'merged'; readonly fields: Fields; readonly reconciliation: readonly TaskReconciliation[] }
  | { readonly kind: 'clash'; readonly fields: readonly string[] }

const PROTOCOL_FIELDS: ReadonlySet<string> = new Set(['__typename', 'id', 'version', 'updatedAt', 'updatedBy'])

export const isProtocolField = (field: string): boolean => PROTOCOL_FIELDS.has(field)

export const domainFields = (...records: readonly Fields[]): string[] =>
  [...new Set(records.flatMap(Object.keys))].filter(field => !isProtocolField(field))

export const pick = (record: Fields, fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(fields.map(field => [field, record[field] ?? null]))

/** As JSON with sorted keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)))
      : each,
  )
}

/** Absent and null are the same; false, 0 and "" are values like any other. */
const same = (left: unknown, right: unknown): boolean => canonical(left ?? null) === canonical(right ?? null)

export function merge(contest: Contest, patch: Fields): Merge {
  const { current, baseVersion, isDecision } = contest
  if (baseVersion === current.version) return { kind: 'merged', fields: patch, reconciliation: [] }
  const base = baseOf(contest)
  const foreign = foreignChanges(contest)
  const agreed = (field: string): boolean => field in patch && same(patch[field], current[field])
  const clashes = Object.keys(patch).filter(
    field => !agreed(field) && (!foreign || (foreign.has(field) && (isDecision || !same(patch[field], base?.[field])))),
  )
  if (clashes.length > 0) return { kind: 'clash', fields: clashes }
  const isWritten = (field: string): boolean => !foreign?.has(field) || agreed(field)
  return {
    kind: 'merged',
    fields: Object.fromEntries(Object.entries(patch).filter(([field]) => isWritten(field))),
    reconciliation: [...(foreign ?? [])]
      .filter(field => !agreed(field))
      .map(field => ({
        field,
        from: base?.[field] ?? null,
        to: current[field] ?? null,
        rule: 'MERGE',
        message: `${field} was changed on the server meanwhile and stays as it is there.`,
      })),
  }
}

/** Fields that stand in the way of a deletion. */
export function deletionClashes(contest: Contest): readonly string[] {
  if (contest.baseVersion === contest.current.version) return []
  return [...(foreignChanges(contest) ?? domainFields(contest.current))]
}

/** It may be a tombstone: then it has no fields. */
export function baseOf({ history, baseVersion }: Contest): MemoryRecord | undefined {
  const [first] = history
  return first?.record.version === baseVersion ? first.record : undefined
}

/** Fields whose last change since the base was not this installation's own; undefined when the base is not kept. */
function foreignChanges(contest: Contest): Set<string> | undefined {
  const { current, history, writer } = contest
  const base = baseOf(contest)
  if (!base) return undefined
  const changed = new Set<string>()
  let before = base
  for (const { record, deleted, writtenBy } of history.slice(1)) {
    if (deleted) continue
    const own = writer.client !== null && writtenBy.client === writer.client && writtenBy.user === writer.user
    for (const field of domainFields(before, record)) {
      if (same(before[field], record[field])) continue
      if (own) changed.delete(field)
      else changed.add(field)
    }
    before = record
  }
  for (const field of changed) if (same(current[field], base[field])) changed.delete(field)
  return changed
}
