/**
 * The data conflict model: a three-way merge by field. Base is what the person saw (kept on the server by id and version),
 * mine is the patch, theirs is the record now. Source: reconciliation on the server in Microsoft's guide to occasionally
 * connected smart clients; fields instead of whole records, so that two people may edit one customer's phone and notes.
 */
import { isDeepStrictEqual } from 'node:util'
import type { EntityRecord, RecordVersion } from './store/store.ts'
import type { Reconciliation } from './tasks/outcome.ts'

export type Fields = Readonly<Record<string, unknown>>

export interface Writer {
  readonly user: string
  /** The installation; null for calls that did not wait in an outbox. */
  readonly client: string | null
}

export type Merge =
  | { readonly kind: 'merged'; readonly fields: Fields; readonly reconciliation: readonly Reconciliation[] }
  | { readonly kind: 'conflict'; readonly fields: readonly string[]; readonly base: Fields | null }

const META = new Set(['__typename', 'id', 'version', 'updatedAt', 'updatedBy'])

/** Absent and null are the same state of a field; false, 0 and "" are values like any other. */
const same = (left: unknown, right: unknown): boolean => isDeepStrictEqual(left ?? null, right ?? null)

/** `history` runs from the base (if it is still kept) to the current state. */
export function merge(
  current: EntityRecord,
  baseVersion: number,
  history: readonly RecordVersion[],
  patch: Fields,
  writer: Writer,
): Merge {
  if (baseVersion === current.version) return { kind: 'merged', fields: patch, reconciliation: [] }
  const base = history[0]?.entity.version === baseVersion ? history[0].entity : null
  const foreign = foreignChanges(current, base, history, writer)
  const clashes = Object.keys(patch).filter(field => {
    if (same(patch[field], current[field])) return false
    return foreign === null || (foreign.has(field) && !same(patch[field], base?.[field]))
  })
  if (clashes.length > 0) {
    return { kind: 'conflict', fields: clashes, base: base && pick(base, Object.keys(patch)) }
  }
  // A field that the patch sets to what it was is no edit: somebody else's change of it stays.
  const fields = Object.fromEntries(
    Object.entries(patch).filter(([field]) => !foreign?.has(field) || same(patch[field], current[field])),
  )
  const reconciliation = [...(foreign ?? [])].map(field => ({
    field,
    from: base?.[field] ?? null,
    to: current[field] ?? null,
    rule: 'MERGE',
    message: `${field} was changed on the server meanwhile and stays as it is there; it does not touch what you changed.`,
  }))
  return { kind: 'merged', fields, reconciliation }
}

/**
 * Fields whose last change since the base was not this installation's own: a person who edits the same field twice offline
 * is not in conflict with himself. null: the base is no longer kept, so nothing can be said.
 */
export function foreignChanges(
  current: EntityRecord,
  base: EntityRecord | null,
  history: readonly RecordVersion[],
  writer: Writer,
): Set<string> | null {
  if (base === null) return null
  const changed = new Set<string>()
  let before: EntityRecord = base
  for (const { entity, writtenBy } of history.slice(1)) {
    const own = writer.client !== null && writtenBy?.client === writer.client && writtenBy.user === writer.user
    for (const field of domainFields(before, entity)) {
      if (same(before[field], entity[field])) continue
      if (own) changed.delete(field)
      else changed.add(field)
    }
    before = entity
  }
  for (const field of changed) if (same(current[field], base[field])) changed.delete(field)
  return changed
}

export const domainFields = (...records: readonly Fields[]): string[] =>
  [...new Set(records.flatMap(record => Object.keys(record)))].filter(field => !META.has(field))

export const pick = (record: Fields, fields: readonly string[]): Fields =>
  Object.fromEntries(fields.map(field => [field, record[field] ?? null]))
