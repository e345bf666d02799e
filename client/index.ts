/** The door `layover/client`. */
export type {
  ConflictEntry,
  Decision,
  Outcome,
  OutboxEntry,
  Reconciliation,
} from './entry.ts'
export { LayoverError, type LayoverErrorCode } from './layover-error.ts'
export {
  type Conflicts,
  type Connection,
  type ConnectionMode,
  type ConnectionState,
  createOfflineClient,
  type OfflineClient,
  type OfflineClientOptions,
  type Outbox,
  type PullResult,
  type PushResult,
  type Scope,
  type StorageDriver,
  type Sync,
  type SyncOptions,
} from './offline-client.ts'
export type { EntryStatus } from './outbox-states.ts'
export { type SyncedListOptions, syncedList, syncedRecord } from './synced-list.ts'
export { type TaskOptions, type TaskRegistration, type Tentative, task } from './task.ts'
