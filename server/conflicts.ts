/**
 * The data conflict model: a three-way merge by field. Base is what the person saw (kept on the server by id and version),
 * mine is the patch, theirs is the record now. Source: reconciliation on the server in Microsoft's guide to occasionally
 * connected smart clients; fields instead of whole records, so that two people may edit one customer's phone and notes.
 *
 * What happens to a field that both changed to different values, and to an edit beside a deletion, is the collection's policy:
 *
 *   merge    a person decides: the whole task is a CONFLICT and nothing of it is written
 *   server   theirs stays, the rest of the edit is applied
 *   client   mine overwrites
 *   ask      a person decides as soon as anybody else changed anything since the base
 *   none     only the gateway writes here; no versions are kept
 */
import { isDeepStrictEqual } from 'node:util'
import { LOCK_FIELDS } from './locks.ts'
import type { EntityRecord, RecordVersion } from './store/store.ts'
import type { Reconciliation } from './tasks/outcome.ts'

export type Fields = Readonly<Record<string, unknown>>

export type ConflictPolicy = 'merge' | 'server' | 'client' | 'ask' | 'none'

export interface Writer {
  readonly user: string
  /** The installation; null for calls that did not wait in an outbox. */
  readonly client: string | null
}

/** Two sides that changed one record since `baseVersion`. */
export interface Contest {
  readonly current: EntityRecord
  readonly baseVersion: number
  /** From the base (if it is still kept) to the current state; may be empty when the base is current. */
  readonly history: readonly RecordVersion[]
  readonly writer: Writer
  readonly policy: ConflictPolicy
  /** A person chose every value of the patch, those that are already as he saw them too. Default false. */
  readonly isDecision?: boolean
}

interface Clash {
  readonly kind: 'conflict'
  readonly fields: readonly string[]
  readonly base: EntityRecord | null
}

export type Merge =
  | { readonly kind: 'merged'; readonly fields: Fields; readonly reconciliation: readonly Reconciliation[] }
  | Clash

/** `deletes: false`: the record stays, by policy. */
export type DeletionMerge =
  | { readonly kind: 'merged'; readonly deletes: boolean; readonly reconciliation: readonly Reconciliation[] }
  | Clash

const META: ReadonlySet<string> = new Set(['__typename', 'id', 'version', 'updatedAt', 'updatedBy', ...LOCK_FIELDS])

/** Of every record, set by the gateway alone. */
export const isProtocolField = (field: string): boolean => META.has(field)

/** Absent and null are the same state of a field; false, 0 and "" are values like any other. Lists and objects compare by value. */
const same = (left: unknown, right: unknown): boolean => isDeepStrictEqual(left ?? null, right ?? null)

export function merge(contest: Contest, patch: Fields): Merge {
  const { current, baseVersion, policy, isDecision = false } = contest
  if (baseVersion === current.version) return { kind: 'merged', fields: patch, reconciliation: [] }
  const base = baseOf(contest)
  const foreign = foreignChanges(contest)
  const agreed = (field: string): boolean => field in patch && same(patch[field], current[field])
  if (policy === 'ask') {
    const changed = foreign === null ? Object.keys(patch) : [...foreign]
    if (changed.length > 0) return { kind: 'conflict', fields: changed, base }
    return { kind: 'merged', fields: patch, reconciliation: [] }
  }
  const clashes = new Set(
    Object.keys(patch).filter(field => {
      if (agreed(field)) return false
      // A field that the patch sets to what it was is no edit: somebody else's change of it stays.
      return foreign === null || (foreign.has(field) && (isDecision || !same(patch[field], base?.[field])))
    }),
  )
  if (clashes.size > 0 && policy !== 'server' && policy !== 'client') {
    return { kind: 'conflict', fields: [...clashes], base }
  }
  const isWritten = (field: string): boolean =>
    clashes.has(field) ? policy === 'client' : !foreign?.has(field) || agreed(field)
  const decided = [...clashes].map(field =>
    policy === 'client'
      ? clientWins(field, current[field] ?? null, patch[field] ?? null)
      : serverWins(field, patch[field] ?? null, current[field] ?? null),
  )
  const brought = [...(foreign ?? [])].filter(field => !clashes.has(field) && !agreed(field))
  return {
    kind: 'merged',
    fields: Object.fromEntries(Object.entries(patch).filter(([field]) => isWritten(field))),
    reconciliation: [...decided, ...brought.map(field => merged(field, base?.[field] ?? null, current[field] ?? null))],
  }
}

/** Mine is a deletion; theirs is alive. */
export function mergeDeletion(contest: Contest): DeletionMerge {
  const { current, baseVersion, policy } = contest
  if (baseVersion === current.version) return { kind: 'merged', deletes: true, reconciliation: [] }
  const foreign = [...(foreignChanges(contest) ?? domainFields(current))]
  if (foreign.length === 0) return { kind: 'merged', deletes: true, reconciliation: [] }
  if (policy === 'server')
    return { kind: 'merged', deletes: false, reconciliation: [serverWins('deleted', true, false)] }
  if (policy !== 'client') return { kind: 'conflict', fields: foreign, base: baseOf(contest) }
  const lost = foreign.map(field => clientWins(field, current[field] ?? null, null))
  return { kind: 'merged', deletes: true, reconciliation: lost }
}

/**
 * Mine is an edit; theirs is deleted. `current` is the tombstone. A merge with `client` brings the record back from its last
 * state; with `server` it has no fields to write.
 */
export function mergeIntoDeleted(contest: Contest, patch: Fields): Merge {
  const { history, policy, current, baseVersion } = contest
  const conflict: Clash = { kind: 'conflict', fields: Object.keys(patch), base: baseOf(contest) }
  if (policy === 'server') {
    const lost = Object.entries(patch).map(([field, value]) => serverWins(field, value, null))
    return { kind: 'merged', fields: {}, reconciliation: lost }
  }
  const last = history.findLast(({ entity }) => entity.version < current.version && !isTombstone(entity))?.entity
  if (policy !== 'client' || last === undefined) return conflict
  const until = history.filter(({ entity }) => entity.version <= last.version)
  const revived = merge({ ...contest, current: last, baseVersion, history: until }, patch)
  if (revived.kind === 'conflict') return conflict
  return {
    kind: 'merged',
    fields: { ...pick(last, domainFields(last)), ...revived.fields },
    reconciliation: [clientWins('deleted', true, false), ...revived.reconciliation],
  }
}

/**
 * Fields whose last change since the base was not this installation's own: a person who edits the same field twice offline
 * is not in conflict with himself. null: the base is no longer kept, so nothing can be said.
 */
function foreignChanges(contest: Contest): Set<string> | null {
  const { current, history, writer } = contest
  const base = baseOf(contest)
  if (base === null) return null
  const changed = new Set<string>()
  let before: EntityRecord = base
  for (const { entity, writtenBy } of history.slice(1)) {
    // A record that was brought back goes on from its last state, and whoever brought it back changed no other field.
    if (isTombstone(entity)) continue
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

function baseOf({ history, baseVersion }: Contest): EntityRecord | null {
  const first = history[0]?.entity
  return first?.version === baseVersion ? first : null
}

export const isTombstone = (entity: Fields): boolean => domainFields(entity).length === 0

export const domainFields = (...records: readonly Fields[]): string[] =>
  [...new Set(records.flatMap(record => Object.keys(record)))].filter(field => !META.has(field))

export const pick = (record: Fields, fields: readonly string[]): Fields =>
  Object.fromEntries(fields.map(field => [field, record[field] ?? null]))

/**
 * As it will be read back: without what JSON has no word for (undefined, prototypes, -0), so that values compare equal before
 * and after they were stored. graphql-js makes input objects without a prototype when they are written in the document.
 */
export const asStored = (fields: Fields): Fields => JSON.parse(JSON.stringify(fields)) as Fields

const merged = (field: string, from: unknown, to: unknown): Reconciliation => ({
  field,
  from,
  to,
  rule: 'MERGE',
  message: `${field} was changed on the server meanwhile and stays as it is there; it does not touch what you changed.`,
})

const serverWins = (field: string, from: unknown, to: unknown): Reconciliation => ({
  field,
  from,
  to,
  rule: 'SERVER_WINS',
  message:
    field === 'deleted'
      ? 'The record was changed on the server meanwhile and was not deleted.'
      : `${field} was changed on the server meanwhile and stays as it is there; your value was not written.`,
})

const clientWins = (field: string, from: unknown, to: unknown): Reconciliation => ({
  field,
  from,
  to,
  rule: 'CLIENT_WINS',
  message:
    field === 'deleted'
      ? 'The record was deleted on the server meanwhile and was brought back with your change.'
      : `${field} was changed on the server meanwhile; your value took its place.`,
})
