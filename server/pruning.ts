/**
 * Housekeeping: takes away what no device can ask for any more, and makes texts anew that have an old shape. In small units of
 * work, so that nobody waits long behind it.
 *
 * A cursor that is older than the horizon is answered with a reset and never with a delta, so what is older may go: tombstones
 * and departures, and of the earlier versions those whose successor is older, since a device may still hold what was current
 * within the horizon. An outcome goes after its own time; the claim of its id stays for ever, so that a late repeat is never
 * executed.
 */
import type { Clock } from '../protocol/index.ts'
import type { Log } from './log.ts'
import type { Store, StoredTask } from './store/store.ts'
import { TASK_TYPE, taskKey } from './tasks/task.ts'
import { SHARED_PARTITION } from './viewer.ts'

const EVERY_MS = 3_600_000
/** A row is dated before its commit and a cursor after its read; this covers the time between, and a clock set back a little. */
const GRACE_MS = 3_600_000
const BATCH = 200

export interface PruningOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly horizonMs: number
  readonly retentionMs: number
}

export interface Pruning {
  /** One round soon, then one an hour. */
  start(): void
  /** Resolves when the unit of work under way is through. */
  stop(): Promise<void>
}

export function pruningOf(options: PruningOptions): Pruning {
  const { clock, log } = options
  let withdraw: (() => void) | undefined
  let stopped = false
  let round: Promise<void> = Promise.resolve()
  const schedule = (ms: number): void => {
    withdraw = clock.after(ms, () => {
      round = everything(options, () => stopped).catch(error => {
        if (!stopped) log.error({ error }, 'housekeeping came to a halt and goes on with the next round')
      })
      void round.then(() => stopped || schedule(EVERY_MS))
    })
  }
  return {
    start: () => schedule(0),
    async stop() {
      stopped = true
      withdraw?.()
      await round
    },
  }
}

async function everything(
  { store, clock, horizonMs, retentionMs }: PruningOptions,
  isStopped: () => boolean,
): Promise<void> {
  const untilFew = async (step: () => Promise<number>): Promise<void> => {
    while (!isStopped() && (await step()) >= BATCH);
  }
  const before = clock.now() - horizonMs - GRACE_MS
  await untilFew(() => store.write(SHARED_PARTITION, unit => unit.prune(before, BATCH)))
  await untilFew(async () => {
    const tasks = await store.view.outlived(clock.now() - retentionMs, BATCH)
    for (const partition of new Set(tasks.map(task => task.partition))) {
      const own = tasks.filter(task => task.partition === partition)
      await expire(store, partition, own, new Date(clock.now()).toISOString())
    }
    return tasks.length
  })
  await untilFew(() => store.write(SHARED_PARTITION, unit => unit.renewTexts(BATCH)))
}

/** The claims stay; devices drop the tasks. */
function expire(store: Store, partition: string, tasks: readonly StoredTask[], now: string): Promise<void> {
  return store.write(partition, async unit => {
    for (const task of tasks) {
      await unit.expire(task)
      const record = await unit.record(partition, TASK_TYPE, taskKey(task))
      if (record === undefined || record.deleted) continue
      const { __typename, id, version, updatedBy } = record.entity
      const entity = { __typename, id, version: version + 1, updatedAt: now, updatedBy }
      unit.put({ ...record, deleted: true, entity }, { keepVersion: false, writtenBy: null })
    }
  })
}
