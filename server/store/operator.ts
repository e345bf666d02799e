/** The operator port: a store as the command sees it, from another process, while gateways may be running on it. */
import type { TaskStatus } from '../../protocol/index.ts'
import type { EntityRecord, OperatorWord, StoredTask } from './store.ts'

export interface OperatorTask {
  readonly task: StoredTask
  /** The Task record as clients see it. */
  readonly record: EntityRecord | undefined
}

export interface OperatorMemo {
  readonly key: string
  readonly value: unknown
}

/** Of the store as it was at one moment. */
export interface OperatorSummary {
  readonly statuses: Readonly<Partial<Record<TaskStatus, number>>>
  readonly heads: Readonly<Record<string, number>>
  /** What it takes on the disk, indexes and write-ahead log of its own included. */
  readonly bytes: number
}

/** All of it is answered from one snapshot. Nothing here creates, migrates or changes a store. */
export interface Operator {
  summary(): Promise<OperatorSummary>
  unfinished(): Promise<OperatorTask[]>
  /** By reference, or by id: ids belong to their users, so there may be several. */
  find(referenceOrId: string): Promise<OperatorTask[]>
  memos(reference: string): Promise<OperatorMemo[]>
  /** References of the tasks that it waits for, and of those that wait for it. */
  waits(task: StoredTask): Promise<{ readonly for: string[]; readonly by: string[] }>
  pendingSignal(reference: string): Promise<OperatorWord | undefined>
  close(): Promise<void>
}

export type Said = 'said' | 'no such task' | 'not parked' | 'several tasks'
