/** What a run under fire came to, for people. */
import type { ChaosReport } from './chaos.ts'

const SHOWN = 10

export function printReport({ figures, invariants }: ChaosReport): void {
  const lines = [
    ...figures.map(([name, value]) => `  ${name.padEnd(9)} ${value}`),
    ...invariants.flatMap(({ holds, figure, violations }) => [
      `  ${violations.length === 0 ? 'holds' : 'FAILS'}     ${holds}: ${figure}`,
      ...violations.slice(0, SHOWN).map(each => `              ${each}`),
      ...(violations.length > SHOWN ? [`              and ${violations.length - SHOWN} more`] : []),
    ]),
  ]
  process.stdout.write(`chaos\n${lines.join('\n')}\n`)
}
