/** What the gateway tells those who watch it: counters and spans. Names of tasks and steps only, never a value of a person's. */
import type { TaskStatus } from '../../protocol/index.ts'

export type StepOutcome = 'done' | 'rejected' | 'unknown' | 'undone' | 'undo failed'

export interface Span {
  /** Such as `task bookVacation` or `step hotel`. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number>>
}

/** Every method may be left out; none may throw, and none is waited for but the work it runs. */
export interface Observer {
  /** An outcome was written. `durationMs` counts from when the task was taken. */
  taskSettled?(event: { readonly name: string; readonly status: TaskStatus; readonly durationMs: number }): void
  /** One call to the outside came to an end, forwards or back. */
  stepEnded?(event: {
    readonly task: string
    readonly step: string
    readonly outcome: StepOutcome
    readonly durationMs: number
  }): void
  /** Subscribers were told of a commit, `lagMs` after it. */
  poked?(event: { readonly lagMs: number; readonly subscribers: number }): void
  /** A page of `changes` was answered. */
  pulled?(event: { readonly records: number; readonly durationMs: number; readonly ready: boolean }): void
  subscribers?(count: number): void
  /** Runs `work` inside a span and returns what it returned. */
  around?<Value>(span: Span, work: () => Promise<Value>): Promise<Value>
}

/** All of them as one. */
export function observers(all: readonly Observer[]): Required<Observer> {
  return {
    taskSettled: event => {
      for (const observer of all) observer.taskSettled?.(event)
    },
    stepEnded: event => {
      for (const observer of all) observer.stepEnded?.(event)
    },
    poked: event => {
      for (const observer of all) observer.poked?.(event)
    },
    pulled: event => {
      for (const observer of all) observer.pulled?.(event)
    },
    subscribers: count => {
      for (const observer of all) observer.subscribers?.(count)
    },
    around: (span, work) =>
      all.reduceRight<typeof work>((inner, observer) => () => observer.around?.(span, inner) ?? inner(), work)(),
  }
}
