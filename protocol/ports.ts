/**
 * The world as it is handed to both sides: clock and randomness. Production code takes these as arguments and never
 * reaches for `Date.now`, `Math.random` or `setTimeout` itself, so that one process can run many installations and a
 * gateway under one seeded scheduler. `test/architecture.test.ts` holds that.
 */
import { uuidSource } from './uuid.ts'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once after `ms`; the returned function withdraws it. */
  after(ms: number, run: () => void): () => void
}

export interface Random {
  /** At least 0, below 1. */
  fraction(): number
  /** UUIDv7 (RFC 9562): sortable by the time it was made. */
  uuid(): string
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  uuid: uuidSource(systemClock.now, bytes => crypto.getRandomValues(bytes)),
}

/** Resolves after `ms` on that clock, or rejects with the signal's reason as soon as it is aborted. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const withdraw = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    const stop = (): void => {
      withdraw()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** `baseMs` doubled per attempt up to `maxMs`, then spread over its upper half, so that many waiters do not return at once. */
export function backoffMs(attempt: number, random: Random, baseMs: number, maxMs: number): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt - 1))
  return Math.round(ceiling * (0.5 + random.fraction() / 2))
}
