/** Fields that follow sync: lists and single records answered from what is on this device. */
import type { FieldFunctionOptions, FieldPolicy, Reference } from '@apollo/client'
import type { AnyRecord } from './entry.ts'
import { headId, type IndexHead, type IndexPage, pageId } from './record-index.ts'
import type { SyncedListOptions } from './sorted-list.ts'
import { isSynced, SYNC_RECORD_ID, type SyncRecord } from './sync-record.ts'
import { withServerIds } from './temporary-id.ts'
import { type CacheStore, memoryIn, TICK } from './type-memory.ts'

/**
 * A field policy that answers a list or connection field from all records of `type` on this device: those that sync
 * brought and the tentative ones, without those that were deleted.
 *
 * Once sync has run (or a tentative record exists) the field is always complete, empty or not, and a `cache-first` or
 * `cache-only` query never asks the network; before that it behaves as without a policy. The `changes` document has to
 * select every field that such a query selects. `first` and `after` (the id of the last record seen) page through the
 * device's records; they are not the gateway's cursors, so use them in variables and not with `fetchMore`.
 * A network answer for the field is stored but no longer read once there is an index.
 *
 * `where` and `sort` are pure functions of stored fields, of the record and of records that it refers to, and `where` of
 * the arguments other than `first` and `after`: a record is judged again when such a field changes, and at no other time.
 */
export function syncedList(type: string, options: SyncedListOptions = {}): FieldPolicy<AnyRecord> {
  return {
    read(existing, field) {
      const { readField } = field
      const head = readField<IndexHead>('index', { __ref: headId(type) })
      const synced = isSynced(readField<SyncRecord>('state', { __ref: SYNC_RECORD_ID }), type)
      if (head === undefined && !synced) return existing
      readField(TICK, { __ref: headId(type) })
      const memory = memoryIn(storeOf(field), type)
      memory.follow(head?.pages ?? 0, page => readField<IndexPage>('index', { __ref: pageId(type, page) })?.refs)
      memory.readThrough(field)
      const args = withServerIds(field.cache, field.args ?? {})
      const { first, after, ...others } = args
      const list = memory.list(options, options.where ? JSON.stringify(others) : '')
      const refs = list.refs(field, args)
      const start = typeof after === 'string' ? placeOf(after) + 1 : 0
      const count = typeof first === 'number' ? Math.max(0, first) : refs.length
      const page: Reference[] = []
      let next = start
      // One beyond the page, to know whether there is more.
      for (let ref = refs[next]; ref; ref = refs[++next]) {
        if (!field.canRead(ref)) continue
        if (page.length === count) break
        page.push(ref)
      }
      if (!options.connection) return page
      const last = page.at(-1)
      const hasMore = next < refs.length
      return {
        __typename: `${type}Connection`,
        nodes: page,
        endCursor: last && hasMore ? (readField<string>('id', last) ?? null) : null,
        hasMore,
      }

      function placeOf(id: string): number {
        const place = list.indexOf(field.toReference({ __typename: type, id })?.__ref)
        return place >= 0 ? place : refs.findIndex(ref => readField('id', ref) === id)
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
      const wanted: Reference | undefined =
        id === undefined || id === null ? existing : toReference({ __typename: type, id })
      if (!isReference(wanted)) return existing
      if (canRead(wanted)) return wanted
      const gone = readField<IndexHead>('index', { __ref: headId(type) })?.gone.includes(wanted.__ref)
      return gone ? null : existing
    },
  }
}

/** The one of the cache's stores, base or layer, that the field is being read from. */
function storeOf({ cache, canRead }: FieldFunctionOptions): CacheStore | undefined {
  let store: CacheStore | undefined = cache['optimisticData']
  while (store && store.canRead !== canRead) store = store.parent
  return store
}
