/** How the process ends: told to by a signal, and never in the middle of an answer. */
import type { Clock } from 'layover/protocol'
import { sayError } from './process-errors.ts'
import type { Served } from './serve.ts'

/** A terminal and npm deliver one Ctrl-C each: two signals within this time are one wish. */
const ONE_WISH_MS = 500

/**
 * SIGTERM drains for `drainMs`, stops and ends with 0; SIGINT, a person's, stops at once. A second signal cuts the draining
 * short; one more while it stops ends the process with 1, whatever is under way. To be called first of all: a process that is
 * number 1 of its container ignores the signals for which it has no handler.
 *
 *   starting --a signal--> ended
 *   serving --SIGTERM--> draining --drained, or a signal--> stopping --stopped--> ended
 *   serving --SIGINT--> stopping --a signal--> ended
 */
export function endOnSignals(clock: Clock): { serving(served: Served, drainMs: number): void } {
  const impatience = new AbortController()
  let state: 'starting' | 'serving' | 'draining' | 'stopping' = 'starting'
  let serving: { served: Served; drainMs: number } | undefined
  let wishedAt = Number.NEGATIVE_INFINITY

  async function end(drains: boolean): Promise<void> {
    if (drains) {
      state = 'draining'
      await serving?.served.drain(serving.drainMs, impatience.signal)
    }
    state = 'stopping'
    await serving?.served.stop()
  }
  const wish = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const isNew = clock.now() - wishedAt > ONE_WISH_MS
    if (!isNew) return
    wishedAt = clock.now()
    if (state === 'starting' || state === 'serving') {
      end(state === 'serving' && signal === 'SIGTERM').then(
        () => process.exit(0),
        (error: unknown) => {
          sayError(error)
          process.exit(1)
        },
      )
    } else if (state === 'draining') impatience.abort()
    else process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => wish(signal))
  return {
    serving(served, drainMs) {
      if (state !== 'starting') return
      serving = { served, drainMs }
      state = 'serving'
    },
  }
}
