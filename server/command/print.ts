/** Reports as text for a terminal. */
import type { Overview, TaskDetail, TaskLine } from './inspect.ts'

export function printOverview({ store, unfinished, summary }: Overview): string {
  const tasks =
    unfinished.length === 0
      ? ['No task is unfinished.']
      : table(
          ['REFERENCE', 'TASK', 'USER', 'STATE', 'STATUS', 'AGE', 'STEP', 'WHY PARKED'],
          unfinished.map(task => [
            task.reference,
            task.task,
            task.user,
            task.state,
            task.status,
            ageOf(task),
            task.step ?? '-',
            task.parked?.why ?? '-',
          ]),
        )
  return lines([
    ...tasks,
    '',
    `store   ${store}, ${summary.bytes} bytes`,
    `tasks   ${countsOf(summary.statuses)}`,
    `heads   ${countsOf(summary.heads)}`,
  ])
}

export function printDetail(task: TaskDetail): string {
  const { parked, rejection, conflict, values } = task
  const facts: [string, string | null | undefined | false][] = [
    ['reference', task.reference],
    ['id', task.id !== task.reference && task.id],
    ['task', task.task],
    ['user', task.user],
    ['partition', task.partition],
    ['device', task.client && `${task.client}, number ${task.sequence ?? '-'}`],
    ['status', `${task.status}, ${task.state}`],
    ['parked', parked && `${parked.at}: ${parked.why}`],
    ['said', task.signal && `${task.signal}, not acted on yet`],
    ['taken', `${task.takenAt}, ${ageOf(task)} ago`],
    ['started', task.startedAt],
    ['finished', task.finishedAt],
    ['rejection', rejection && [rejection.code, rejection.field, rejection.failedTask].filter(Boolean).join(', ')],
    ['conflict', conflict && `${conflict.type}:${conflict.id}, fields ${String(conflict.fields)}`],
    ['after', task.after.join(', ')],
    ['waits for', task.waitsFor.join(', ')],
    ['waited for', task.waitedForBy.join(', ')],
    ['touches', task.touches.join(', ')],
    ['memos', task.memos.join(', ')],
    ['undo', undoOf(task)],
  ]
  const steps = table(
    ['STEP', 'STATUS', 'ATTEMPTS', 'SECONDS', 'ERROR'],
    task.steps.map(step => [
      step.optional ? `${step.name} (optional)` : step.name,
      step.status,
      String(step.attempts),
      step.seconds?.toString() ?? '-',
      step.error ?? '-',
    ]),
  )
  return lines([
    ...facts.flatMap(([name, fact]) => (fact ? [`${name.padEnd(12)}${printable(fact)}`] : [])),
    ...(task.steps.length === 0 ? [] : ['', ...steps]),
    ...(values === undefined ? [] : ['', 'values', JSON.stringify(values, undefined, 2)]),
  ])
}

const undoOf = ({ state, undo }: TaskDetail): string =>
  undo.length > 0
    ? `would take back ${undo.map(({ step, because }) => `${step} (${because})`).join(', then ')}`
    : state === 'finished'
      ? ''
      : 'would take back nothing'

function ageOf({ ageSeconds: seconds }: Pick<TaskLine, 'ageSeconds'>): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  const named = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))
  return named.map(([name, count]) => `${printable(name)} ${count}`).join(', ') || 'none'
}

/** Columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows.map(row => row.map(printable))]
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Names come from tokens and clients: they must not move the cursor of whoever looks at them. */
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`
