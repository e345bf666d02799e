import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** A browser that takes a new version in the middle of its work has the machine for itself: it comes last. */
class QuietLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLast = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('browser/interrupted.test.ts')
    return [...sorted.filter(file => !isLast(file)), ...sorted.filter(isLast)]
  }
}

export default defineConfig({
  resolve: {
    tsconfigPaths: true,
    // Vite would take graphql's ESM build for our files while Node gives its CommonJS build to the packages: two realms.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    sequence: { sequencer: QuietLast },
    // Most of them wait for a process, a socket or a browser, not for a processor.
    maxWorkers: 3,
    // Files that share a worker share its modules: loading them anew for each costs a minute of two cores.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: './test/support/setup.ts',
    expect: { poll: { timeout: 15_000 } },
    globalSetup: './test/support/global-setup.ts',
    reporters: ['default', './test/support/reporter.ts'],
  },
})
