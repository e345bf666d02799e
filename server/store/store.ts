/**
 * The store port: what the gateway asks of a database, in its own words. An adapter keeps these promises:
 *
 * - `write` is one transaction. It is durable when the promise resolves, and nothing of it stays when `work` throws.
 * - Several writes may share one commit; each is undone alone (a savepoint a unit).
 * - Every record put gets the next number of its partition, given as the last thing before the commit, so that numbers
 *   become visible in order and a reader that continues after the highest number it saw misses nothing.
 * - `view` shows committed data only.
 */
import type { StepStatus, TaskStatus } from '../../protocol/index.ts'
import type { Payload } from '../tasks/outcome.ts'

/** A replicated record as it travels: its type, id, version and the fields of its domain. */
export interface EntityRecord {
  readonly __typename: string
  readonly id: string
  readonly version: number
  /** RFC 3339, UTC. */
  readonly updatedAt: string
  readonly updatedBy: string | null
  readonly [field: string]: unknown
}

export interface StoredRecord {
  readonly partition: string
  readonly type: string
  /** Unique within (partition, type). The entity's own id, but for tasks `<user>/<task id>`, since ids are per user. */
  readonly key: string
  /** Whose it is; null: everybody's in the partition. */
  readonly owner: string | null
  /** A tombstone keeps type, id and version of what was deleted. */
  readonly deleted: boolean
  readonly entity: EntityRecord
}

export interface ChangedRecord {
  /** Number within the partition, rising by commit. */
  readonly change: number
  readonly type: string
  readonly entity: EntityRecord
  /** null: a live record. OUT_OF_SCOPE: it went to another owner. */
  readonly removal: 'DELETED' | 'OUT_OF_SCOPE' | null
}

/** One earlier state of a record: the base of a three-way merge. */
export interface RecordVersion {
  readonly entity: EntityRecord
  /** The installation that wrote it, if a task from an outbox did. */
  readonly writtenBy: { readonly user: string; readonly client: string } | null
}

/** Address of one task; ids are chosen by clients and therefore belong to their user. */
export interface TaskAddress {
  readonly partition: string
  readonly user: string
  readonly id: string
}

export interface StepReport {
  readonly name: string
  readonly status: StepStatus
  readonly attempts: number
  readonly optional: boolean
  readonly error: string | null
  readonly startedAt: string | null
  readonly endedAt: string | null
}

/** A record that a task depends on. Readers wait for writers, writers for both, readers not for readers. */
export interface Touch {
  /** `Type:id`. */
  readonly record: string
  readonly writes: boolean
}

/** waiting: for tasks before it. running: its steps or its after-effects have work left. finished: nothing left. */
export type TaskState = 'waiting' | 'running' | 'finished'

export interface StoredTask extends TaskAddress {
  /** Order in which the gateway took its tasks. */
  readonly number: number
  readonly name: string
  readonly definitionVersion: number
  readonly inputHash: string
  readonly args: Readonly<Record<string, unknown>>
  readonly viewer: { readonly user: string; readonly tenant: string; readonly roles: readonly string[] }
  readonly client: string | null
  readonly sequence: number | null
  readonly after: readonly string[]
  /** Fencing token of a check-out under which the task was made. */
  readonly token: string | null
  readonly touches: readonly Touch[]
  readonly status: TaskStatus
  readonly state: TaskState
  /** Name of the task towards the outside, unique in the whole store: the id, unless another user had it first. */
  readonly reference: string
  readonly payload: Payload
  /** What a decision about its conflict would write. */
  readonly contested: Contested | null
  /** Milliseconds since the epoch. */
  readonly takenAt: number
  readonly finishedAt: number | null
  /** Why it waits for an operator, and since when (milliseconds since the epoch). */
  readonly parked: { readonly why: string; readonly at: number } | null
}

export interface Contested {
  readonly operation: 'update' | 'delete'
  readonly type: string
  readonly id: string
  readonly patch: Readonly<Record<string, unknown>>
  /** Version the person saw as theirs. */
  readonly theirsVersion: number
}

/** What an operator says about a parked task. */
export type OperatorWord = 'resume' | 'undo'

export type NewTask = Omit<StoredTask, 'number' | 'reference' | 'finishedAt' | 'parked'>

/** `owner: null` asks for every row of the type; otherwise that owner's. */
export interface Selection {
  readonly type: string
  readonly owner: string | null
}

export interface ListQuery {
  readonly partition: string
  readonly selection: Selection
  /** Fields that must equal these values. */
  readonly equals?: Readonly<Record<string, string>>
  /** A field that must contain this text, whatever its case. */
  readonly contains?: { readonly field: string; readonly text: string }
  /** Key after which to go on. */
  readonly after?: string
  readonly first: number
}

export interface TaskQuery {
  readonly partition: string
  /** null: everybody's. */
  readonly user: string | null
  readonly ids?: readonly string[]
  readonly status?: readonly TaskStatus[]
  /** Number after which to go on. */
  readonly after: number
  readonly first: number
}

/** Unfinished tasks by what they are at: `running` without those that are parked. */
export interface Backlog {
  readonly waiting: number
  readonly running: number
  readonly parked: number
}

export interface View {
  record(partition: string, type: string, key: string): Promise<StoredRecord | undefined>
  list(query: ListQuery): Promise<StoredRecord[]>
  /** Rows with a number above `after`, in order of number, at most `limit`. */
  changed(partition: string, selections: readonly Selection[], after: number, limit: number): Promise<ChangedRecord[]>
  /** Highest number given in the partition; 0 when it is empty. */
  head(partition: string): Promise<number>
  /** From `fromVersion` up, oldest first; the base itself is missing when it was pruned. */
  versions(partition: string, type: string, key: string, fromVersion: number): Promise<RecordVersion[]>
  task(address: TaskAddress): Promise<StoredTask | undefined>
  tasks(query: TaskQuery): Promise<{ number: number; user: string; entity: EntityRecord }[]>
  /** Every task that is not finished, in order of number. */
  unfinished(): Promise<StoredTask[]>
  /** How many they are. Cheap enough for every scrape of metrics. */
  backlog(): Promise<Backlog>
  /** What a step recorded: absent when it never finished. */
  memo(reference: string, key: string): Promise<{ value: unknown } | undefined>
  /** References of tasks that an operator, perhaps in another process, left word for. */
  signalled(): Promise<string[]>
}

export interface Unit extends View {
  put(record: StoredRecord, options: { keepVersion: boolean; writtenBy: RecordVersion['writtenBy'] }): void
  /** Claims the id. The caller has looked for it in this same unit. */
  takeTask(task: NewTask): Promise<StoredTask>
  changeTask(
    task: StoredTask,
    change: Partial<Pick<StoredTask, 'status' | 'state' | 'payload' | 'contested' | 'finishedAt' | 'parked'>>,
  ): Promise<StoredTask>
  /**
   * Unfinished tasks that one with these touches has to wait for: of each record the latest writer, which itself waits for
   * the ones before it, and for a writer the readers since.
   */
  inTheWay(partition: string, touches: readonly Touch[]): Promise<StoredTask[]>
  waitFor(waiter: StoredTask, blockers: readonly StoredTask[]): Promise<void>
  /** True while a task before it is not finished. */
  isBlocked(task: StoredTask): Promise<boolean>
  /** Takes the task out of everybody's way and returns those that waited for it and now wait for nothing. */
  release(task: StoredTask): Promise<StoredTask[]>
  recordMemo(reference: string, key: string, value: unknown): Promise<void>
  dropMemos(reference: string): Promise<void>
  /** One more walk of the task begins without progress since the last; how many that makes. */
  countStumble(reference: string): Promise<number>
  takeBackStumble(reference: string): Promise<void>
  forgetStumbles(reference: string): Promise<void>
  /** The operator's word, which is then spent, and the task no longer parked. */
  takeSignal(reference: string): Promise<OperatorWord | undefined>
}

/** What a commit changed, for pokes: owners of the rows, null for a row of everybody's. */
export interface Committed {
  readonly partition: string
  readonly owners: ReadonlySet<string | null>
}

export interface Store {
  /** Locks, migrates and opens. Throws StoreError: STORE_LOCKED, STORE_TOO_NEW, STORE_UNAVAILABLE. */
  open(): Promise<void>
  close(): Promise<void>
  /** Identity of this data's history; another one after a restore. */
  readonly epoch: string
  /** Random bytes of this store, hex, for signing what leaves it. */
  readonly secret: string
  readonly view: View
  write<T>(partition: string, work: (unit: Unit) => Promise<T>): Promise<T>
  onCommit(listener: (commits: readonly Committed[]) => void): () => void
}

export type StoreErrorCode = 'STORE_LOCKED' | 'STORE_TOO_NEW' | 'STORE_TOO_OLD' | 'STORE_UNAVAILABLE'

/** The store can't serve just now (or here). Nothing of the unit was applied, unless its commit was under way: ask by task id. */
export class StoreError extends Error {
  readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}
