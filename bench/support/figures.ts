/** Figures of a noisy machine: medians of repeated runs, compared only with what was measured in between. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** Such as `2.4 ms (1.9 … 6.0, 40 runs)`. */
export function spread(values: readonly number[], unit = 'ms', digits = 1): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(digits)} ${unit} (${least.toFixed(digits)} … ${most.toFixed(digits)}, ${values.length} runs)`
}

export function print(title: string, lines: readonly [string, string][]): void {
  const width = Math.max(...lines.map(([name]) => name.length))
  process.stdout.write(`${title}\n${lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('')}`)
}
