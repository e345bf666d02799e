/** `npm run proof:reader`. `READER_COMMITS` (default 100,000), `READER_SEED`. */
import { startPostgres } from '../support/postgres.ts'
import { printReader, proveReader } from './reader.ts'

const server = await startPostgres()
try {
  const report = await proveReader({
    url: await server.createDatabase(),
    commits: Number(process.env['READER_COMMITS'] ?? 100_000),
    seed: Number(process.env['READER_SEED'] ?? 20261201),
  })
  printReader(report)
  process.exitCode = report.missed.length === 0 ? 0 : 1
} finally {
  await server.stop()
}
