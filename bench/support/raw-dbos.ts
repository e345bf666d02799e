/**
 * The floor under tasks of steps: DBOS itself, a workflow of four steps that do nothing. Its argument: the address of the
 * database, which several processes may share.
 */
import { setTimeout as later } from 'node:timers/promises'
import { DBOS } from '@dbos-inc/dbos-sdk'
import { serveCommands } from './child.ts'

const [url = ''] = process.argv.slice(2)

const trip = DBOS.registerWorkflow(
  async (id: string) => {
    for (const name of ['first', 'second', 'third', 'fourth']) await DBOS.runStep(async () => null, { name })
    return id
  },
  { name: 'trip' },
)
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, executorID: `bench-${process.pid}`, logLevel: 'error' })
await DBOS.launch()
let runs = 0

/** Workflows that were over in `seconds` after the first `warmSeconds`, with `concurrency` of them under way at any time. */
async function load(concurrency: number, warmSeconds: number, seconds: number): Promise<number> {
  runs += 1
  const from = performance.now() + warmSeconds * 1000
  const until = from + seconds * 1000
  let done = 0
  const one = async (index: number): Promise<void> => {
    // Begun together, they would all be over together, and a wave more or less would be in the count.
    await later((warmSeconds * 1000 * index) / concurrency)
    for (let round = 0; performance.now() < until; round += 1) {
      const id = `${process.pid}-${runs}-${index}-${round}`
      const handle = await DBOS.startWorkflow(trip, { workflowID: id })(id)
      await handle.getResult()
      const at = performance.now()
      if (at >= from && at < until) done += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, index) => one(index)))
  return done
}

serveCommands({ load, close: () => DBOS.shutdown() })
