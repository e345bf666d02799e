import type { Clock } from '../../protocol/index.ts'

/** `work` does not throw. A pause as long as `LEISURE` of its runs lies between two, so that it never becomes the main load. */
const LEISURE = 10

/**
 * Does `work` again and again, first after `everyMs`, one run at a time. The returned function ends it, and resolves when the
 * run under way is over.
 */
export function repeat(clock: Clock, everyMs: number, work: () => Promise<void>): () => Promise<void> {
  let isOver = false
  let running: Promise<void> = Promise.resolve()
  let withdraw = (): void => undefined
  const later = (ms: number): void => {
    if (!isOver) withdraw = clock.after(ms, once)
  }
  const once = (): void => {
    const from = clock.now()
    running = work().finally(() => {
      const tookMs = clock.now() - from
      later(Math.max(everyMs - tookMs, Math.min(everyMs, tookMs * LEISURE)))
    })
  }
  later(everyMs)
  return async () => {
    isOver = true
    withdraw()
    await running
  }
}
