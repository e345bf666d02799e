/**
 * The store port: what the gateway asks of a database, in its own words. An adapter keeps these promises:
 *
 * - `write` is one transaction. It is durable when the promise resolves, and nothing of it stays when `work` throws.
 * - Several writes may share one commit; each is undone alone (a savepoint a unit).
 * - Every record put gets the next number of its partition, given as the last thing before the commit, so that numbers
 *   become visible in order and a reader that continues after the highest number it saw misses nothing.
 * - `view` shows committed data only.
 */
import type { Clock, StepStatus, TaskStatus } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
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
  /** null: a live record. OUT_OF_SCOPE: it went to another owner, or no longer fits any filter of the selection. */
  readonly removal: 'DELETED' | 'OUT_OF_SCOPE' | null
  /** True: `body` is the record's ready text. False: it is the entity as JSON. */
  readonly ready: boolean
  readonly body: string
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
  /** Its outcome was given up: only the claim of its id is left. */
  readonly expired: boolean
}

export interface Contested {
  readonly operation: 'update' | 'delete'
  readonly type: string
  readonly id: string
  readonly patch: Readonly<Record<string, unknown>>
  /** Version the person saw as theirs. */
  readonly theirsVersion: number
  /** The task had written other records before: they fell with the conflict, and `patch` holds nothing of them. */
  readonly isPart?: boolean
}

/** What an operator says about a parked task. */
export type OperatorWord = 'resume' | 'undo'

export type NewTask = Omit<StoredTask, 'number' | 'reference' | 'finishedAt' | 'parked' | 'expired'>

/** `owner: null` asks for every row of the type; otherwise that owner's. */
export interface Selection {
  readonly type: string
  readonly owner: string | null
}

/** `in` holds when the field is one of the values (null among them: or is absent), the others compare with the one value. */
export interface Condition {
  /** Checked by the caller against the schema. */
  readonly field: string
  readonly test: 'in' | 'gt' | 'gte' | 'lt' | 'lte'
  readonly values: readonly (string | number | boolean | null)[]
}

/** A selection of the feed; of one partition at most one a type. */
export interface FeedSelection extends Selection {
  /** Filters, of which a record must meet one; of a filter it must meet every condition. Left out: all records. */
  readonly where?: readonly (readonly Condition[])[]
  /** Texts of this shape are wanted ready. Left out or null: none. */
  readonly shape?: string | null
}

export interface FeedWindow {
  /** Only rows with a higher number. */
  readonly after: number
  /** No removal at or below this number is told: the reader has never received those rows. */
  readonly removalsAfter: number
  readonly limit: number
}

/** Up to which number a window was read, and whether there may be rows above it. */
export interface FeedReach {
  /** null: the window is empty. The adapter may stop after rows that no filter fits, so it can be above the last row's. */
  readonly last: number | null
  readonly more: boolean
}

export interface FeedPage extends FeedReach {
  /** In order of number. */
  readonly rows: readonly ChangedRecord[]
}

export interface FeedTexts extends FeedReach {
  /** Ready texts in order of number, a comma between two, in UTF-8: what goes over the wire needs no string. */
  readonly text: Uint8Array
  readonly count: number
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
  /** Its cost does not depend on rows of other types and owners, nor on those below the window. */
  changed(partition: string, selections: readonly FeedSelection[], window: FeedWindow): Promise<FeedPage>
  /** The same window in one piece; undefined when a row of it is a removal or has no ready text of the wanted shape. */
  changedTexts(
    partition: string,
    selections: readonly FeedSelection[],
    window: FeedWindow,
  ): Promise<FeedTexts | undefined>
  /** Highest number given in the partition; 0 when it is empty. */
  head(partition: string): Promise<number>
  /** `head` of several partitions at once, by name. */
  heads(partitions: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Highest number among the removals that `prune` took away; 0: none. Who stopped below it may never hear of one. */
  pruned(partition: string): Promise<number>
  /** From `fromVersion` up, oldest first; the base itself is missing when it was pruned. */
  versions(partition: string, type: string, key: string, fromVersion: number): Promise<RecordVersion[]>
  task(address: TaskAddress): Promise<StoredTask | undefined>
  tasks(query: TaskQuery): Promise<{ number: number; user: string; entity: EntityRecord }[]>
  /** Every task that is not finished, in order of number. */
  unfinished(): Promise<StoredTask[]>
  /** Tasks in state `waiting` that wait for nothing, in order of number: who freed them did not get to start them, or is about to. */
  due(first: number): Promise<StoredTask[]>
  /** How many they are. Cheap enough for every scrape of metrics. */
  backlog(): Promise<Backlog>
  /** What a step recorded: absent when it never finished. */
  memo(reference: string, key: string): Promise<{ value: unknown } | undefined>
  /** Walks of a task that were begun since its last progress. */
  stumbles(reference: string): Promise<number>
  /** Token of the walk that claimed the task last; null: none did. */
  walker(reference: string): Promise<string | null>
  /** References of tasks that an operator, perhaps in another process, left word for. */
  signalled(): Promise<string[]>
  /**
   * Tasks that finished before this moment and still have their outcome, oldest first. Those that somebody has yet to decide
   * (CONFLICT, IN_REVIEW, PARKED) are not among them: they hold a person's work.
   */
  outlived(finishedBefore: number, first: number): Promise<StoredTask[]>
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
  /**
   * Takes the task out of everybody's way and returns those that waited for it and now wait for nothing. Where it waited
   * itself, those behind it on the same record wait for what it waited for.
   */
  release(task: StoredTask): Promise<StoredTask[]>
  recordMemo(reference: string, key: string, value: unknown): Promise<void>
  dropMemos(reference: string): Promise<void>
  setStumbles(reference: string, count: number): Promise<void>
  /** From here on `walker` is this token: fencing for a walk that went on elsewhere. */
  setWalker(reference: string, token: string): Promise<void>
  /** The operator's word, which is then spent, and the task no longer parked. */
  takeSignal(reference: string): Promise<OperatorWord | undefined>
  /** Gives up the outcome of a finished task: input, payload and touches go; its id, hash, status and finishing time stay. */
  expire(task: StoredTask): Promise<void>
  /**
   * Of every partition takes away up to `limit` tombstones (with all their versions), departures and replaced versions that
   * are older than this moment. Returns how many; fewer than `limit`: nothing is left.
   */
  prune(before: number, limit: number): Promise<number>
  /**
   * Makes the texts of up to `limit` records anew that have another shape than the renderer's, without changing their number.
   * Returns how many it looked at; 0: every record has its current text.
   */
  renewTexts(limit: number): Promise<number>
}

/** What a commit changed, for pokes: owners of the rows, null for a row of everybody's. */
export interface Committed {
  readonly partition: string
  readonly owners: ReadonlySet<string | null>
  /** The partition's head after it. */
  readonly head: number
}

/**
 * What a unit is likely to ask for. A hint for stores that are away over a network: they fetch it for a whole group of units
 * at once. What it leaves out is read when it is asked for.
 */
export interface Expected {
  readonly tasks?: readonly TaskAddress[]
  /** `Type:key` of records in the unit's partition. */
  readonly records?: readonly string[]
  /** What `inTheWay` is going to be asked with. */
  readonly touches?: readonly Touch[]
  /** Tasks by reference whose walker is going to be asked for. */
  readonly walks?: readonly string[]
  /** How many tasks it is going to take. */
  readonly takes?: number
}

/** Makes the ready text of a record whenever it is put. */
export interface Renderer {
  /** Another one whenever any type's shape is. */
  readonly shapes: string
  /** Names what the text of a type looks like; null: the type has no ready text. */
  shapeOf(type: string): string | null
  /** null: this record has none. It must be that of `shapeOf` its type. */
  text(entity: EntityRecord): string | null
}

export interface StoreSetting {
  /** Dates what was changed, for pruning. Default: the system's. */
  readonly clock?: Pick<Clock, 'now'>
  /** Default: no record has a ready text. */
  readonly renderer?: Renderer
  /** Default: silent. */
  readonly log?: Log
}

export interface Store {
  /** Locks, migrates and opens. Throws StoreError: STORE_LOCKED, STORE_TOO_NEW, STORE_MOVED, STORE_INCOMPLETE, STORE_UNAVAILABLE. */
  open(setting?: StoreSetting): Promise<void>
  close(): Promise<void>
  /** Identity of this data's history; another one after a restore. */
  readonly epoch: string
  /** Random bytes of this store, hex, for signing what leaves it. */
  readonly secret: string
  readonly view: View
  /** `work` may be called again when its group could not be committed: it changes nothing but through its unit. */
  write<T>(partition: string, work: (unit: Unit) => Promise<T>, expected?: Expected): Promise<T>
  /** After each commit that changed records. What a listener throws is logged. The returned function ends it. */
  onCommit(listener: (commits: readonly Committed[]) => void): () => void
}

/** STORE_MOVED: it goes on elsewhere. STORE_INCOMPLETE: it is being moved here. STORE_NOT_EMPTY: so nothing can be moved there. */
export type StoreErrorCode =
  | 'STORE_LOCKED'
  | 'STORE_TOO_NEW'
  | 'STORE_TOO_OLD'
  | 'STORE_UNAVAILABLE'
  | 'STORE_MOVED'
  | 'STORE_INCOMPLETE'
  | 'STORE_NOT_EMPTY'
  | 'BACKUP_EXISTS'

/** The store can't serve just now (or here). Nothing of the unit was applied, unless its commit was under way: ask by task id. */
export class StoreError extends Error {
  readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}
