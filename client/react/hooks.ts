/**
 * What an offline application shows. A component is rendered again only when what its hook gives has changed. On a server, and
 * while a page is hydrated, the hooks give what is true of a device that holds nothing.
 */
import type { Reference } from '@apollo/client'
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import type { Connection } from '../connectivity.ts'
import type { ConflictEntry, OutboxEntry } from '../entry.ts'
import type { Freshness } from '../freshness.ts'
import type { ConflictsDoor } from '../offline-client.ts'
import type { TouchedRecord } from '../touched-records.ts'
import { EMPTY_OUTBOX, type OutboxState, type TaskState, UNKNOWN_TASK } from './outbox-store.ts'
import { useOfflineClient } from './provider.tsx'
import { NO_ENTRIES, SYNCED, type SyncStatus } from './record-statuses.ts'
import { type Stores, storesOf } from './stores.ts'

const useStores = (): Stores => storesOf(useOfflineClient())

/** What waits. With `select` only what it gives counts (compared with Object.is): `useOutbox(outbox => outbox.waiting)`. */
export function useOutbox(): OutboxState
export function useOutbox<T>(select: (outbox: OutboxState) => T): T
export function useOutbox<T>(select?: (outbox: OutboxState) => T): OutboxState | T {
  const { outbox } = useStores()
  const snapshot = useMemo(() => selected(outbox.state, select), [outbox, select])
  return useSyncExternalStore(outbox.subscribe, snapshot, () => (select ? select(EMPTY_OUTBOX) : EMPTY_OUTBOX))
}

/** Asked twice about the same state, React wants the same answer twice, also when `select` makes a new object each time. */
function selected<T>(read: () => OutboxState, select?: (outbox: OutboxState) => T): () => OutboxState | T {
  if (!select) return read
  let last: { of: OutboxState; value: T } | undefined
  return () => {
    const state = read()
    if (last?.of !== state) last = { of: state, value: select(state) }
    return last.value
  }
}

/** One entry of the outbox by its id, as in `extensions.layover.id`, and its outcome also after it left. */
export function useTask(id: string | null | undefined): TaskState {
  const { outbox } = useStores()
  return useSyncExternalStore(
    outbox.subscribe,
    () => (id ? outbox.task(id) : UNKNOWN_TASK),
    () => UNKNOWN_TASK,
  )
}

/** A record as a query gave it, or a reference to one; undefined while there is none. Without `__typename` the id alone counts. */
export type RecordName =
  | { readonly __typename?: string | undefined; readonly id: string }
  | Reference
  | null
  | undefined

/** Whether the record is as the gateway has it, or what keeps it from that. Of no record: 'synced'. */
export function useSyncStatus(record: RecordName): SyncStatus {
  return useRecordSnapshot(record, (records, name) => (name ? records.of(name).status : SYNCED), SYNCED)
}

/** The entries that make or change the record, in queue order. */
export function useEntriesAbout(record: RecordName): readonly OutboxEntry[] {
  return useRecordSnapshot(record, (records, name) => (name ? records.of(name).entries : NO_ENTRIES), NO_ENTRIES)
}

function useRecordSnapshot<T>(
  record: RecordName,
  read: (records: Stores['records'], name: TouchedRecord | undefined) => T,
  onServer: T,
): T {
  const { records } = useStores()
  const { type, id } = nameOf(record)
  const name = useMemo(() => (id ? { id, ...(type ? { type } : {}) } : undefined), [type, id])
  return useSyncExternalStore(
    useCallback(listener => (name ? records.subscribe(name, listener) : unchanging()), [records, name]),
    () => read(records, name),
    () => onServer,
  )
}

function nameOf(record: RecordName): { type?: string | undefined; id?: string } {
  if (!record) return {}
  if (!('__ref' in record)) return { type: record.__typename, id: record.id }
  const colon = record.__ref.indexOf(':')
  return { type: record.__ref.slice(0, colon), id: record.__ref.slice(colon + 1) }
}

const NO_CONFLICTS: readonly ConflictEntry[] = []

/** Conflicts that wait for a decision, and the way to decide. */
export function useConflicts(): Pick<ConflictsDoor, 'list' | 'resolve'> {
  const { conflicts } = useOfflineClient()
  const { conflicts: subscribe, resolve } = useStores()
  const list = useSyncExternalStore(
    subscribe,
    () => conflicts.list,
    () => NO_CONFLICTS,
  )
  return useMemo(() => ({ list, resolve }), [list, resolve])
}

/** Whether the gateway can be reached, and whether it may be asked. */
export function useConnection(): Pick<Connection, 'mode' | 'state' | 'setMode'> {
  const { connection } = useOfflineClient()
  const { connection: subscribe, setMode } = useStores()
  const mode = useSyncExternalStore(
    subscribe,
    () => connection.mode,
    () => 'auto' as const,
  )
  const state = useSyncExternalStore(
    subscribe,
    () => connection.state,
    () => 'online' as const,
  )
  return useMemo(() => ({ mode, state, setMode }), [mode, state, setMode])
}

const NEVER: Freshness = { lastSyncedAt: null, state: 'never' }

/** How old what is on the device is: all of it, or the records of one type. */
export function useFreshness(type?: string): Freshness {
  const { sync } = useOfflineClient()
  return useSyncExternalStore(
    useStores().sync,
    () => sync.freshness(type),
    () => NEVER,
  )
}

const unchanging = () => (): void => undefined
