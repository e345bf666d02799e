/** Takes tasks, starts them in order, walks them through the engine and settles them. The one place where a task's state changes. */
import { backoffMs, type Clock, isSettled, type Random, REJECTION_CODES } from '../../protocol/index.ts'
import type { Engine, Run } from '../engine/engine.ts'
import type { Log } from '../log.ts'
import { refusalOfRepeat } from '../mutation-log.ts'
import type { Observer } from '../observe/observer.ts'
import type { NewTask, StepReport, Store, StoredTask, TaskAddress, Touch, Unit } from '../store/store.ts'
import type { Collection } from '../sync/collection.ts'
import { tenantPartition, type Viewer } from '../viewer.ts'
import type { SagaTask, TaskDefinition } from './define-task.ts'
import { type Confirmed, confirmed, type Outcome, type Rejected, rejected } from './outcome.ts'
import { walkSaga } from './saga.ts'
import { changeOf, statusOf, writeTaskRecord } from './task.ts'
import { RecordTransaction } from './transaction.ts'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 60_000

export interface Submission {
  readonly viewer: Viewer
  readonly definition: TaskDefinition
  readonly args: Readonly<Record<string, unknown>>
  readonly inputHash: string
  readonly id: string
  readonly client: string | null
  readonly sequence: number | null
  readonly after: readonly string[]
}

export interface RunnerOptions {
  readonly store: Store
  readonly engine: Engine
  readonly definitions: readonly TaskDefinition[]
  readonly collections: ReadonlyMap<string, Collection>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly observer: Required<Observer>
  /** How long a settled task is answered with its outcome. */
  readonly retentionMs: number
}

export class TaskRunner {
  readonly #options: RunnerOptions
  readonly #definitions: ReadonlyMap<string, TaskDefinition>
  readonly #waiters = new Map<number, Set<() => void>>()
  /** Withdraw what is to be tried again. */
  readonly #retries = new Set<() => void>()
  #stopped = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#definitions = new Map(options.definitions.map(definition => [served(definition), definition]))
    options.engine.start(run => this.#walk(run))
  }

  /** Goes on with what an earlier process left unfinished. */
  async recover(): Promise<void> {
    for (const task of await this.#options.store.view.unfinished()) await this.#goOn(task)
  }

  /** Starts nothing more by itself. What waits goes on after the next start. */
  stop(): void {
    this.#stopped = true
    for (const withdraw of this.#retries) withdraw()
  }

  /**
   * The task as it stands after it was taken: new, or known from before. A refusal means that the id can't be used.
   * A plain task that waits for nothing is settled in the same transaction that claims its id.
   */
  async submit(submission: Submission): Promise<StoredTask | Rejected> {
    const { store, clock, retentionMs } = this.#options
    const { viewer, definition, id } = submission
    const address: TaskAddress = { partition: tenantPartition(viewer), user: viewer.user, id }
    const take = async (): Promise<StoredTask | Rejected> => {
      let isNew = false
      const task = await store.write(address.partition, async unit => {
        const known = await unit.task(address)
        isNew = known === undefined
        if (known !== undefined) return refusalOfRepeat(known, submission.inputHash, clock.now(), retentionMs) ?? known
        return this.#take(unit, address, submission)
      })
      if (isNew && !('kind' in task) && task.state === 'finished') this.#observe(task)
      return task
    }
    const taken = definition.kind === 'plain' ? await this.#spanOf(definition.name, id, take) : await take()
    if ('kind' in taken) return taken
    if (taken.state !== 'waiting' && definition.kind === 'saga' && taken.state !== 'finished')
      this.#options.engine.run(taken)
    return taken
  }

  /** Resolves when nothing of the task is left to do, or at the latest after `timeoutMs`. */
  async settled(task: StoredTask, timeoutMs: number): Promise<void> {
    if (task.state === 'finished' || timeoutMs <= 0) return
    await new Promise<void>(resolve => {
      const waiters = this.#waiters.get(task.number) ?? new Set()
      this.#waiters.set(task.number, waiters)
      const done = (): void => {
        withdraw()
        waiters.delete(done)
        resolve()
      }
      const withdraw = this.#options.clock.after(timeoutMs, done)
      waiters.add(done)
      // It may have finished before we began to listen.
      this.#options.store.view.task(task).then(now => now?.state === 'finished' && done(), done)
    })
  }

  async #take(unit: Unit, address: TaskAddress, submission: Submission): Promise<StoredTask> {
    const { definition, args, viewer } = submission
    const touches = touchesOf(definition, args)
    const before = await this.#before(unit, address, submission.after, touches)
    const fresh: NewTask = {
      ...address,
      name: definition.name,
      definitionVersion: definition.version,
      inputHash: submission.inputHash,
      args,
      viewer: { user: viewer.user, tenant: viewer.tenant, roles: viewer.roles },
      client: submission.client,
      sequence: submission.sequence,
      after: submission.after,
      touches,
      status: 'ACCEPTED',
      state: 'waiting',
      payload: {},
      contested: null,
      takenAt: this.#options.clock.now(),
    }
    if ('kind' in before) return this.#bornSettled(unit, fresh, before, undefined)
    if (before.length > 0) {
      const task = await unit.takeTask(fresh)
      await unit.waitFor(task, before)
      await writeTaskRecord(unit, task, { status: 'ACCEPTED', steps: [] }, this.#now())
      return task
    }
    if (definition.kind === 'plain') {
      const transaction = this.#transaction(unit, fresh)
      return this.#bornSettled(unit, fresh, await definition.run(args, transaction), transaction)
    }
    const task = await unit.takeTask({ ...fresh, status: 'RUNNING', state: 'running' })
    await writeTaskRecord(unit, task, { status: 'RUNNING', steps: [] }, this.#now())
    return task
  }

  /** Unfinished tasks it has to wait for, or the refusal that one of them caused. */
  async #before(
    unit: Unit,
    { partition, user }: TaskAddress,
    after: readonly string[],
    touches: readonly Touch[],
  ): Promise<StoredTask[] | Rejected> {
    const blockers = await unit.inTheWay(partition, touches)
    for (const id of after) {
      const task = await unit.task({ partition, user, id })
      if (task === undefined) return dependencyFailed(id, 'is not known to this gateway')
      if (!isSettled(task.status)) blockers.push(task)
      else if (task.status !== 'CONFIRMED') return dependencyFailed(id, `ended ${task.status}`)
    }
    return blockers
  }

  async #bornSettled(
    unit: Unit,
    fresh: NewTask,
    outcome: Outcome,
    transaction: RecordTransaction | undefined,
  ): Promise<StoredTask> {
    if (outcome.kind === 'confirmed') transaction?.apply()
    const task = await unit.takeTask({
      ...fresh,
      status: statusOf(outcome),
      state: 'finished',
      payload: payloadOf(outcome),
      contested: outcome.kind === 'conflict' ? outcome.contested : null,
    })
    await writeTaskRecord(unit, task, changeOf(outcome, transaction?.reconciliation ?? []), this.#now())
    return task
  }

  /**
   * Never rejects: a task that can't be started is logged and tried again, so that neither the outcome of the one before it
   * nor the start of the gateway hangs on it.
   */
  async #goOn(task: StoredTask, attempt = 1): Promise<void> {
    try {
      await this.#advance(task)
    } catch (error) {
      const { clock, random, log } = this.#options
      if (this.#stopped) return
      log.error({ error, task: task.reference, attempt }, 'a task could not be started and will be tried again')
      const withdraw = clock.after(backoffMs(attempt, random, FIRST_RETRY_MS, LAST_RETRY_MS), () => {
        this.#retries.delete(withdraw)
        void this.#goOn(task, attempt + 1)
      })
      this.#retries.add(withdraw)
    }
  }

  /** Starts a waiting task whose turn has come, or takes up a running one. */
  async #advance(task: StoredTask): Promise<void> {
    if (task.state === 'running') return this.#options.engine.run(task)
    const { store } = this.#options
    const definition = this.#definition(task)
    if (definition === undefined) return
    const freed = await store.write(task.partition, async unit => {
      const now = await unit.task(task)
      if (now === undefined || now.state !== 'waiting' || (await unit.isBlocked(now))) return []
      const before = await this.#before(unit, now, now.after, [])
      if ('kind' in before) return this.#settle(unit, now, before, undefined, {})
      if (before.length > 0) {
        await unit.waitFor(now, before)
        return []
      }
      if (definition.kind === 'plain') {
        const transaction = this.#transaction(unit, now)
        return this.#settle(unit, now, await definition.run(now.args, transaction), transaction, {})
      }
      await unit.changeTask(now, { status: 'RUNNING', state: 'running' })
      await writeTaskRecord(unit, now, { status: 'RUNNING' }, this.#now())
      return [{ ...now, status: 'RUNNING' as const, state: 'running' as const }]
    })
    await this.#startAll(task, freed)
  }

  /** Writes an outcome; returns the tasks whose turn has come. */
  async #settle(
    unit: Unit,
    task: StoredTask,
    outcome: Outcome,
    transaction: RecordTransaction | undefined,
    { steps, more = false }: { steps?: readonly StepReport[]; more?: boolean },
  ): Promise<StoredTask[]> {
    if (outcome.kind === 'confirmed') transaction?.apply()
    await unit.changeTask(task, {
      status: statusOf(outcome),
      state: more ? 'running' : 'finished',
      payload: payloadOf(outcome),
      contested: outcome.kind === 'conflict' ? outcome.contested : null,
      finishedAt: this.#options.clock.now(),
    })
    const change = changeOf(outcome, transaction?.reconciliation ?? [])
    await writeTaskRecord(unit, task, steps === undefined ? change : { ...change, steps }, this.#now())
    if (!more) await unit.dropMemos(task.reference)
    return unit.release(task)
  }

  async #startAll(settledTask: StoredTask, freed: readonly StoredTask[]): Promise<void> {
    await this.#tell(settledTask)
    for (const task of freed) {
      if (task.number === settledTask.number) this.#options.engine.run(task)
      else await this.#goOn(task)
    }
  }

  async #tell(task: StoredTask): Promise<void> {
    const now = await this.#options.store.view.task(task)
    if (now?.state !== 'finished') return
    this.#observe(now)
    for (const done of this.#waiters.get(task.number) ?? []) done()
    this.#waiters.delete(task.number)
  }

  #observe({ name, status, takenAt, finishedAt }: StoredTask): void {
    const durationMs = (finishedAt ?? this.#options.clock.now()) - takenAt
    this.#options.observer.taskSettled({ name, status, durationMs })
  }

  async #walk(run: Run): Promise<void> {
    const task = await this.#options.store.view.task(run.task)
    if (task === undefined || task.state !== 'running') return
    const definition = this.#definition(task)
    if (definition?.kind !== 'saga') return
    await this.#spanOf(task.name, task.reference, () => this.#walkTask(run, task, definition))
  }

  #spanOf<Value>(name: string, reference: string, work: () => Promise<Value>): Promise<Value> {
    const attributes = { 'layover.task': name, 'layover.reference': reference }
    return this.#options.observer.around({ name: `task ${name}`, attributes }, work)
  }

  // biome-ignore lint/suspicious/noExplicitAny: the plan's type is known where the task is defined
  async #walkTask(run: Run, task: StoredTask, definition: SagaTask<any, any>): Promise<void> {
    const { store, clock, random, observer } = this.#options
    await walkSaga(definition, {
      run,
      clock,
      random,
      observer,
      prepare: () => store.write(task.partition, unit => definition.prepare(task.args, this.#transaction(unit, task))),
      report: steps =>
        store.write(task.partition, async unit => {
          await writeTaskRecord(unit, task, { steps }, this.#now())
        }),
      settle: (plan, results, steps) => this.#settleSaga(task, definition, plan, results, steps),
      refuse: async (outcome, steps) => {
        const freed = await store.write(task.partition, unit => this.#settle(unit, task, outcome, undefined, { steps }))
        await this.#startAll(task, freed)
      },
      finish: async steps => {
        await store.write(task.partition, async unit => {
          const now = await unit.task(task)
          if (now?.state !== 'running') return
          await unit.changeTask(now, { state: 'finished' })
          await writeTaskRecord(unit, now, { steps }, this.#now())
          await unit.dropMemos(task.reference)
        })
        await this.#tell(task)
      },
    })
  }

  async #settleSaga(
    task: StoredTask,
    // biome-ignore lint/suspicious/noExplicitAny: the plan's type is known where the task is defined
    definition: SagaTask<any, any>,
    plan: unknown,
    results: Readonly<Record<string, unknown>>,
    steps: readonly StepReport[],
  ): Promise<Outcome> {
    const { store } = this.#options
    const { outcome, freed } = await store.write(task.partition, async unit => {
      const now = await unit.task(task)
      // A crash between this commit and its memo: it is settled already.
      if (now !== undefined && now.status === 'CONFIRMED') {
        return { outcome: confirmed(now.payload) satisfies Confirmed as Outcome, freed: [] }
      }
      const transaction = this.#transaction(unit, task)
      const decided = await definition.settle(plan, results, transaction)
      if (decided.kind !== 'confirmed') return { outcome: decided, freed: [] }
      return { outcome: decided, freed: await this.#settle(unit, task, decided, transaction, { steps, more: true }) }
    })
    for (const next of freed) await this.#goOn(next)
    return outcome
  }

  #transaction(unit: Unit, task: NewTask): RecordTransaction {
    const { collections } = this.#options
    return new RecordTransaction({
      unit,
      collections,
      viewer: task.viewer,
      client: task.client,
      taskId: task.id,
      now: this.#now(),
    })
  }

  #definition(task: StoredTask): TaskDefinition | undefined {
    const name = served({ name: task.name, version: task.definitionVersion })
    const definition = this.#definitions.get(name)
    if (definition === undefined) {
      this.#options.log.error(
        { task: task.reference, name },
        'an unfinished task was begun by a definition that this build lacks; it waits for one that has it',
      )
    }
    return definition
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}

function touchesOf({ touches, reads }: TaskDefinition, args: unknown): Touch[] {
  const written = new Set(touches(args).map(({ type, id }) => `${type}:${id}`))
  const read = new Set(
    (reads?.(args) ?? []).map(({ type, id }) => `${type}:${id}`).filter(record => !written.has(record)),
  )
  return [
    ...[...written].map(record => ({ record, writes: true })),
    ...[...read].map(record => ({ record, writes: false })),
  ]
}

const served = ({ name, version }: { name: string; version: number }): string => `${name}@${version}`

const payloadOf = (outcome: Outcome): StoredTask['payload'] => (outcome.kind === 'confirmed' ? outcome.payload : {})

function dependencyFailed(id: string, what: string): Rejected {
  return rejected(REJECTION_CODES.DEPENDENCY_FAILED, `It builds on the task ${id}, which ${what}.`, {
    field: 'task.after',
    failedTask: id,
  })
}
