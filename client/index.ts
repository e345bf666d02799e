/** The door `layover/client`. */
export type { Clock, Random } from '../protocol/ports.ts'
export type { Connection, ConnectionMode, ConnectionState, NetworkHint } from './connectivity.ts'
export type { ConflictEntry, Decision, OutboxEntry, Outcome, Reconciliation } from './entry.ts'
export type { Freshness, FreshnessLimits, FreshnessOptions } from './freshness.ts'
export type { SettledTask } from './history.ts'
export { LayoverError, type LayoverErrorCode } from './layover-error.ts'
export type { MeteredOptions } from './metered.ts'
export {
  type ConflictsDoor as Conflicts,
  createOfflineClient,
  type OfflineClient,
  type OfflineClientOptions,
} from './offline-client.ts'
export type { Outbox } from './outbox-door.ts'
export type { OutboxLimits } from './outbox-limits.ts'
export type { EntryStatus } from './outbox-states.ts'
export type { PullResult } from './pulling.ts'
export type { SyncedListOptions } from './sorted-list.ts'
export { memoryStorage, type StorageDriver } from './storage/database.ts'
export type { PushResult, Scope, Sync, SyncOptions } from './sync.ts'
export { syncedList, syncedRecord } from './synced-list.ts'
export { type OnConflict, type TaskOptions, type TaskRegistration, type Tentative, task } from './task.ts'
export { isTemporaryId, temporaryId } from './temporary-id.ts'
export type { TouchedRecord } from './touched-records.ts'
