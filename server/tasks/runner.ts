/** Takes tasks, starts them in order, walks them through the engine and settles them. The one place where a task's state changes. */
import { backoffMs, type Clock, isSettled, type Random } from '../../protocol/index.ts'
import type { DocumentRun } from '../batch.ts'
import { definitionName, type Engine, type Run } from '../engine/engine.ts'
import type { Log } from '../log.ts'
import { refusalOfRepeat } from '../mutation-log.ts'
import type { Observer } from '../observe/observer.ts'
import {
  type Expected,
  type StepReport,
  type Store,
  type StoredTask,
  StoreError,
  type TaskAddress,
  type Unit,
} from '../store/store.ts'
import type { News } from '../sync/bus.ts'
import type { Collection } from '../sync/collection.ts'
import { tenantPartition, type Viewer } from '../viewer.ts'
import type { SagaTask, TaskDefinition } from './define-task.ts'
import { isWithdrawnUnseen, type Submission, type Taken, TaskLedger, touchesOf } from './ledger.ts'
import { confirmed, type Outcome, type Rejected } from './outcome.ts'
import { type SagaPorts, undoneByOperator, walkSaga } from './saga.ts'
import { TASK_TYPE, taskKey, writeTaskRecord } from './task.ts'
import { WaitingRoom } from './waiting-room.ts'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 60_000

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
  readonly #ledger: TaskLedger
  readonly #waiting: WaitingRoom
  /** Withdraw what is to be tried again. */
  readonly #retries = new Set<() => void>()
  #stopped = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#definitions = new Map(options.definitions.map(definition => [nameOf(definition), definition]))
    this.#ledger = new TaskLedger(options.collections, options.clock)
    this.#waiting = new WaitingRoom(options.clock)
  }

  /** Goes on with what an earlier process left unfinished. */
  async recover(): Promise<void> {
    const { engine } = this.#options
    await engine.start({
      walk: run => this.#walk(run),
      park: (run, why) => this.#park(run, why),
      advance: task => this.#goOn(task, true),
    })
    await engine.recover()
  }

  /** Starts nothing more by itself. What waits goes on after the next start. */
  stop(): void {
    this.#stopped = true
    for (const withdraw of this.#retries) withdraw()
  }

  /**
   * The task as it stands after it was taken: new, or known from before. A refusal means that the id can't be used. Calls are
   * queued in their order; those of one document are not taken after one that could not be.
   */
  async submit(submission: Submission, document: DocumentRun): Promise<Taken | Rejected> {
    const { store, clock, engine, retentionMs } = this.#options
    const address = addressOf(submission.viewer, submission.id)
    const take = async (unit: Unit): Promise<Taken | Rejected> => {
      const known = await unit.task(address)
      if (known === undefined) return this.#ledger.take(unit, submission)
      if (isWithdrawnUnseen(known)) return { task: known }
      return refusalOfRepeat(known, submission.inputHash, clock.now(), retentionMs) ?? { task: known }
    }
    // Asked twice: at its turn in the commit's group, and when the commit itself has failed.
    const write = async (): Promise<Taken | Rejected> => {
      const written = await document.attempt(() =>
        store.write(address.partition, unit => document.attempt(() => take(unit)), expectedToTake(submission, address)),
      )
      if (!('kind' in written) && written.fresh !== undefined && written.task.state === 'finished')
        this.#observe(written.task)
      return written
    }
    const { name, kind } = submission.definition
    const taken = kind === 'plain' ? await this.#spanOf(name, address.id, write) : await write()
    if ('kind' in taken) return taken
    const { task, fresh } = taken
    if (fresh !== undefined) this.#waiting.call(takenKey(address))
    if (task.state === 'running' && task.parked === null) engine.run(task, { isFirst: fresh !== undefined })
    return taken
  }

  /** Withdraws what has not started. Whatever has is answered as it stands; what never came will never be run. */
  async withdraw(viewer: Viewer, id: string): Promise<StoredTask> {
    const { store } = this.#options
    const address = addressOf(viewer, id)
    const { task, freed } = await store.write(address.partition, async unit => {
      const known = await unit.task(address)
      if (known === undefined) return { task: (await this.#ledger.takeWithdrawn(unit, viewer, id)).task, freed: [] }
      if (known.status !== 'ACCEPTED') return { task: known, freed: undefined }
      return { task: known, freed: await this.#ledger.close(unit, known, { status: 'CANCELLED' }) }
    })
    if (freed !== undefined) await this.#startAll(task, freed)
    return task
  }

  /** True when the task was taken, at the latest after `timeoutMs`. */
  wasTaken(viewer: Viewer, id: string, timeoutMs: number): Promise<boolean> {
    const address = addressOf(viewer, id)
    const isTaken = async (): Promise<boolean> => (await this.#options.store.view.task(address)) !== undefined
    return this.#waiting.until([takenKey(address), userKey(address)], timeoutMs, isTaken)
  }

  /** Resolves when the gateway does nothing more about the task on its own account, or at the latest after `timeoutMs`. */
  async settled(task: StoredTask, timeoutMs: number): Promise<void> {
    if (isOver(task) || timeoutMs <= 0) return
    await this.#waiting.until([task.reference, userKey(task)], timeoutMs, async () => {
      const now = await this.#options.store.view.task(task)
      return now !== undefined && isOver(now)
    })
  }

  /** Another process committed something: whoever waits for a task of these users looks now. */
  heard(news: readonly News[]): void {
    for (const { partition, owners } of news) {
      if (owners === 'anybody') continue
      for (const user of owners) if (user !== null) this.#waiting.call(userKey({ partition, user }))
    }
  }

  /**
   * Never rejects: a task that can't be started is logged and tried again, so that neither the outcome of the one before it
   * nor the start of the gateway hangs on it. `isLeft`: its turn had come before, in a process that has ended since.
   */
  async #goOn(task: StoredTask, isLeft = false, attempt = 1): Promise<void> {
    try {
      await this.#advance(task, isLeft)
    } catch (error) {
      const { clock, random, log } = this.#options
      if (this.#stopped) return
      log.error({ error, task: task.reference, attempt }, 'a task could not be started and will be tried again')
      const withdraw = clock.after(backoffMs(attempt, random, FIRST_RETRY_MS, LAST_RETRY_MS), () => {
        this.#retries.delete(withdraw)
        void this.#goOn(task, isLeft, attempt + 1)
      })
      this.#retries.add(withdraw)
    }
  }

  /** Starts a waiting task whose turn has come, or takes up a running one. */
  async #advance(task: StoredTask, isLeft: boolean): Promise<void> {
    const { store, engine, log } = this.#options
    if (task.state === 'running') return engine.run(task)
    const definition = this.#definition(task)
    if (definition === undefined) return
    try {
      const freed = await this.#turn(task, definition, isLeft)
      if (freed !== undefined) await this.#startAll(task, freed)
    } catch (error) {
      if (error instanceof StoreError || this.#stopped) throw error
      // Its own code fails. From here on the engine has it, which counts such walks and parks it in the end.
      log.error({ error, task: task.reference }, 'a waiting task failed when its turn came')
      await store.write(task.partition, async unit => {
        const now = await unit.task(task)
        if (now?.state === 'waiting') await this.#toRunning(unit, now)
      })
      engine.run(task)
    }
  }

  /** What a waiting task's turn sets free; itself, if steps lie before it. Undefined if it is not its turn. */
  #turn(task: StoredTask, definition: TaskDefinition, isLeft: boolean): Promise<StoredTask[] | undefined> {
    const turn = async (unit: Unit): Promise<StoredTask[] | undefined> => {
      const now = await unit.task(task)
      if (now === undefined || now.state !== 'waiting' || (await unit.isBlocked(now))) return undefined
      const before = await this.#ledger.before(unit, now, [])
      if ('kind' in before) return this.#ledger.settle(unit, now, before, undefined)
      if (before.length > 0) {
        await unit.waitFor(now, before)
        return undefined
      }
      // It may have ended that process: the engine counts its walks.
      if (definition.kind === 'plain' && !isLeft) {
        const transaction = this.#ledger.transaction(unit, now)
        return this.#ledger.settle(unit, now, await definition.run(now.args, transaction), transaction)
      }
      return [await this.#toRunning(unit, now)]
    }
    return this.#options.store.write(task.partition, turn, about(task))
  }

  async #toRunning(unit: Unit, task: StoredTask): Promise<StoredTask> {
    await writeTaskRecord(unit, task, { status: 'RUNNING' }, this.#ledger.now())
    return unit.changeTask(task, { status: 'RUNNING', state: 'running' })
  }

  async #startAll(settledTask: StoredTask, freed: readonly StoredTask[]): Promise<void> {
    await this.#tell(settledTask)
    for (const task of freed) {
      if (task.number === settledTask.number) this.#options.engine.run(task, { isFirst: true })
      else await this.#goOn(task)
    }
  }

  async #tell(task: StoredTask): Promise<void> {
    const now = await this.#options.store.view.task(task)
    if (now === undefined || !isOver(now)) return
    if (now.state === 'finished') this.#observe(now)
    this.#waiting.call(task.reference)
  }

  #observe({ name, status, takenAt, finishedAt }: StoredTask): void {
    const { observer, clock } = this.#options
    observer.taskSettled({ name, status, durationMs: (finishedAt ?? clock.now()) - takenAt })
  }

  #spanOf<Value>(name: string, reference: string, work: () => Promise<Value>): Promise<Value> {
    const attributes = { 'layover.task': name, 'layover.reference': reference }
    return this.#options.observer.around({ name: `task ${name}`, attributes }, work)
  }

  async #walk(run: Run): Promise<void> {
    const { store } = this.#options
    const task = await store.view.task(run.task)
    if (task === undefined || task.state !== 'running') return
    const definition = this.#definition(task)
    if (definition === undefined) return
    if (task.status === 'PARKED' && task.parked === null)
      await run.write(unit => this.#toRunning(unit, task), about(task))
    await this.#spanOf(task.name, task.reference, () =>
      definition.kind === 'plain' ? this.#walkPlain(task, definition, run) : this.#walkSaga(task, definition, run),
    )
  }

  /** A plain task whose turn came and whose code failed: again, under the engine's eyes. */
  async #walkPlain(task: StoredTask, definition: TaskDefinition & { kind: 'plain' }, run: Run): Promise<void> {
    const freed = await run.write(async unit => {
      if (run.isToBeUndone) return this.#ledger.settle(unit, task, undoneByOperator, undefined)
      const transaction = this.#ledger.transaction(unit, task)
      return this.#ledger.settle(unit, task, await definition.run(task.args, transaction), transaction)
    }, about(task))
    await this.#startAll(task, freed)
  }

  // biome-ignore lint/suspicious/noExplicitAny: the plan's type is known where the task is defined
  async #walkSaga(task: StoredTask, definition: SagaTask<any, any>, run: Run): Promise<void> {
    const { clock, random, observer } = this.#options
    const ledger = this.#ledger
    const expected = about(task)
    await walkSaga(definition, {
      run,
      clock,
      random,
      observer,
      prepare: unit => definition.prepare(task.args, ledger.transaction(unit, task)),
      report: steps => run.write(unit => this.#report(unit, task, steps), expected),
      settle: outcome => this.#settleSaga(task, definition, run, outcome),
      refuse: async (outcome, steps) => {
        const freed = await run.write(async unit => {
          await this.#takeUp(unit, await unit.task(task))
          return ledger.settle(unit, task, outcome, undefined, { steps })
        }, expected)
        await this.#startAll(task, freed)
      },
      finish: steps => this.#finish(task, run, steps),
    })
  }

  async #finish(task: StoredTask, run: Run, steps: readonly StepReport[]): Promise<void> {
    await run.write(async unit => {
      const now = await unit.task(task)
      if (now?.state !== 'running') return
      await unit.changeTask(now, { state: 'finished', parked: null })
      await writeTaskRecord(unit, now, { steps }, this.#ledger.now())
      await unit.dropMemos(task.reference)
    }, about(task))
    await this.#tell(task)
  }

  async #report(unit: Unit, task: StoredTask, steps: readonly StepReport[]): Promise<void> {
    await this.#takeUp(unit, await unit.task(task))
    await writeTaskRecord(unit, task, { steps }, this.#ledger.now())
  }

  /** An operator let it go on, in the middle of this walk. */
  async #takeUp(unit: Unit, task: StoredTask | undefined): Promise<void> {
    if (task?.status !== 'PARKED') return
    await unit.changeTask(task, { parked: null })
    await this.#toRunning(unit, task)
  }

  async #settleSaga(
    task: StoredTask,
    // biome-ignore lint/suspicious/noExplicitAny: as above
    definition: SagaTask<any, any>,
    run: Run,
    { plan, results, steps, refusal }: Parameters<SagaPorts<unknown>['settle']>[0],
  ): Promise<Outcome> {
    const ledger = this.#ledger
    const hasMore = definition.afterwards.length > 0
    let [freed, isFinished]: [readonly StoredTask[], boolean] = [[], false]
    const settle = async (unit: Unit): Promise<Outcome> => {
      ;[freed, isFinished] = [[], false]
      const now = await unit.task(task)
      // An earlier version may have ended between this outcome and its memo: nobody takes it back.
      if (now !== undefined && now.status === 'CONFIRMED') return confirmed(now.payload)
      const refused = refusal()
      if (refused !== undefined) return refused
      const transaction = ledger.transaction(unit, task)
      const decided = await definition.settle(plan, results, transaction)
      if (decided.kind !== 'confirmed') return decided
      freed = await ledger.settle(unit, task, decided, transaction, { steps, hasMore })
      isFinished = !hasMore
      return decided
    }
    const outcome = await run.record('settle', settle, about(task))
    for (const next of freed) await this.#goOn(next)
    if (isFinished) await this.#tell(task)
    // An earlier version did that in a commit of its own, and ended before it.
    else if (outcome.kind === 'confirmed' && !hasMore) await this.#finish(task, run, steps)
    return outcome
  }

  /** What is confirmed stays so, whatever its after-effects do. */
  async #park(run: Run, why: string): Promise<void> {
    const { clock, log } = this.#options
    await run.write(async unit => {
      const task = await unit.task(run.task)
      if (task === undefined || task.state === 'finished' || task.parked !== null) return
      const parked = { why, at: clock.now() }
      if (isSettled(task.status)) await unit.changeTask(task, { parked })
      else {
        await unit.changeTask(task, { status: 'PARKED', parked })
        await writeTaskRecord(unit, task, { status: 'PARKED' }, this.#ledger.now())
      }
    }, about(run.task))
    log.error({ task: run.task.reference, why }, 'a task is parked: an operator has to resume or undo it')
    this.#waiting.call(run.task.reference)
  }

  #definition(task: StoredTask): TaskDefinition | undefined {
    const name = definitionName(task.name, task.definitionVersion)
    const definition = this.#definitions.get(name)
    if (definition === undefined) {
      this.#options.log.error(
        { task: task.reference, name },
        'an unfinished task was begun by a definition that this build lacks; it waits for one that has it',
      )
    }
    return definition
  }
}

const nameOf = ({ name, version }: TaskDefinition): string => definitionName(name, version)

/** What every unit about a task reads. */
const about = (task: TaskAddress): Expected => ({
  tasks: [task],
  records: [`${TASK_TYPE}:${taskKey(task)}`],
})

const addressOf = (viewer: Viewer, id: string): TaskAddress => ({
  partition: tenantPartition(viewer),
  user: viewer.user,
  id,
})

const userKey = ({ partition, user }: Pick<TaskAddress, 'partition' | 'user'>): string => `${partition} ${user}`

/** What taking a task looks at: its claim, those it comes after, and the records that it touches. */
function expectedToTake({ definition, args, after }: Submission, address: TaskAddress): Expected {
  const touches = touchesOf(definition, args)
  return {
    tasks: [address, ...after.map(id => ({ ...address, id }))],
    records: [`${TASK_TYPE}:${taskKey(address)}`, ...touches.map(({ record }) => record)],
    touches,
    takes: 1,
  }
}

const takenKey = ({ partition, user, id }: TaskAddress): string => `${partition} ${user} ${id}`

/** Nothing more happens to it by itself. */
const isOver = ({ state, status }: StoredTask): boolean => state === 'finished' || status === 'PARKED'
