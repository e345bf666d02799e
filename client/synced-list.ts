/**
 * Lists that follow sync. Per type the cache holds one index record with references to all records that sync brought, that
 * the gateway answered or that wait in the outbox; list fields are answered from it. It is written together with the
 * records, so a list is complete whenever the records are.
 */
import type { FieldFunctionOptions, FieldPolicy, InMemoryCache, Reference } from '@apollo/client'
import { type DocumentNode, parse } from 'graphql'
import type { AnyRecord } from './entry.ts'
import { isSynced, retainOnce, SYNC_RECORD_ID, type SyncRecord } from './sync-record.ts'
import { withServerIds } from './temporary-ids.ts'

export interface SyncedListOptions {
  /** Which records belong to the list; gets the field's arguments. Default: all. */
  where?: (record: AnyRecord, args: AnyRecord) => boolean
  /** Default: in the order in which they came, tentative ones last. */
  sort?: (a: AnyRecord, b: AnyRecord) => number
  /** The field gives `{ nodes, endCursor, hasMore }` instead of a plain list. */
  connection?: boolean
}

/** What the index record of one type holds, as one scalar field. */
export interface RecordIndex {
  readonly refs: readonly Reference[]
  /** Cache ids that were deleted, the newest `GONE_LIMIT`: asked for one by one they are null, not a reason to ask the network. */
  readonly gone: readonly string[]
  /** Cache ids that a reset has not brought again yet. */
  readonly stale?: readonly string[]
}

const GONE_LIMIT = 1000
const INDEX_TYPE = 'LayoverIndex'
const INDEX_QUERY: DocumentNode = parse('{ index }', { noLocation: true })
const EMPTY: RecordIndex = { refs: [], gone: [] }

export const indexId = (type: string): string => `${INDEX_TYPE}:${type}`

export function readIndex(cache: InMemoryCache, type: string): RecordIndex | undefined {
  let found: RecordIndex | undefined
  cache.modify<{ index: RecordIndex }>({
    id: indexId(type),
    broadcast: false,
    fields: {
      index: value => {
        found = value as RecordIndex
        return value
      },
    },
  })
  return found
}

export function writeIndex(cache: InMemoryCache, type: string, index: RecordIndex): void {
  cache.write({
    dataId: indexId(type),
    query: INDEX_QUERY,
    result: { __typename: INDEX_TYPE, index },
    broadcast: false,
  })
  retainOnce(cache, indexId(type))
}

/** Every type that has an index. */
export function indexedTypes(cache: InMemoryCache): string[] {
  return Object.keys(cache.extract())
    .filter(id => id.startsWith(`${INDEX_TYPE}:`))
    .map(id => id.slice(INDEX_TYPE.length + 1))
}

/** Gathers what joins and leaves the lists, so that each index is written once however many records change. */
export class IndexChanges {
  readonly #added = new Map<string, Set<string>>()
  readonly #mentioned = new Map<string, Set<string>>()
  readonly #removed = new Map<string, Set<string>>()

  /** `unlessGone`: an answer may come after the pull that brought the record's deletion. */
  add(type: string, id: string, { unlessGone = false } = {}): void {
    setOf(unlessGone ? this.#mentioned : this.#added, type).add(id)
    this.#removed.get(type)?.delete(id)
  }

  remove(type: string, id: string): void {
    setOf(this.#removed, type).add(id)
    this.#added.get(type)?.delete(id)
    this.#mentioned.get(type)?.delete(id)
  }

  /** Writes them into whatever the cache writes to at this moment, and starts afresh. */
  flush(cache: InMemoryCache): void {
    for (const type of new Set([...this.#added.keys(), ...this.#mentioned.keys(), ...this.#removed.keys()])) {
      const known = readIndex(cache, type)
      const before = known ?? EMPTY
      const added = new Set(this.#added.get(type))
      for (const id of this.#mentioned.get(type) ?? []) if (!before.gone.includes(id)) added.add(id)
      if (known === undefined && added.size === 0) continue
      const after = changed(before, added, this.#removed.get(type) ?? new Set())
      if (after !== before) writeIndex(cache, type, after)
    }
    this.#added.clear()
    this.#mentioned.clear()
    this.#removed.clear()
  }
}

function changed(before: RecordIndex, added: ReadonlySet<string>, removed: ReadonlySet<string>): RecordIndex {
  const missing = new Set(added)
  for (const ref of before.refs) missing.delete(ref.__ref)
  const gone = before.gone.filter(id => !added.has(id) && !removed.has(id))
  const stale = before.stale?.filter(id => !added.has(id) && !removed.has(id))
  const known = gone.length === before.gone.length && stale?.length === before.stale?.length
  if (missing.size === 0 && removed.size === 0 && known) return before
  return {
    refs: [
      ...(removed.size === 0 ? before.refs : before.refs.filter(ref => !removed.has(ref.__ref))),
      ...Array.from(missing, id => ({ __ref: id })),
    ],
    gone: [...gone, ...removed].slice(-GONE_LIMIT),
    ...(stale === undefined ? {} : { stale }),
  }
}

/**
 * A field policy that answers a list or connection field from all records of `type` on this device: those that sync
 * brought and the tentative ones, without those that were deleted.
 *
 * Once sync has run (or a tentative record exists) the field is always complete, empty or not, and a `cache-first` or
 * `cache-only` query never asks the network; before that it behaves as without a policy. The `changes` document has to
 * select every field that such a query selects. `first` and `after` (the id of the last record seen) page through the
 * device's records; they are not the gateway's cursors, so use them in variables and not with `fetchMore`.
 * A network answer for the field is stored but no longer read once there is an index.
 */
export function syncedList(type: string, options: SyncedListOptions = {}): FieldPolicy<AnyRecord> {
  return {
    read(existing, field) {
      const args = withServerIds(field.cache, field.args ?? {})
      const known = field.readField<RecordIndex>('index', { __ref: indexId(type) })
      const synced = isSynced(field.readField<SyncRecord>('state', { __ref: SYNC_RECORD_ID }), type)
      if (known === undefined && !synced) return existing
      const index = known ?? EMPTY
      const { page, hasMore } = pageOf(chosen(index, args, options, field), args)
      if (!options.connection) return page
      const last = page.at(-1)
      return {
        __typename: `${type}Connection`,
        nodes: page,
        endCursor: last && hasMore ? (field.readField<string>('id', last) ?? null) : null,
        hasMore,
      }

      function pageOf(
        refs: readonly Reference[],
        { first, after }: AnyRecord,
      ): { page: Reference[]; hasMore: boolean } {
        const start = typeof after === 'string' ? refs.findIndex(ref => field.readField('id', ref) === after) + 1 : 0
        const end = typeof first === 'number' ? start + Math.max(0, first) : refs.length
        return { page: refs.slice(start, end), hasMore: end < refs.length }
      }
    },
  }
}

/**
 * A field policy for a single record: `customer(id:)` finds it by its id, also by a temporary one that the server has
 * replaced, wherever it came from, and is null once it was deleted. On a field without an `id` argument (`Vacation.customer`) a reference to a deleted record reads as null.
 * Otherwise a deleted record would send a `cache-first` query to the network.
 */
export function syncedRecord(type: string): FieldPolicy<AnyRecord> {
  return {
    read(existing, { args, cache, toReference, canRead, isReference, readField }) {
      const id: unknown = withServerIds(cache, args?.['id'])
      const wanted = id === undefined || id === null ? existing : toReference({ __typename: type, id })
      if (!isReference(wanted)) return existing
      if (canRead(wanted)) return wanted
      const gone = readField<RecordIndex>('index', { __ref: indexId(type) })?.gone.includes(wanted.__ref)
      return gone ? null : existing
    },
  }
}

function chosen(
  index: RecordIndex,
  args: AnyRecord,
  { where, sort }: SyncedListOptions,
  field: FieldFunctionOptions,
): readonly Reference[] {
  // Apollo leaves out what cannot be read; asking twice would double the cost of a long list.
  if (!where && !sort) return index.refs
  const records = index.refs.filter(ref => field.canRead(ref)).map(ref => ({ ref, record: recordOf(ref, field) }))
  const wanted = where ? records.filter(({ record }) => where(record, args)) : records
  if (sort) wanted.sort((a, b) => sort(a.record, b.record))
  return wanted.map(({ ref }) => ref)
}

/** The record as a plain object whose fields are read when they are asked for, so that the list depends on those only. */
function recordOf(ref: Reference, field: FieldFunctionOptions): AnyRecord {
  const read = new Map<string, unknown>()
  return new Proxy(
    {},
    {
      get(_target, name) {
        if (typeof name !== 'string') return undefined
        if (!read.has(name)) {
          const value = field.readField(name, ref)
          read.set(name, field.isReference(value) ? recordOf(value, field) : value)
        }
        return read.get(name)
      },
      has: (_target, name) => typeof name === 'string' && field.readField(name, ref) !== undefined,
    },
  )
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const known = map.get(key)
  if (known) return known
  const made = new Set<string>()
  map.set(key, made)
  return made
}
