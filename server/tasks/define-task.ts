import type { EntityRecord, ListQuery } from '../store/store.ts'
import type { Viewer } from '../viewer.ts'
import type { Conflicted, Outcome, Reconciliation, RecordReference, Rejected } from './outcome.ts'

/**
 * What a write did. A value, because a conflict is an expected outcome: return it, or act on it. A person's decision writes
 * the record in conflict alone: a task of several records has the one that may conflict last, and is then given up and sent
 * anew instead.
 */
export type Written = { readonly kind: 'written'; readonly entity: EntityRecord } | Rejected | Conflicted

/**
 * A task's hands inside its one transaction. Reads see what its own writes did; nothing is written unless the task is
 * confirmed. Reads and writes obey the collection's rules for the task's viewer.
 */
export interface TaskTransaction {
  readonly viewer: Viewer
  readonly taskId: string
  /** RFC 3339, UTC: when this transaction runs. */
  readonly now: string
  find(type: string, id: string): Promise<EntityRecord | undefined>
  /** In order of id; `after` is the id after which to go on. */
  list(type: string, query: Pick<ListQuery, 'equals' | 'contains' | 'after' | 'first'>): Promise<EntityRecord[]>
  /** Rejected ALREADY_EXISTS when the id was ever used. */
  create(type: string, id: string, fields: Readonly<Record<string, unknown>>): Promise<Written>
  /** Three-way merge by field against the state at `baseVersion`; a field both sides changed is settled by the collection's policy. */
  update(type: string, id: string, baseVersion: number, patch: Readonly<Record<string, unknown>>): Promise<Written>
  /** When somebody else changed the record after `baseVersion`, the collection's policy settles it. */
  remove(type: string, id: string, baseVersion: number): Promise<Written>
  /** Tells the person what was decided on their behalf (Task.reconciliation). */
  reconcile(entry: Reconciliation): void
}

export interface StepCall {
  /** `<task>:<step>`: the same at every try, also after a crash. Hand it to the outside as the idempotency key. */
  readonly key: string
  readonly attempt: number
  /** Aborted when the attempt's time is over or the gateway stops. */
  readonly signal: AbortSignal
}

export type StepAnswer<Value> = { readonly kind: 'done'; readonly value: Value } | Rejected

export const done = <Value>(value: Value): StepAnswer<Value> => ({ kind: 'done', value })

/** Results of the steps so far, by name. */
export type StepResults = Readonly<Record<string, unknown>>

export interface Step<Plan> {
  readonly name: string
  /** A definite no, or no answer at all, does not fail the task. */
  readonly optional?: (plan: Plan) => boolean
  /** Nothing to do: reported as SKIPPED. */
  readonly skip?: (plan: Plan) => boolean
  /** A rejection is definitely "not done". Anything thrown leaves the outcome unknown. */
  readonly run: (plan: Plan, call: StepCall, results: StepResults) => Promise<StepAnswer<unknown>>
  /**
   * Takes back what `run` may have done, by key; called until it succeeds, also when the outcome is unknown. `results` are
   * those of the steps that were done: this one is not among them when its outcome is unknown.
   */
  readonly undo?: (plan: Plan, call: StepCall, results: StepResults) => Promise<void>
  /** Tries before an unknown outcome counts as failed; 'forever' for what must happen. Default 3. */
  readonly attempts?: number | 'forever'
  /** Wait before the second try; doubled per try up to five minutes, and spread. Default 200. */
  readonly firstRetryMs?: number
  /** Of one attempt; default 10,000. */
  readonly timeoutMs?: number
}

export type Touches<Args> = (args: Args) => readonly RecordReference[]

interface Definition<Args> {
  readonly name: string
  /** Raise it when the steps change: tasks begun under the old one need the old one to be finished. Default 1. */
  readonly version: number
  /** Records it writes: it waits for unfinished tasks that read or write one of them, and they for it. */
  readonly touches: Touches<Args>
  /** Records that must stay as they are while it works: it waits for unfinished writers, and writers for it. */
  readonly reads?: Touches<Args>
}

/** One transaction, no outside steps, no engine. */
export interface PlainTask<Args> extends Definition<Args> {
  readonly kind: 'plain'
  readonly run: (args: Args, transaction: TaskTransaction) => Promise<Outcome>
}

/**
 * Prepared in one transaction, then step by step with the outside, then settled in one transaction; what comes afterwards
 * cannot fail it any more. A refusal on the way undoes the steps in reverse order.
 */
export interface SagaTask<Args, Plan> extends Definition<Args> {
  readonly kind: 'saga'
  /** Decides on current data, and writes nothing. */
  readonly prepare: (
    args: Args,
    transaction: TaskTransaction,
  ) => Promise<{ kind: 'plan'; plan: Plan } | Rejected | Conflicted>
  readonly steps: readonly Step<Plan>[]
  readonly settle: (plan: Plan, results: StepResults, transaction: TaskTransaction) => Promise<Outcome>
  readonly afterwards: readonly Step<Plan>[]
  /**
   * How long the way forward may take, counted from when the task is prepared. What has not been confirmed by then is undone
   * and rejected UNAVAILABLE. Default: no limit but that of the steps.
   */
  readonly deadlineMs?: number
  /**
   * How long an undo, or a step that must happen, is tried before the task is PARKED for an operator. Default one hour; at
   * least three tries are made.
   */
  readonly parkAfterMs?: number
}

// biome-ignore lint/suspicious/noExplicitAny: a gateway holds tasks of different arguments; each is typed where it is defined
export type TaskDefinition = PlainTask<any> | SagaTask<any, any>

type Options<Task> = Omit<Task, 'name' | 'kind' | 'version' | 'afterwards'> & { version?: number }

/** What is recorded of a step is filed under its name and a word behind a space, and suppliers see the name in their keys. */
const STEP_NAME = /^[\w-]{1,64}$/

/** `name` is the mutation field, which takes `task: TaskInput` and returns a type that implements TaskPayload. */
export function defineTask<Args>(name: string, options: Options<PlainTask<Args>>): PlainTask<Args>
export function defineTask<Args, Plan>(
  name: string,
  options: Options<SagaTask<Args, Plan>> & { afterwards?: readonly Step<Plan>[] },
): SagaTask<Args, Plan>
export function defineTask(
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: the overloads above carry the types
  options: Options<PlainTask<any>> | (Options<SagaTask<any, any>> & { afterwards?: readonly Step<any>[] }),
): TaskDefinition {
  const version = options.version ?? 1
  if ('run' in options) return { kind: 'plain', name, ...options, version }
  const names = [...options.steps, ...(options.afterwards ?? [])].map(step => step.name)
  if (new Set(names).size !== names.length) throw new Error(`task ${name}: two steps have the same name`)
  const odd = names.find(step => !STEP_NAME.test(step))
  if (odd !== undefined) throw new Error(`task ${name}: "${odd}" is no name of a step; use letters, digits, _ and -`)
  return { kind: 'saga', name, afterwards: [], ...options, version }
}
