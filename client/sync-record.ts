/**
 * Where sync stands. It lives in the cache beside the records, so both are stored as one: a cursor is never ahead of its data.
 */
import type { InMemoryCache } from '@apollo/client'
import { type DocumentNode, parse } from 'graphql'
import type { ScopeGroup } from './scope-groups.ts'

export interface SyncRecord {
  readonly groups: readonly ScopeGroup[]
  /** Milliseconds since the epoch of the last pull that reached the end; null before the first. */
  readonly syncedAt: number | null
  /** Types that were pulled to the end at least once; 'all' without scopes, null before. */
  readonly types: readonly string[] | 'all' | null
  /** Records are there that no group stands for any more, until the next pull is through. */
  readonly unswept?: boolean
  /** Types that were purged since the last pull. */
  readonly purged?: readonly string[]
}

const TYPE = 'LayoverSync'
export const SYNC_RECORD_ID = 'LayoverSync:state'
const QUERY: DocumentNode = parse('{ state }', { noLocation: true })

export function readSyncRecord(cache: InMemoryCache): SyncRecord | null {
  let found: SyncRecord | null = null
  cache.modify<{ state: SyncRecord }>({
    id: SYNC_RECORD_ID,
    broadcast: false,
    fields: {
      state: value => {
        found = value as SyncRecord
        return value
      },
    },
  })
  return found
}

export function writeSyncRecord(cache: InMemoryCache, state: SyncRecord): void {
  cache.write({
    dataId: SYNC_RECORD_ID,
    query: QUERY,
    result: { __typename: TYPE, state },
    broadcast: false,
  })
  retainOnce(cache, SYNC_RECORD_ID)
}

/** Whether every record of the type that the caller may see has come. */
export function isSynced(state: SyncRecord | undefined, type: string): boolean {
  if (!state?.types || state.purged?.includes(type)) return false
  return state.types === 'all' || state.types.includes(type)
}

export function forget(cache: InMemoryCache, id: string): void {
  cache.evict({ id, broadcast: false })
  while (cache.release(id) > 0);
}

/** Apollo counts a retain per write by id; one is kept, so that garbage collection leaves the record and what it refers to. */
export function retainOnce(cache: InMemoryCache, id: string): void {
  while (cache.release(id) > 0);
  cache.retain(id)
}

/** Where each scope stands, as JSON: two caches that agree in this hold the same. */
export const groupsIn = (cache: InMemoryCache): string => JSON.stringify(readSyncRecord(cache)?.groups ?? null)
