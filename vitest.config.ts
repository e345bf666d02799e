import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    tsconfigPaths: true,
    // Vite would take graphql's ESM build for our files while Node gives its CommonJS build to the packages: two realms.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
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
