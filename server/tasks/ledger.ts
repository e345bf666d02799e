/** What is written of a task inside one unit: its claim, its outcome, and what its end sets free. */
import { type Clock, isSettled, REJECTION_CODES } from '../../protocol/index.ts'
import type { EntityRecord, NewTask, StepReport, StoredTask, Touch, Unit } from '../store/store.ts'
import type { Collection } from '../sync/collection.ts'
import { tenantPartition, type Viewer } from '../viewer.ts'
import type { TaskDefinition } from './define-task.ts'
import { type Outcome, payloadOf, type Rejected, rejected } from './outcome.ts'
import { changeOf, statusOf, TASK_TYPE, type TaskRecord, writeTaskRecord } from './task.ts'
import { RecordTransaction } from './transaction.ts'

/** One call of a task field, checked. */
export interface Submission {
  readonly viewer: Viewer
  readonly definition: TaskDefinition
  readonly args: Readonly<Record<string, unknown>>
  readonly inputHash: string
  readonly id: string
  readonly client: string | null
  readonly sequence: number | null
  readonly after: readonly string[]
  /** Fencing token of a check-out. */
  readonly token: string | null
}

export interface Taken {
  readonly task: StoredTask
  /** As it was just written; absent for what was known before. */
  readonly fresh?: {
    readonly record: TaskRecord
    /** Records that its payload shows, by `Type:id`, as the task's viewer may read them right after it. */
    readonly shown: ReadonlyMap<string, EntityRecord>
  }
}

export class TaskLedger {
  readonly #collections: ReadonlyMap<string, Collection>
  readonly #clock: Clock

  constructor(collections: ReadonlyMap<string, Collection>, clock: Clock) {
    this.#collections = collections
    this.#clock = clock
  }

  /** RFC 3339, UTC. */
  now(): string {
    return new Date(this.#clock.now()).toISOString()
  }

  /**
   * Claims the id. A plain task that waits for nothing is settled in this same unit, so that claim and effect are one
   * commit.
   */
  async take(unit: Unit, submission: Submission): Promise<Taken> {
    const { definition, args, viewer } = submission
    const fresh: NewTask = {
      partition: tenantPartition(viewer),
      user: viewer.user,
      id: submission.id,
      name: definition.name,
      definitionVersion: definition.version,
      inputHash: submission.inputHash,
      args,
      viewer: { user: viewer.user, tenant: viewer.tenant, roles: viewer.roles },
      client: submission.client,
      sequence: submission.sequence,
      after: submission.after,
      token: submission.token,
      touches: touchesOf(definition, args),
      status: 'ACCEPTED',
      state: 'waiting',
      payload: {},
      contested: null,
      takenAt: this.#clock.now(),
    }
    const before = await this.before(unit, fresh, fresh.touches)
    if ('kind' in before) return this.#bornSettled(unit, fresh, before, undefined)
    if (before.length > 0) {
      const task = await unit.takeTask(fresh)
      await unit.waitFor(task, before)
      return this.#taken(unit, task, { status: 'ACCEPTED', steps: [] })
    }
    if (definition.kind === 'plain') {
      const transaction = this.transaction(unit, fresh)
      return this.#bornSettled(unit, fresh, await definition.run(args, transaction), transaction)
    }
    const task = await unit.takeTask({ ...fresh, status: 'RUNNING', state: 'running' })
    return this.#taken(unit, task, { status: 'RUNNING', steps: [] })
  }

  /** A task that nobody may ever run under this id: it was withdrawn before it came. */
  async takeWithdrawn(unit: Unit, viewer: Viewer, id: string): Promise<Taken> {
    const task = await unit.takeTask({
      partition: tenantPartition(viewer),
      user: viewer.user,
      id,
      name: WITHDRAWN,
      definitionVersion: 1,
      inputHash: '',
      args: {},
      viewer: { user: viewer.user, tenant: viewer.tenant, roles: viewer.roles },
      client: null,
      sequence: null,
      after: [],
      token: null,
      touches: [],
      status: 'CANCELLED',
      state: 'finished',
      payload: {},
      contested: null,
      takenAt: this.#clock.now(),
    })
    return this.#taken(unit, task, { status: 'CANCELLED' })
  }

  /** Unfinished tasks it has to wait for, or the refusal that one of them caused. */
  async before(
    unit: Unit,
    { partition, user, after }: Pick<NewTask, 'partition' | 'user' | 'after'>,
    touches: readonly Touch[],
  ): Promise<StoredTask[] | Rejected> {
    const blockers = await unit.inTheWay(partition, touches)
    for (const id of after) {
      const task = await unit.task({ partition, user, id })
      if (task === undefined) return dependencyFailed(id, 'is not known to this gateway')
      // A parked one is not given up: an operator decides, and what builds on it waits for that.
      if (!isSettled(task.status) || task.status === 'PARKED') blockers.push(task)
      else if (task.status !== 'CONFIRMED') return dependencyFailed(id, `ended ${task.status}`)
    }
    return blockers
  }

  /** Writes an outcome; returns the tasks whose turn has come. `hasMore`: something is left to do afterwards. */
  async settle(
    unit: Unit,
    task: StoredTask,
    outcome: Outcome,
    transaction: RecordTransaction | undefined,
    { steps, hasMore = false }: { steps?: readonly StepReport[]; hasMore?: boolean } = {},
  ): Promise<StoredTask[]> {
    if (outcome.kind === 'confirmed') transaction?.apply()
    const change = changeOf(outcome, transaction?.reconciliation ?? [])
    return this.close(unit, task, steps === undefined ? change : { ...change, steps }, {
      hasMore,
      payload: payloadOf(outcome),
      contested: outcome.kind === 'conflict' ? outcome.contested : null,
    })
  }

  async close(
    unit: Unit,
    task: StoredTask,
    change: ReturnType<typeof changeOf>,
    { hasMore = false, payload = {}, contested = null }: Partial<Settled> = {},
  ): Promise<StoredTask[]> {
    await unit.changeTask(task, {
      status: change.status ?? 'CONFIRMED',
      state: hasMore ? 'running' : 'finished',
      payload,
      contested,
      finishedAt: this.#clock.now(),
      parked: null,
    })
    await writeTaskRecord(unit, task, change, this.now())
    if (!hasMore) await unit.dropMemos(task.reference)
    return unit.release(task)
  }

  transaction(unit: Unit, task: NewTask): RecordTransaction {
    return new RecordTransaction({
      unit,
      collections: this.#collections,
      viewer: task.viewer,
      client: task.client,
      token: task.token,
      taskId: task.id,
      now: this.now(),
    })
  }

  async #bornSettled(
    unit: Unit,
    fresh: NewTask,
    outcome: Outcome,
    transaction: RecordTransaction | undefined,
  ): Promise<Taken> {
    if (outcome.kind === 'confirmed') transaction?.apply()
    const task = await unit.takeTask({
      ...fresh,
      status: statusOf(outcome),
      state: 'finished',
      payload: payloadOf(outcome),
      contested: outcome.kind === 'conflict' ? outcome.contested : null,
    })
    const shown = new Map<string, EntityRecord>()
    for (const entry of [...Object.values(task.payload), task.contested]) {
      if (entry == null || transaction === undefined || 'value' in entry || entry.type === TASK_TYPE) continue
      const record = await transaction.find(entry.type, entry.id)
      if (record !== undefined) shown.set(`${entry.type}:${entry.id}`, record)
    }
    return this.#taken(unit, task, changeOf(outcome, transaction?.reconciliation ?? []), shown)
  }

  async #taken(
    unit: Unit,
    task: StoredTask,
    change: ReturnType<typeof changeOf>,
    shown: ReadonlyMap<string, EntityRecord> = new Map(),
  ): Promise<Taken> {
    return { task, fresh: { record: await writeTaskRecord(unit, task, change, this.now()), shown } }
  }
}

interface Settled {
  readonly hasMore: boolean
  readonly payload: StoredTask['payload']
  readonly contested: StoredTask['contested']
}

/** Name of what was withdrawn before it came: what it would have been, nobody knows. */
const WITHDRAWN = 'cancelTask'

export const isWithdrawnUnseen = (task: StoredTask): boolean => task.name === WITHDRAWN

export function touchesOf({ touches, reads }: TaskDefinition, args: unknown): Touch[] {
  const written = new Set(touches(args).map(({ type, id }) => `${type}:${id}`))
  const read = new Set(
    (reads?.(args) ?? []).map(({ type, id }) => `${type}:${id}`).filter(record => !written.has(record)),
  )
  return [
    ...[...written].map(record => ({ record, writes: true })),
    ...[...read].map(record => ({ record, writes: false })),
  ]
}

function dependencyFailed(id: string, what: string): Rejected {
  return rejected(REJECTION_CODES.DEPENDENCY_FAILED, `It builds on the task ${id}, which ${what}.`, {
    field: 'task.after',
    failedTask: id,
  })
}
