/** `npm run chaos`: the long run. `CHAOS_SEED`, `CHAOS_ROUNDS`, `CHAOS_INSTALLATIONS`, `CHAOS_GATEWAYS`, `CHAOS_CRASHES`, `CHAOS_ROUND_MS`, `CHAOS_PACE_MS`. */
import { bundleGateway } from '../../server/vacation/build.ts'
import { runChaos } from './chaos.ts'
import { printReport } from './chaos-report.ts'

const setting = (name: string, fallback: number): number => Number(process.env[`CHAOS_${name}`] ?? fallback)

await bundleGateway()
const report = await runChaos({
  seed: setting('SEED', Math.floor(Date.now() / 1000)),
  rounds: setting('ROUNDS', 60),
  installations: setting('INSTALLATIONS', 200),
  gateways: setting('GATEWAYS', 3),
  crashes: setting('CRASHES', 3),
  roundMs: setting('ROUND_MS', 4000),
  paceMs: setting('PACE_MS', 4000),
  restMs: 300_000,
})
printReport(report)
process.exitCode = report.invariants.every(({ violations }) => violations.length === 0) ? 0 : 1
