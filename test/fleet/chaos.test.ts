/** The promises, with several gateways and everything that can happen to them. `npm run chaos` is the long run. */
import { describe, expect, it } from 'vitest'
import { postgresMissing } from '../support/postgres.ts'
import { runChaos } from './chaos.ts'
import { printReport } from './chaos-report.ts'

describe.skipIf(postgresMissing())('three gateways on one database', () => {
  it('killed, frozen and with the database crashing lose, double, leak and miss nothing', {
    timeout: 180_000,
  }, async () => {
    const report = await runChaos({
      seed: 20261201,
      rounds: 4,
      installations: 16,
      gateways: 3,
      crashes: 1,
      roundMs: 1200,
      paceMs: 600,
      restMs: 90_000,
    })
    printReport(report)
    expect(new Set(report.faults.map(({ kind }) => kind))).toEqual(new Set(['kill', 'freeze', 'wake', 'crash']))
    expect(report.invariants.filter(({ violations }) => violations.length > 0)).toEqual([])
  })
})
