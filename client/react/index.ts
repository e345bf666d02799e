/** The door `layover/react`. */
export {
  type RecordName,
  useConflicts,
  useConnection,
  useEntriesAbout,
  useFreshness,
  useOutbox,
  useSyncStatus,
  useTask,
} from './hooks.ts'
export type { OutboxState, TaskState } from './outbox-store.ts'
export { OfflineProvider, type OfflineProviderProps, useOfflineClient } from './provider.tsx'
export type { SyncStatus } from './record-statuses.ts'
export { type TaskOfMutation, useTaskMutation } from './task-mutation.ts'
