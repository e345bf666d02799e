/**
 * The saga layer: forward through the steps, back through them in reverse order, on any engine. It works only on memos, so
 * that a walk after a crash takes the same turns as the one before it.
 *
 * A step's outcome is done, refused (definitely not done) or unknown (no answer). Unknown is undone by key like done.
 */
import { backoffMs, type Clock, pause, type Random, REJECTION_CODES } from '../../protocol/index.ts'
import type { Run } from '../engine/engine.ts'
import type { StepReport } from '../store/store.ts'
import type { SagaTask, Step, StepCall, StepResults } from './define-task.ts'
import { type Conflicted, type Outcome, type Rejected, rejected } from './outcome.ts'
import { waitingStep } from './task.ts'

const DEFAULT_ATTEMPTS = 3
const DEFAULT_TIMEOUT_MS = 10_000
const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 5 * 60_000

export interface SagaPorts<Plan> {
  readonly run: Run
  readonly clock: Clock
  readonly random: Random
  /** In one transaction, on current data. */
  prepare(): Promise<{ kind: 'plan'; plan: Plan } | Rejected | Conflicted>
  /** Shows the steps to whoever looks at the task. */
  report(steps: readonly StepReport[]): Promise<void>
  /** In one transaction: writes the outcome if the task confirms it, else nothing. */
  settle(plan: Plan, results: StepResults, steps: readonly StepReport[]): Promise<Outcome>
  /** Writes an outcome that isn't confirmed. */
  refuse(outcome: Rejected | Conflicted, steps: readonly StepReport[]): Promise<void>
  /** Nothing is left to do. */
  finish(steps: readonly StepReport[]): Promise<void>
}

interface Memo {
  readonly outcome: { kind: 'done'; value: unknown } | Rejected | { kind: 'unknown'; error: string }
  readonly attempts: number
  readonly startedAt: string
  readonly endedAt: string
}

// biome-ignore lint/suspicious/noExplicitAny: the plan's type is known where the task is defined
export async function walkSaga(definition: SagaTask<any, any>, ports: SagaPorts<any>): Promise<void> {
  const prepared = await ports.run.memo('prepare', () => ports.prepare())
  const saga = new Saga(definition, ports, prepared.kind === 'plan' ? prepared.plan : undefined)
  if (prepared.kind !== 'plan') return saga.giveUp(prepared)
  const refusal = await saga.forward()
  const outcome = refusal ?? (await saga.settle())
  if (outcome.kind !== 'confirmed') {
    await saga.backward()
    return saga.giveUp(outcome)
  }
  await saga.afterwards()
}

class Saga<Plan> {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly #definition: SagaTask<any, Plan>
  readonly #ports: SagaPorts<Plan>
  readonly #plan: Plan
  readonly #results: Record<string, unknown> = {}
  readonly #steps: StepReport[]
  readonly #toUndo: Step<Plan>[] = []
  #reporting: Promise<void> = Promise.resolve()

  // biome-ignore lint/suspicious/noExplicitAny: as above
  constructor(definition: SagaTask<any, Plan>, ports: SagaPorts<Plan>, plan: Plan) {
    this.#definition = definition
    this.#ports = ports
    this.#plan = plan
    const all = plan === undefined ? [] : [...definition.steps, ...definition.afterwards]
    this.#steps = all.map(step => waitingStep(step.name, step.optional?.(plan) ?? false))
  }

  /** The refusal that ends the way forward, or undefined when every step is behind us. */
  async forward(): Promise<Rejected | undefined> {
    for (const step of this.#definition.steps) {
      const refusal = await this.#step(step)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  async settle(): Promise<Outcome> {
    await this.#reporting
    return this.#ports.run.memo('settle', () => this.#ports.settle(this.#plan, this.#results, this.#steps))
  }

  /** In reverse, each until it succeeds: a reservation that nobody holds must not stay. */
  async backward(): Promise<void> {
    for (const step of this.#toUndo.reverse()) await this.#undo(step)
  }

  async giveUp(outcome: Rejected | Conflicted): Promise<void> {
    await this.#reporting
    await this.#ports.refuse(outcome, this.#steps)
  }

  async afterwards(): Promise<void> {
    for (const step of this.#definition.afterwards) await this.#step(step)
    await this.#reporting
    await this.#ports.finish(this.#steps)
  }

  async #step(step: Step<Plan>): Promise<Rejected | undefined> {
    if (step.skip?.(this.#plan)) {
      this.#mark(step, { status: 'SKIPPED' })
      return undefined
    }
    const optional = step.optional?.(this.#plan) ?? false
    const memo = await this.#ports.run.memo(step.name, () => this.#attempt(step))
    const seen = { attempts: memo.attempts, startedAt: memo.startedAt, endedAt: memo.endedAt }
    switch (memo.outcome.kind) {
      case 'done':
        this.#results[step.name] = memo.outcome.value
        this.#toUndo.push(step)
        this.#mark(step, { status: 'DONE', error: null, ...seen })
        return undefined
      case 'rejected':
        this.#mark(step, { status: optional ? 'SKIPPED' : 'FAILED', error: memo.outcome.code, ...seen })
        return optional ? undefined : memo.outcome
      case 'unknown':
        this.#mark(step, { status: 'FAILED', error: memo.outcome.error, ...seen })
        if (optional) {
          await this.#undo(step)
          return undefined
        }
        this.#toUndo.push(step)
        return rejected(
          REJECTION_CODES.UNAVAILABLE,
          `There was no answer from the outside for step "${step.name}", and everything was undone. Try again later.`,
        )
    }
  }

  /** Tries until there is a definite answer or the tries are used up. Only ever runs live, never on a replay. */
  async #attempt(step: Step<Plan>): Promise<Memo> {
    const { clock, random, run } = this.#ports
    const limit = step.attempts === 'forever' ? Number.POSITIVE_INFINITY : (step.attempts ?? DEFAULT_ATTEMPTS)
    const startedAt = this.#now()
    for (let attempt = 1; ; attempt += 1) {
      this.#mark(step, { status: 'RUNNING', attempts: attempt, startedAt })
      this.#report()
      const outcome = await this.#call(step, attempt, call => step.run(this.#plan, call, this.#results))
      const final = outcome.kind !== 'unknown' || attempt >= limit
      if (final) return { outcome, attempts: attempt, startedAt, endedAt: this.#now() }
      this.#mark(step, { status: 'RUNNING', error: outcome.error })
      await pause(clock, backoffMs(attempt, random, FIRST_RETRY_MS, LAST_RETRY_MS), run.signal)
    }
  }

  async #undo(step: Step<Plan>): Promise<void> {
    const { clock, random, run } = this.#ports
    const { undo } = step
    if (undo === undefined) return
    await run.memo(`${step.name} undone`, async () => {
      for (let attempt = 1; ; attempt += 1) {
        this.#mark(step, { status: 'UNDOING' })
        this.#report()
        const outcome = await this.#call(step, attempt, async call => {
          await undo(this.#plan, call, this.#results)
          return { kind: 'done' as const, value: null }
        })
        if (outcome.kind === 'done') return { endedAt: this.#now() }
        this.#mark(step, { status: 'UNDOING', error: outcome.kind === 'unknown' ? outcome.error : outcome.code })
        await pause(clock, backoffMs(attempt, random, FIRST_RETRY_MS, LAST_RETRY_MS), run.signal)
      }
    })
    this.#mark(step, { status: 'UNDONE', endedAt: this.#now() })
  }

  /** One call to the outside, bounded in time. What is thrown is an unknown outcome, unless the gateway stops. */
  async #call(
    step: Step<Plan>,
    attempt: number,
    work: (call: StepCall) => Promise<Memo['outcome']>,
  ): Promise<Memo['outcome']> {
    const { clock, run } = this.#ports
    run.signal.throwIfAborted()
    const timeout = new AbortController()
    const withdraw = clock.after(step.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => timeout.abort(new TimeoutReached()))
    const signal = AbortSignal.any([timeout.signal, run.signal])
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    try {
      return await Promise.race([work({ key: `${run.task.reference}:${step.name}`, attempt, signal }), aborted])
    } catch (error) {
      run.signal.throwIfAborted()
      return { kind: 'unknown', error: nameOf(error) }
    } finally {
      withdraw()
    }
  }

  #mark(step: Step<Plan>, change: Partial<StepReport>): void {
    const index = this.#steps.findIndex(({ name }) => name === step.name)
    const before = this.#steps[index]
    if (before !== undefined) this.#steps[index] = { ...before, ...change }
  }

  /** Reports go out in order, beside the work; the next write that matters waits for them. */
  #report(): void {
    const steps = [...this.#steps]
    this.#reporting = this.#reporting.then(() => this.#ports.report(steps))
    // It is awaited before the outcome is written; until then a failure must not end the process.
    this.#reporting.catch(() => undefined)
  }

  #now(): string {
    return new Date(this.#ports.clock.now()).toISOString()
  }
}

class TimeoutReached extends Error {
  readonly code = 'TIMED_OUT'
}

/** What may be shown of a failure: its code or class, never its text, which may hold addresses or personal data. */
function nameOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return 'NO_ANSWER'
}
