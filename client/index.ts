/** The door `layover/client`. */
export type { Clock, Random } from '../protocol/ports.ts'
export type { Connection, ConnectionMode, ConnectionState, NetworkHint } from './connectivity.ts'
export type { ConflictEntry, Decision, OutboxEntry, Outcome, Reconciliation } from './entry.ts'
export { LayoverError, type LayoverErrorCode } from './layover-error.ts'
export type { MeteredOptions } from './metered.ts'
export {
  type ConflictsDoor as Conflicts,
  createOfflineClient,
  type OfflineClient,
  type OfflineClientOptions,
} from './offline-client.ts'
export type { Outbox } from './outbox-door.ts'
export type { EntryStatus } from './outbox-states.ts'
export { memoryStorage, type StorageDriver } from './storage/database.ts'
export type { PullResult, PushResult, Scope, Sync, SyncOptions } from './sync.ts'
export { type SyncedListOptions, syncedList, syncedRecord } from './synced-list.ts'
export { type OnConflict, type TaskOptions, type TaskRegistration, type Tentative, task } from './task.ts'
