import type { Reporter, TestModule } from 'vitest/node'

/** Closes the run with one plain line, and before it the reason of every skipped test. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0
    let failed = 0
    let skipped = 0
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') passed += 1
        else if (result.state === 'failed') failed += 1
        else {
          skipped += 1
          process.stdout.write(
            `skipped: ${test.fullName}: ${result.state === 'skipped' ? (result.note ?? 'no reason given') : 'never ran'}\n`,
          )
        }
      }
    }
    process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  }
}
