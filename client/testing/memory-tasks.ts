/** Exactly once, in order of dependencies: what the memory gateway knows of tasks. */
import { REJECTION_CODES } from '../../protocol/errors.ts'
import type { Clock } from '../../protocol/ports.ts'
import { isSettled, type TaskStatus } from '../../protocol/task-states.ts'
import { type DecisionPorts, decide } from './memory-decision.ts'
import { keyOf, type MemoryRecord, type MemoryRecords } from './memory-records.ts'
import { MemoryTransaction, type TaskTransaction } from './memory-transaction.ts'
import {
  type ConflictReport,
  type Contested,
  type PayloadEntry,
  type Rejected,
  rejected,
  type TaskOutcome,
  type TaskReconciliation,
} from './task-outcome.ts'
import { canonical } from './three-way-merge.ts'

/** Arguments as the mutation declares them, without `task`. */
// biome-ignore lint/suspicious/noExplicitAny: each task's arguments are the application's affair
export type MemoryTask = (args: any, transaction: TaskTransaction) => TaskOutcome | Promise<TaskOutcome>

/** `task: TaskInput` as it came. */
export interface TaskIdentity {
  readonly id: string
  readonly client?: string | null
  readonly sequence?: number | null
  readonly after?: readonly string[] | null
}

export interface Submitted {
  readonly user: string
  /** The mutation field. */
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly identity: TaskIdentity
}

/** One task that was taken; the order of these is the order in which tasks were taken. */
export interface TakenTask {
  readonly id: string
  readonly user: string
  readonly name: string
  readonly client: string | null
  readonly sequence: number | null
  readonly status: TaskStatus
}

export interface StoredTask extends Submitted {
  readonly hash: string
  readonly payload: Readonly<Record<string, PayloadEntry | null>>
  readonly contested: Contested | null
}

export interface TaskRecord extends MemoryRecord {
  readonly name: string
  readonly status: TaskStatus
  readonly conflict: ConflictReport | null
  readonly rejection: Omit<Rejected, 'kind'> | null
  readonly reconciliation: readonly TaskReconciliation[]
}

export interface MemoryTasksOptions {
  readonly records: MemoryRecords
  readonly clock: Clock
  readonly definitions: ReadonlyMap<string, MemoryTask>
  readonly slow: ReadonlySet<string>
  readonly mayRead: (record: MemoryRecord, user: string) => boolean
  /** After that devices drop a settled task; its id stays taken. */
  readonly keepForMs: number
}

export interface Change {
  readonly status: TaskStatus
  readonly conflict?: ConflictReport | null
  readonly rejection?: TaskRecord['rejection']
  readonly reconciliation?: readonly TaskReconciliation[]
}

/** Name of what was withdrawn before it came. */
const WITHDRAWN = 'cancelTask'

export class MemoryTasks {
  /** Every task once, in the order in which they were taken. Empty it as you like. */
  readonly taken: TakenTask[] = []
  /** Ids of tasks in the order in which their effect was written. Empty it as you like. */
  readonly applied: string[] = []
  readonly #options: MemoryTasksOptions
  readonly #tasks = new Map<string, StoredTask>()
  readonly #waiting = new Set<() => void>()
  readonly #decisions: DecisionPorts = {
    task: (user, id) => this.#tasks.get(addressOf(user, id)),
    record: (user, id) => this.record(user, id),
    put: (task, change) => this.#put(task, change),
  }
  /** When the record of each was first written, oldest first, until it is forgotten. */
  readonly #remembered = new Map<string, number>()

  constructor(options: MemoryTasksOptions) {
    this.#options = options
  }

  /** The record to answer with, and what its payload shows. A known id is answered with what became of it. */
  async take(submitted: Submitted): Promise<{ record: MemoryRecord; payload: StoredTask['payload'] }> {
    const { user, name, identity, args } = submitted
    const key = addressOf(user, identity.id)
    const hash = canonical([name, args])
    const known = this.#tasks.get(key)
    if (known && known.hash !== hash && known.name !== WITHDRAWN)
      return { record: this.#refused(submitted, REUSED), payload: {} }
    if (known && !this.record(user, identity.id)) return { record: this.#refused(submitted, EXPIRED), payload: {} }
    if (!known) await this.#takeNew({ ...submitted, hash, payload: {}, contested: null })
    const task = this.#tasks.get(key)!
    const shown = task.contested ? { ...task.payload, [CONTESTED]: task.contested } : task.payload
    return { record: this.record(user, identity.id)!, payload: shown }
  }

  wasTaken(user: string, id: string): boolean {
    return this.#tasks.has(addressOf(user, id))
  }

  /** Calls once something was taken. */
  onTaken(run: () => void): () => void {
    this.#waiting.add(run)
    return () => void this.#waiting.delete(run)
  }

  record(user: string, id: string): TaskRecord | undefined {
    const row = this.#options.records.get(keyOf('Task', addressOf(user, id)))
    return row && !row.deleted ? (row.record as TaskRecord) : undefined
  }

  /** Withdraws what has not started; one that never came will never be run. */
  withdraw(user: string, id: string): TaskRecord | undefined {
    const task = this.#tasks.get(addressOf(user, id))
    if (!task)
      this.#put(
        { user, name: WITHDRAWN, args: {}, identity: { id }, hash: '', payload: {}, contested: null },
        { status: 'CANCELLED' },
      )
    else if (this.record(user, id)?.status === 'ACCEPTED') this.#put(task, { status: 'CANCELLED' })
    return this.record(user, id)
  }

  /** Ends a task that was only accepted: runs it, or gives it this outcome. What waited for it goes on. */
  async finish(id: string, outcome?: TaskOutcome): Promise<void> {
    const task = [...this.#tasks.values()].find(each => each.identity.id === id)
    const status = task && this.record(task.user, id)?.status
    if (!task || status !== 'ACCEPTED')
      throw new Error(`finish('${id}'): no task of that id is ACCEPTED here; it is ${status ?? 'unknown'}.`)
    await this.#run(task, outcome)
    await this.#free(task)
  }

  async #takeNew(task: StoredTask): Promise<void> {
    const { identity, user, name } = task
    this.#expire()
    this.#remembered.set(addressOf(user, identity.id), this.#options.clock.now())
    this.#tasks.set(addressOf(user, identity.id), task)
    this.taken.push({
      id: identity.id,
      user,
      name,
      client: identity.client ?? null,
      sequence: identity.sequence ?? null,
      status: 'ACCEPTED',
    })
    for (const run of [...this.#waiting]) run()
    const failed = this.#failedBefore(task)
    if (failed) this.#end(task, failed)
    else if (this.#isWaiting(task) || this.#options.slow.has(name)) this.#put(task, { status: 'ACCEPTED' })
    else await this.#run(task)
  }

  #isWaiting({ user, identity }: StoredTask): boolean {
    return (identity.after ?? []).some(id => {
      const status = this.record(user, id)?.status
      return status !== undefined && !isSettled(status)
    })
  }

  #failedBefore({ user, identity }: StoredTask): Rejected | undefined {
    for (const id of identity.after ?? []) {
      const known = this.#tasks.has(addressOf(user, id))
      const status = this.record(user, id)?.status
      // One that was forgotten after its time was settled, and is taken for confirmed.
      if (status === 'CONFIRMED' || (known && (status === undefined || !isSettled(status)))) continue
      const why = known ? `ended ${status}` : 'is not known to this gateway'
      return rejected(REJECTION_CODES.DEPENDENCY_FAILED, `It builds on the task ${id}, which ${why}.`, {
        field: 'task.after',
        failedTask: id,
      })
    }
    return undefined
  }

  /** Throws what the task's function throws; then it is as it was before: never taken, or waiting. */
  async #run(task: StoredTask, given?: TaskOutcome): Promise<void> {
    const { records, clock, definitions, mayRead } = this.#options
    const { user, identity, name, args } = task
    const now = new Date(clock.now()).toISOString()
    const writer = { user, client: identity.client ?? null }
    const transaction = new MemoryTransaction({ records, writer, taskId: identity.id, now, mayRead })
    let outcome: TaskOutcome
    try {
      outcome =
        given ??
        (name === 'resolveConflict'
          ? await decide(args as never, transaction, this.#decisions)
          : await definitions.get(name)!(args, transaction))
    } catch (error) {
      if (!this.record(user, identity.id)) this.#forget(task)
      throw error
    }
    if (outcome.kind === 'confirmed') {
      transaction.apply()
      this.applied.push(identity.id)
    }
    this.#end(task, outcome, transaction.reconciliation)
  }

  #end(task: StoredTask, outcome: TaskOutcome, reconciliation: readonly TaskReconciliation[] = []): void {
    this.#put(...this.#ending(task, outcome, reconciliation))
  }

  #ending(task: StoredTask, outcome: TaskOutcome, reconciliation: readonly TaskReconciliation[]): [StoredTask, Change] {
    switch (outcome.kind) {
      case 'confirmed':
        return [
          { ...task, payload: outcome.payload },
          { status: 'CONFIRMED', reconciliation },
        ]
      case 'conflict':
        return [
          { ...task, contested: outcome.contested },
          { status: 'CONFLICT', conflict: outcome.conflict },
        ]
      case 'rejected': {
        const { kind: _, ...rejection } = outcome
        return [task, { status: 'REJECTED', rejection }]
      }
      default:
        return outcome satisfies never
    }
  }

  async #free({ user, identity }: StoredTask): Promise<void> {
    for (const task of [...this.#tasks.values()]) {
      if (task.user !== user || !task.identity.after?.includes(identity.id)) continue
      if (this.record(user, task.identity.id)?.status !== 'ACCEPTED' || this.#isWaiting(task)) continue
      const failed = this.#failedBefore(task)
      if (failed) this.#end(task, failed)
      else if (this.#options.slow.has(task.name)) continue
      else await this.#run(task)
      await this.#free(task)
    }
  }

  #expire(): void {
    const { records, clock, keepForMs } = this.#options
    const before = clock.now() - keepForMs
    for (const [address, at] of this.#remembered) {
      if (at >= before) break
      const row = records.get(keyOf('Task', address))
      const task = this.#tasks.get(address)
      const { status } = (row?.record ?? {}) as Partial<TaskRecord>
      if (!row || !task || status === 'CONFLICT' || status === 'IN_REVIEW' || !status || !isSettled(status)) continue
      this.#remembered.delete(address)
      this.#tasks.set(address, { ...task, args: {}, payload: {} })
      const { record, writtenBy, owner } = row
      records.put(keyOf('Task', address), { record, deleted: true, writtenBy }, { owner, keepsVersions: false })
    }
  }

  #forget({ user, identity }: StoredTask): void {
    this.#tasks.delete(addressOf(user, identity.id))
    this.#remembered.delete(addressOf(user, identity.id))
    this.taken.splice(
      this.taken.findIndex(each => each.id === identity.id && each.user === user),
      1,
    )
  }

  #put(task: StoredTask, { status, conflict = null, rejection = null, reconciliation = [] }: Change): void {
    const { user, identity, name } = task
    const key = addressOf(user, identity.id)
    this.#tasks.set(key, task)
    const index = this.taken.findLastIndex(each => each.id === identity.id && each.user === user)
    if (index >= 0) this.taken[index] = { ...this.taken[index]!, status }
    const before = this.record(user, identity.id)
    const record: TaskRecord = {
      __typename: 'Task',
      id: identity.id,
      version: (before?.version ?? 0) + 1,
      updatedAt: new Date(this.#options.clock.now()).toISOString(),
      updatedBy: user,
      name,
      status,
      progress: isSettled(status) ? 1 : 0,
      steps: [],
      conflict,
      rejection,
      reconciliation,
    }
    const writtenBy = { user, client: identity.client ?? null }
    this.#options.records.put(
      keyOf('Task', key),
      { record, deleted: false, writtenBy },
      { owner: user, keepsVersions: false },
    )
  }

  /** A task that exists only as an answer. */
  #refused({ user, name, identity: { id } }: Submitted, refusal: Rejected): MemoryRecord {
    const { kind: _, ...rejection } = refusal
    const updatedAt = new Date(this.#options.clock.now()).toISOString()
    return {
      ...{ __typename: 'Task', id, version: 0, updatedAt, updatedBy: user, name, status: 'REJECTED', progress: 1 },
      ...{ steps: [], conflict: null, rejection, reconciliation: [] },
    }
  }
}

const REUSED = rejected(REJECTION_CODES.ID_REUSED, 'The task id was used before, with another input.', {
  field: 'task.id',
})
const EXPIRED = rejected(REJECTION_CODES.EXPIRED, 'The task was executed longer ago than outcomes are kept.', {
  field: 'task.id',
})

/** Stands in a payload for the field that shows the record in conflict. */
export const CONTESTED = '*'

/** An id belongs to its user. */
const addressOf = (user: string, id: string): string => `${user}/${id}`
