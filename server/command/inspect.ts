/** What `layover inspect` knows: the same for people (print.ts) and for programs (`--json`). */

import type { Operator, OperatorMemo, OperatorSummary, OperatorTask } from '../store/operator.ts'
import type { EntityRecord, StepReport } from '../store/store.ts'

export interface TaskLine {
  readonly reference: string
  readonly id: string
  /** `name@version` of the definition that it was begun under. */
  readonly task: string
  readonly user: string
  readonly state: 'waiting' | 'running' | 'parked' | 'finished'
  readonly status: string
  readonly takenAt: string
  readonly ageSeconds: number
  /** The one it is at; null before the first and after the last. */
  readonly step: string | null
  readonly parked: { readonly why: string; readonly at: string } | null
}

export interface Overview {
  readonly store: string
  readonly unfinished: readonly TaskLine[]
  readonly summary: OperatorSummary
}

export interface Undoing {
  readonly step: string
  readonly because: 'done' | 'outcome unknown'
}

export interface TaskDetail extends TaskLine {
  readonly partition: string
  readonly client: string | null
  readonly sequence: number | null
  readonly after: readonly string[]
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly steps: readonly (StepReport & { readonly seconds: number | null })[]
  /** Keys of what its walk recorded. */
  readonly memos: readonly string[]
  /** What undoing it would take back, in that order. */
  readonly undo: readonly Undoing[]
  /** `reads` or `writes` and `Type:id`. */
  readonly touches: readonly string[]
  readonly waitsFor: readonly string[]
  readonly waitedForBy: readonly string[]
  readonly rejection: { readonly code: unknown; readonly field: unknown; readonly failedTask: unknown } | null
  readonly conflict: { readonly type: unknown; readonly id: unknown; readonly fields: unknown } | null
  /** What an operator said and the gateway has not acted on yet. */
  readonly signal: 'resume' | 'undo' | null
  /** Only when asked for. */
  readonly values?: {
    readonly args: unknown
    readonly viewer: unknown
    readonly contested: unknown
    readonly record: unknown
    readonly memos: readonly OperatorMemo[]
  }
}

export async function overview(operator: Operator, store: string, now: number): Promise<Overview> {
  const unfinished = await operator.unfinished()
  return { store, unfinished: unfinished.map(found => lineOf(found, now)), summary: await operator.summary() }
}

export async function detail(
  operator: Operator,
  found: OperatorTask,
  { now, values }: { now: number; values: boolean },
): Promise<TaskDetail> {
  const { task, record } = found
  const memos = await operator.memos(task.reference)
  const steps = stepsOf(record)
  const waits = await operator.waits(task)
  const { rejection, conflict } = (record ?? {}) as { rejection?: Fields; conflict?: Fields }
  return {
    ...lineOf(found, now),
    partition: task.partition,
    client: task.client,
    sequence: task.sequence,
    after: task.after,
    startedAt: steps.flatMap(({ startedAt }) => startedAt ?? []).sort()[0] ?? null,
    finishedAt: task.finishedAt === null ? null : isoOf(task.finishedAt),
    steps: steps.map(step => ({ ...step, seconds: secondsOf(step) })),
    memos: memos.map(({ key }) => key),
    undo: task.state === 'finished' ? [] : undoing(steps, memos),
    touches: task.touches.map(({ record: touched, writes }) => `${writes ? 'writes' : 'reads'} ${touched}`),
    waitsFor: waits.for,
    waitedForBy: waits.by,
    rejection: rejection
      ? { code: rejection['code'], field: rejection['field'], failedTask: rejection['failedTask'] }
      : null,
    conflict: conflict ? { type: conflict['type'], id: conflict['id'], fields: conflict['fields'] } : null,
    signal: (await operator.pendingSignal(task.reference)) ?? null,
    ...(values ? { values: { args: task.args, viewer: task.viewer, contested: task.contested, record, memos } } : {}),
  }
}

type Fields = Readonly<Record<string, unknown>> | null

function lineOf({ task, record }: OperatorTask, now: number): TaskLine {
  const { parked } = task
  const isParked = task.state === 'running' && parked !== null
  return {
    reference: task.reference,
    id: task.id,
    task: `${task.name}@${task.definitionVersion}`,
    user: task.user,
    state: isParked ? 'parked' : task.state,
    status: task.status,
    takenAt: isoOf(task.takenAt),
    ageSeconds: Math.max(0, Math.round((now - task.takenAt) / 1000)),
    step: task.state === 'finished' ? null : currentStep(stepsOf(record)),
    parked: isParked ? { why: parked.why, at: isoOf(parked.at) } : null,
  }
}

/** Under way or being taken back; else the first that has not begun, once one before it has. */
function currentStep(steps: readonly StepReport[]): string | null {
  const active = steps.find(({ status }) => status === 'RUNNING' || status === 'UNDOING')
  if (active !== undefined) return active.name
  const begun = steps.some(({ status }) => status !== 'WAITING')
  return (begun ? steps.find(({ status }) => status === 'WAITING')?.name : undefined) ?? null
}

/**
 * As the saga layer would do it: in reverse, what is done and what may be done. What comes after the outcome was settled is
 * never undone.
 */
function undoing(steps: readonly StepReport[], memos: readonly OperatorMemo[]): Undoing[] {
  const recorded = new Map(memos.map(({ key, value }) => [key, value]))
  if (kindOf(recorded.get('settle')) === 'confirmed') return []
  /** Outcome of the last try: a step's tries are recorded as `name 1`, `name 2`, …, those of its undo as `name undo 1`, …. */
  const lastOf = (name: string): unknown => {
    let last: unknown
    for (let attempt = 1; recorded.has(`${name} ${attempt}`); attempt += 1) last = recorded.get(`${name} ${attempt}`)
    return kindOf((last as { outcome?: unknown } | undefined)?.outcome)
  }
  const taken = steps.flatMap(({ name, status, attempts }): Undoing[] => {
    if (lastOf(`${name} undo`) === 'done') return []
    const kind = lastOf(name)
    if (kind === 'done') return [{ step: name, because: 'done' }]
    const isOpen = kind === undefined && attempts > 0 && (status === 'RUNNING' || status === 'FAILED')
    // A refusal says nothing of a try before it that was never answered.
    const isRefusedLate = kind === 'rejected' && attempts > 1
    return kind === 'unknown' || isRefusedLate || isOpen ? [{ step: name, because: 'outcome unknown' }] : []
  })
  return taken.reverse()
}

const kindOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined

const stepsOf = (record: EntityRecord | undefined): readonly StepReport[] =>
  (record?.['steps'] as readonly StepReport[] | undefined) ?? []

const secondsOf = ({ startedAt, endedAt }: StepReport): number | null =>
  startedAt === null || endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000

const isoOf = (ms: number): string => new Date(ms).toISOString()
