/** What the gateway tells those who watch it: counters and spans. Names of tasks and steps only, never a value of a person's. */
import type { TaskStatus } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Backlog } from '../store/store.ts'

export type StepOutcome = 'done' | 'rejected' | 'unknown' | 'undone' | 'undo failed'

export interface Span {
  /** Such as `task bookVacation` or `step hotel`. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number>>
}

/** What there is to watch. */
export interface Watched {
  /** Everything that may ever be named in an event: it bounds the labels of metrics. */
  readonly tasks: readonly { readonly name: string; readonly steps: readonly string[] }[]
  /** Unfinished tasks as the store has them now. Throws StoreError while the store is not open. */
  backlog(): Promise<Backlog>
}

/** Every method may be left out, and none is waited for. What one throws is logged and changes nothing. */
export interface Observer {
  /** Once, when the gateway is made. */
  watch?(gateway: Watched): void
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
  /** Commits of other gateways came to be known: by the bus, or by a look at the store since the bus had lost them. */
  heard?(event: { readonly commits: number; readonly by: 'bus' | 'look' }): void
  /** An HTTP request was answered. `route` is the pattern that it matched, never its address; undefined: none. */
  answered?(event: {
    readonly method: string
    readonly route: string | undefined
    readonly status: number
    readonly durationMs: number
  }): void
  /** Calls `work` at once, inside a span. The caller is given what `work` returned, whatever comes back from here. */
  around?<Value>(span: Span, work: () => Promise<Value>): Promise<Value>
}

type Told = Exclude<keyof Observer, 'around'>

/** All of them as one that never throws: watching must not cost a task. */
export function observers(all: readonly Observer[], log: Log): Required<Observer> {
  const failed = (error: unknown, event: string): void => log.warn({ error, event }, 'an observer failed')
  const tell = (event: Told, call: (observer: Observer) => void): void => {
    for (const observer of all) {
      try {
        call(observer)
      } catch (error) {
        failed(error, event)
      }
    }
  }
  const inside = <Value>(observer: Observer, span: Span, work: () => Promise<Value>): Promise<Value> => {
    let started: Promise<Value> | undefined
    const once = (): Promise<Value> => {
      started ??= work()
      return started
    }
    try {
      // What it adds on the way out is its own affair: a rejection of the work reaches the caller below.
      observer.around?.(span, once).catch(() => undefined)
    } catch (error) {
      failed(error, 'around')
    }
    return once()
  }
  return {
    watch: gateway => tell('watch', observer => observer.watch?.(gateway)),
    taskSettled: event => tell('taskSettled', observer => observer.taskSettled?.(event)),
    stepEnded: event => tell('stepEnded', observer => observer.stepEnded?.(event)),
    poked: event => tell('poked', observer => observer.poked?.(event)),
    pulled: event => tell('pulled', observer => observer.pulled?.(event)),
    subscribers: count => tell('subscribers', observer => observer.subscribers?.(count)),
    heard: event => tell('heard', observer => observer.heard?.(event)),
    answered: event => tell('answered', observer => observer.answered?.(event)),
    around: (span, work) =>
      all.reduceRight<typeof work>((inner, observer) => () => inside(observer, span, inner), work)(),
  }
}
