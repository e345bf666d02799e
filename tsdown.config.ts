import { defineConfig } from 'tsdown'

const common = { outDir: 'dist/package', format: 'esm', dts: true, fixedExtension: false } as const

/** The doors of the package; `exports` in package.json names the same. */
export default defineConfig([
  {
    ...common,
    entry: {
      client: 'client/index.ts',
      'client/ws': 'client/use/ws.ts',
      react: 'client/react/index.ts',
      testing: 'client/testing/index.ts',
      protocol: 'protocol/index.ts',
    },
    platform: 'browser',
    target: 'es2022',
  },
  {
    ...common,
    clean: false,
    entry: {
      server: 'server/index.ts',
      'server/metrics': 'server/observe/metrics.ts',
      'server/opentelemetry': 'server/observe/opentelemetry.ts',
      'server/sqlite': 'server/store/sqlite.ts',
      'server/postgres': 'server/postgres.ts',
      'server/nats': 'server/sync/nats-bus.ts',
      'server/fastify': 'server/use/fastify.ts',
      'server/ws': 'server/use/ws.ts',
      command: 'server/command/main.ts',
    },
    platform: 'node',
    target: 'node20',
  },
])
