/**
 * The saga layer: forward through the steps, back through them in reverse order, on any engine. It works only on memos, so
 * that a walk after a crash takes the same turns as the one before it. One try of a step is one memo.
 *
 * A step's outcome is done, refused (definitely not done) or unknown (no answer). Unknown is undone by key like done; so is
 * refused after a try that was never answered, which may still be on its way.
 */
import { type Clock, type Random, REJECTION_CODES } from '../../protocol/index.ts'
import type { Run } from '../engine/engine.ts'
import type { Observer } from '../observe/observer.ts'
import type { StepReport, Unit } from '../store/store.ts'
import type { SagaTask, Step, StepResults } from './define-task.ts'
import { type Conflicted, type Outcome, type Rejected, rejected } from './outcome.ts'
import { StepTries, type Tried } from './step-tries.ts'
import { waitingStep } from './task.ts'

const DEFAULT_ATTEMPTS = 3
const DEFAULT_PARK_AFTER_MS = 60 * 60_000
/** Progress is written once in so long at most. What is over sooner is first seen with what comes after it. */
const REPORT_EVERY_MS = 100

export interface SagaPorts<Plan> {
  readonly run: Run
  readonly clock: Clock
  readonly random: Random
  readonly observer: Required<Observer>
  /** On current data, in the unit that records it. */
  prepare(unit: Unit): Promise<{ kind: 'plan'; plan: Plan } | Rejected | Conflicted>
  /** Shows the steps to whoever looks at the task. */
  report(steps: readonly StepReport[]): Promise<void>
  /**
   * Records the outcome, and in the same unit writes it if the task confirms it, else nothing. What is confirmed stays so,
   * whatever `refusal` says.
   */
  settle(outcome: {
    readonly plan: Plan
    readonly results: StepResults
    readonly steps: readonly StepReport[]
    readonly refusal: () => Rejected | undefined
  }): Promise<Outcome>
  /** Writes an outcome that isn't confirmed. */
  refuse(outcome: Rejected | Conflicted, steps: readonly StepReport[]): Promise<void>
  /** After the last of what comes afterwards. Where nothing does, `settle` has finished it. */
  finish(steps: readonly StepReport[]): Promise<void>
}

export const undoneByOperator = rejected(
  REJECTION_CODES.UNDONE_BY_OPERATOR,
  'It could not go on, and an operator had it undone. Nothing of it stays.',
)

// biome-ignore lint/suspicious/noExplicitAny: the plan's type is known where the task is defined
export async function walkSaga(definition: SagaTask<any, any>, ports: SagaPorts<any>): Promise<void> {
  const { run, clock } = ports
  const { prepared, at } = await run.record('prepare', async unit => ({
    prepared: run.isToBeUndone ? undoneByOperator : await ports.prepare(unit),
    at: clock.now(),
  }))
  const saga = new Saga(definition, ports, prepared.kind === 'plan' ? prepared.plan : undefined, at)
  try {
    if (prepared.kind !== 'plan') return await saga.giveUp(prepared)
    const refusal = await saga.forward()
    const outcome = refusal ?? (await saga.settle())
    if (outcome.kind !== 'confirmed') {
      await saga.backward()
      return await saga.giveUp(outcome)
    }
    await saga.afterwards()
  } finally {
    saga.leave()
  }
}

class Saga<Plan> {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly #definition: SagaTask<any, Plan>
  readonly #ports: SagaPorts<Plan>
  readonly #plan: Plan
  readonly #tries: StepTries<Plan>
  /** Milliseconds since the epoch. */
  readonly #deadline: number
  readonly #results: Record<string, unknown> = {}
  readonly #steps: StepReport[]
  readonly #toUndo: Step<Plan>[] = []
  #reporting: Promise<void> = Promise.resolve()
  #withdrawReport: (() => void) | undefined
  /** When the last try ended, by its memo: the time that a replay sees, too. */
  #lastAt: number

  // biome-ignore lint/suspicious/noExplicitAny: as above
  constructor(definition: SagaTask<any, Plan>, ports: SagaPorts<Plan>, plan: Plan, at: number) {
    this.#definition = definition
    this.#ports = ports
    this.#plan = plan
    this.#lastAt = at
    this.#deadline = definition.deadlineMs === undefined ? Number.POSITIVE_INFINITY : at + definition.deadlineMs
    this.#tries = new StepTries(ports, definition.name, {
      parkAfterMs: definition.parkAfterMs ?? DEFAULT_PARK_AFTER_MS,
      show: (step, change) => {
        this.#mark(step, change)
        this.#report()
      },
    })
    const all = plan === undefined ? [] : [...definition.steps, ...definition.afterwards]
    this.#steps = all.map(step => waitingStep(step.name, step.optional?.(plan) ?? false))
  }

  /** The refusal that ends the way forward, or undefined when every step is behind us. */
  async forward(): Promise<Rejected | undefined> {
    for (const step of this.#definition.steps) {
      if (this.#lastAt >= this.#deadline) return outOfTime
      const refusal = await this.#step(step, this.#deadline)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  async settle(): Promise<Outcome> {
    await this.#lastReport()
    const { run, clock, settle } = this.#ports
    const late = (): Rejected | undefined => (clock.now() >= this.#deadline ? outOfTime : undefined)
    const refusal = (): Rejected | undefined => (run.isToBeUndone ? undoneByOperator : late())
    return settle({ plan: this.#plan, results: this.#results, steps: this.#steps, refusal })
  }

  /** In reverse, each until it succeeds: a reservation that nobody holds must not stay. */
  async backward(): Promise<void> {
    for (const step of this.#toUndo.reverse()) await this.#undo(step)
  }

  async giveUp(outcome: Rejected | Conflicted): Promise<void> {
    await this.#lastReport()
    await this.#ports.refuse(outcome, this.#steps)
  }

  async afterwards(): Promise<void> {
    if (this.#definition.afterwards.length === 0) return
    for (const step of this.#definition.afterwards) await this.#step(step, Number.POSITIVE_INFINITY, true)
    await this.#lastReport()
    await this.#ports.finish(this.#steps)
  }

  async #step(step: Step<Plan>, deadline: number, isAfterwards = false): Promise<Rejected | undefined> {
    if (step.skip?.(this.#plan)) {
      this.#mark(step, { status: 'SKIPPED' })
      return undefined
    }
    const optional = step.optional?.(this.#plan) ?? false
    const mustHappen = step.attempts === 'forever'
    const tried = await this.#tries.until(step, {
      key: step.name,
      limit: mustHappen ? Number.POSITIVE_INFINITY : Number(step.attempts ?? DEFAULT_ATTEMPTS),
      deadline: mustHappen ? Number.POSITIVE_INFINITY : deadline,
      mayPark: mustHappen && !isAfterwards,
      mayBeCalledOff: !isAfterwards,
      running: 'RUNNING',
      outcomes: { done: 'done', rejected: 'rejected', unknown: 'unknown' },
      call: call => step.run(this.#plan, call, this.#results),
    })
    this.#lastAt = tried.at
    const { outcome } = tried
    const seen = { attempts: tried.attempts, startedAt: tried.startedAt, endedAt: new Date(tried.at).toISOString() }
    switch (outcome.kind) {
      case 'done':
        this.#results[step.name] = outcome.value
        this.#toUndo.push(step)
        this.#mark(step, { status: 'DONE', error: null, ...seen })
        return undefined
      case 'rejected':
        this.#mark(step, { status: optional ? 'SKIPPED' : 'FAILED', error: outcome.code, ...seen })
        if (tried.leavesOpen && optional) await this.#undo(step)
        else if (tried.leavesOpen) this.#toUndo.push(step)
        return optional ? undefined : outcome
      case 'unknown':
        this.#mark(step, { status: 'FAILED', error: outcome.error, ...seen })
        return this.#unanswered(step, optional, tried)
    }
  }

  async #unanswered(step: Step<Plan>, optional: boolean, { isCalledOff, at }: Tried): Promise<Rejected | undefined> {
    if (optional && !isCalledOff) {
      await this.#undo(step)
      return undefined
    }
    this.#toUndo.push(step)
    if (isCalledOff) return undoneByOperator
    if (at >= this.#deadline) return outOfTime
    return rejected(
      REJECTION_CODES.UNAVAILABLE,
      `There was no answer from the outside for step "${step.name}", and everything was undone. Try again later.`,
    )
  }

  async #undo(step: Step<Plan>): Promise<void> {
    const { undo } = step
    if (undo === undefined) return
    const tried = await this.#tries.until(step, {
      key: `${step.name} undo`,
      limit: Number.POSITIVE_INFINITY,
      deadline: Number.POSITIVE_INFINITY,
      mayPark: true,
      mayBeCalledOff: false,
      running: 'UNDOING',
      outcomes: { done: 'undone', rejected: 'undo failed', unknown: 'undo failed' },
      call: async call => {
        await undo(this.#plan, call, this.#results)
        return { kind: 'done', value: null }
      },
    })
    this.#mark(step, { status: 'UNDONE', endedAt: new Date(tried.at).toISOString() })
  }

  #mark(step: Step<Plan>, change: Partial<StepReport>): void {
    const index = this.#steps.findIndex(({ name }) => name === step.name)
    const before = this.#steps[index]
    if (before !== undefined) this.#steps[index] = { ...before, ...change }
  }

  /** Nothing is reported from here on: the walk is over, or waits for an operator. */
  leave(): void {
    this.#withdrawReport?.()
  }

  /** Reports are gathered, and go out in order beside the work. */
  #report(): void {
    this.#withdrawReport ??= this.#ports.clock.after(REPORT_EVERY_MS, () => {
      this.#withdrawReport = undefined
      const steps = [...this.#steps]
      this.#reporting = this.#reporting.then(() => this.#ports.report(steps))
      // It is awaited before the outcome is written; until then a failure must not end the process.
      this.#reporting.catch(() => undefined)
    })
  }

  /** Before a write that shows the steps itself. */
  async #lastReport(): Promise<void> {
    this.#withdrawReport?.()
    this.#withdrawReport = undefined
    await this.#reporting
  }
}

const outOfTime = rejected(
  REJECTION_CODES.UNAVAILABLE,
  'It took longer than it may, and everything was undone. Try again later.',
)
