import { backoffMs, type Clock, pause, type Random } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { Engine, Handle, Walk } from './engine.ts'

const FIRST_REPEAT_MS = 250
const LAST_REPEAT_MS = 60_000

/**
 * The embedded engine: memos lie in the gateway's own store and share its grouped commits. There is no lease, since the
 * store's lock lets one process in.
 */
export function journalEngine(options: { store: Store; clock: Clock; random: Random; log: Log }): Engine {
  const { store, clock, random, log } = options
  const active = new Map<string, Promise<void>>()
  const stopping = new AbortController()
  let walk: Walk | undefined

  async function memo<Value>(task: Handle, key: string, work: () => Promise<Value>): Promise<Value> {
    const recorded = await store.view.memo(task.reference, key)
    if (recorded !== undefined) return recorded.value as Value
    stopping.signal.throwIfAborted()
    const value = await work()
    await store.write(task.partition, unit => unit.recordMemo(task.reference, key, value))
    return value
  }

  async function persist(task: Handle): Promise<void> {
    for (let attempt = 1; !stopping.signal.aborted && walk !== undefined; attempt += 1) {
      try {
        return await walk({
          task,
          signal: stopping.signal,
          memo: (key, work) => memo(task, key, work),
        })
      } catch (error) {
        if (stopping.signal.aborted) return
        log.error({ error, task: task.reference, attempt }, 'a task stumbled and will be taken up again')
        await pause(clock, backoffMs(attempt, random, FIRST_REPEAT_MS, LAST_REPEAT_MS), stopping.signal).catch(
          () => undefined,
        )
      }
    }
  }

  return {
    start(next) {
      walk = next
    },
    run(task) {
      if (active.has(task.reference) || stopping.signal.aborted) return
      active.set(
        task.reference,
        persist(task).finally(() => active.delete(task.reference)),
      )
    },
    async stop() {
      stopping.abort(new Error('the gateway stops'))
      await Promise.all(active.values())
    },
  }
}
