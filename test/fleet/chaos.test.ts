/** The promises, with several gateways and everything that can happen to them. `npm run chaos` is the long run. */
import { expect, it } from 'vitest'
import { runChaos } from './chaos.ts'
import { printReport } from './chaos-report.ts'

it('one gateway under fire: nothing is lost, doubled, leaked or missed', { timeout: 120_000 }, async () => {
  const report = await runChaos({
    seed: 20261201,
    rounds: 4,
    installations: 20,
    gateways: 1,
    crashes: 0,
    roundMs: 1000,
    paceMs: 500,
    restMs: 60_000,
  })
  printReport(report)
  expect(report.invariants.filter(({ violations }) => violations.length > 0)).toEqual([])
})
