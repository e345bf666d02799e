/** What the demo says, and whether it was true. */
const isTerminal = process.stdout.isTTY
const paint = (code: number, text: string): string => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text)

export interface Story {
  chapter(title: string): void
  say(line: string): void
  /** Says it with a mark, and remembers if it did not hold. */
  check(promise: string, holds: boolean): void
  readonly broken: readonly string[]
}

export function tell(): Story {
  const broken: string[] = []
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`)
  }
  return {
    chapter: title => print(`\n${paint(1, title)}`),
    say: line => print(`  ${line}`),
    check(promise, holds) {
      print(`  ${holds ? paint(32, '✓') : paint(31, '✗')} ${promise}`)
      if (!holds) broken.push(promise)
    },
    broken,
  }
}
