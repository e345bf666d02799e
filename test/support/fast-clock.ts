import { type Clock, systemClock } from '../../protocol/index.ts'

/** A clock that runs `factor` times as fast as the wall's: an hour of waiting in a second, with everything else real. */
export function fastClock(factor: number): Clock {
  const start = systemClock.now()
  return {
    now: () => Math.round(start + (systemClock.now() - start) * factor),
    after: (ms, run) => systemClock.after(ms / factor, run),
  }
}
