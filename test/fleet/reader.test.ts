/** Promise 5 with several gateways on one database. `npm run proof:reader` is the long run. */
import { describe, expect, it } from 'vitest'
import { dropDatabase, freshDatabase, postgresMissing } from '../support/postgres.ts'
import { printReader, proveReader } from './reader.ts'

describe.skipIf(postgresMissing())('a reader that pulls while 16 writers commit over two gateways', () => {
  it('misses nothing, where a serial number as its cursor would', { timeout: 120_000 }, async () => {
    const url = await freshDatabase()
    try {
      const report = await proveReader({ url, commits: 1000, seed: 20261201 })
      printReader(report)
      expect(report.missed).toEqual([])
      expect(report.commits).toBeGreaterThanOrEqual(1000)
      expect(report.naive.missed).toBeGreaterThan(0)
    } finally {
      await dropDatabase(url)
    }
  })
})
