/** One step, or its undo, tried until it is over: each try bounded in time, recorded, and followed by a longer wait. */
import { backoffMs, type Clock, type Random } from '../../protocol/index.ts'
import type { Run } from '../engine/engine.ts'
import type { Observer, StepOutcome } from '../observe/observer.ts'
import type { StepReport } from '../store/store.ts'
import type { Step, StepAnswer, StepCall } from './define-task.ts'
import type { Rejected } from './outcome.ts'

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 5 * 60_000
/** Tries that a round has at least before the task is parked, so that a restart after a long rest is no reason. */
const LEAST_TRIES = 3

type StepResult = { readonly kind: 'done'; readonly value: unknown } | Rejected | Unknown

interface Unknown {
  readonly kind: 'unknown'
  /** Code or class of the failure, never its text, which may hold addresses or personal data. */
  readonly error: string
}

/** What is recorded of one try. */
interface Try {
  readonly outcome: StepResult
  /** Milliseconds since the epoch: when it began and when it ended. */
  readonly from: number
  readonly at: number
  readonly isCalledOff: boolean
  /** A walk that ended before it could record it may have made this try before. */
  readonly isRepeat: boolean
}

export interface Tried extends Try {
  readonly attempts: number
  /** A try before the last one was never answered: whatever the last one says, that one may yet take hold outside. */
  readonly leavesOpen: boolean
  /** RFC 3339, UTC: of the first try. */
  readonly startedAt: string
}

export interface Trial {
  readonly key: string
  /** Tries before an unknown outcome is final. */
  readonly limit: number
  /** Milliseconds since the epoch, after which no further try is made. */
  readonly deadline: number
  /** Waits for an operator when it takes too long; for what must happen. */
  readonly mayPark: boolean
  /** An operator's undo ends it with an unknown outcome; otherwise it goes on all the same. */
  readonly mayBeCalledOff: boolean
  readonly running: 'RUNNING' | 'UNDOING'
  readonly outcomes: Readonly<Record<StepResult['kind'], StepOutcome>>
  readonly call: (call: StepCall) => Promise<StepAnswer<unknown>>
}

interface Ports {
  readonly run: Run
  readonly clock: Clock
  readonly random: Random
  readonly observer: Required<Observer>
}

interface Setting<Plan> {
  readonly parkAfterMs: number
  readonly show: (step: Step<Plan>, change: Partial<StepReport>) => void
}

export class StepTries<Plan> {
  readonly #ports: Ports
  readonly #task: string
  readonly #setting: Setting<Plan>

  constructor(ports: Ports, task: string, setting: Setting<Plan>) {
    this.#ports = ports
    this.#task = task
    this.#setting = setting
  }

  /** Decides by memos alone how to go on, so that a replay goes the same way. */
  async until(step: Step<Plan>, trial: Trial): Promise<Tried> {
    const { run, random } = this.#ports
    const { key, limit, deadline, mayPark } = trial
    let firstFrom: number | undefined
    let round: { since: number; tries: number } | undefined
    for (let attempt = 1; ; attempt += 1) {
      const begin = firstFrom
      const tried = await run.memo(`${key} ${attempt}`, () => this.#try(step, trial, attempt, begin))
      firstFrom ??= tried.from
      round = { since: round?.since ?? tried.from, tries: (round?.tries ?? 0) + 1 }
      const { outcome } = tried
      // A refusal of an undo is no answer to it: it is tried again like an unknown one.
      const isOpen = outcome.kind === 'unknown' || (outcome.kind === 'rejected' && trial.running === 'UNDOING')
      if (!isOpen || tried.isCalledOff || attempt >= limit || tried.at >= deadline)
        return { ...tried, startedAt: timeOf(firstFrom), attempts: attempt, leavesOpen: attempt > 1 || tried.isRepeat }
      if (mayPark && round.tries >= LEAST_TRIES && tried.at - round.since >= this.#setting.parkAfterMs) {
        const what = trial.running === 'UNDOING' ? `The undo of step "${step.name}"` : `Step "${step.name}"`
        await run.waitSignal(`${key} parked ${attempt}`, `${what} has not succeeded (${errorOf(outcome)}).`)
        round = undefined
      } else {
        const waitMs = backoffMs(attempt, random, step.firstRetryMs ?? DEFAULT_FIRST_RETRY_MS, LAST_RETRY_MS)
        await run.sleep(`${key} ${attempt} pause`, waitMs)
      }
    }
  }

  /** Only ever runs live, never on a replay. */
  async #try(step: Step<Plan>, trial: Trial, attempt: number, begin: number | undefined): Promise<Try> {
    const { clock, run, observer } = this.#ports
    const from = clock.now()
    const { isRepeat } = run
    if (trial.mayBeCalledOff && run.isToBeUndone) {
      return { outcome: { kind: 'unknown', error: 'UNDONE_BY_OPERATOR' }, from, at: from, isCalledOff: true, isRepeat }
    }
    // The gateway was away meanwhile, or it was a long pause.
    if (from >= trial.deadline)
      return { outcome: { kind: 'unknown', error: 'TIMED_OUT' }, from, at: from, isCalledOff: false, isRepeat }
    const isForward = trial.running === 'RUNNING'
    this.#setting.show(step, {
      status: trial.running,
      ...(isForward ? { attempts: attempt, startedAt: timeOf(begin ?? from) } : {}),
    })
    const span = {
      name: `${isForward ? 'step' : 'undo'} ${step.name}`,
      attributes: { 'layover.task': this.#task, 'layover.step': step.name },
    }
    // It is told within the span, which takes its own outcome from it.
    const { outcome, at } = await observer.around(span, async () => {
      const ended = await this.#call(step, attempt, trial.call)
      const now = clock.now()
      const told = { task: this.#task, step: step.name, outcome: trial.outcomes[ended.kind] }
      observer.stepEnded({ ...told, durationMs: now - from })
      return { outcome: ended, at: now }
    })
    if (outcome.kind === 'unknown') this.#setting.show(step, { status: trial.running, error: outcome.error })
    return { outcome, from, at, isCalledOff: false, isRepeat }
  }

  /** One call to the outside, bounded in time. What is thrown is an unknown outcome, unless the gateway stops. */
  async #call(step: Step<Plan>, attempt: number, work: Trial['call']): Promise<StepResult> {
    const { clock, run } = this.#ports
    run.signal.throwIfAborted()
    const over = new AbortController()
    const { signal } = over
    const withdraw = clock.after(step.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => over.abort(new TimeoutReached()))
    const stop = (): void => over.abort(run.signal.reason)
    run.signal.addEventListener('abort', stop, { once: true })
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
      // The engine's signal lives as long as the gateway, and what is left listening to it does, too.
      run.signal.removeEventListener('abort', stop)
    }
  }
}

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

class TimeoutReached extends Error {
  readonly code = 'TIMED_OUT'
}

const errorOf = (outcome: StepResult): string =>
  outcome.kind === 'unknown' ? outcome.error : outcome.kind === 'rejected' ? outcome.code : outcome.kind

function nameOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return 'NO_ANSWER'
}
