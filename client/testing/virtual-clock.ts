/**
 * Time that passes only when told. Between two timers everything that needs no time is let happen, so that a test reads
 * like a story: `advance(30_000)`, and what half a minute brings has been brought.
 */
import type { Clock } from '../../protocol/ports.ts'

export interface VirtualClockOptions {
  /** Milliseconds since the epoch; default 2026-01-01. */
  startAt?: number
  /** Turns of the event loop without any work of the kit after which all is quiet; default 2. More for storage that the kit does not know, such as IndexedDB: 20. */
  quietTurns?: number
}

export interface VirtualClock extends Clock {
  /** How many timers are set. */
  readonly timers: number
  /** Lets `ms` pass: timers run in order, and what each sets off is let happen before the next. */
  advance(ms: number): Promise<void>
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>
  /** Lets time pass until it holds. Rejects after `withinMs` (default an hour) with what `describe` says. */
  runUntil(holds: () => boolean, options?: { withinMs?: number; describe?: () => string }): Promise<void>
  /** Lets time pass until no timer is set, at most `withinMs` (default an hour). A client that syncs always has one. */
  runUntilIdle(options?: { withinMs?: number }): Promise<void>
  /** Lets time pass until `work` has ended, and gives what it gave. Rejects after `withinMs` (default an hour). */
  until<T>(work: Promise<T>, options?: { withinMs?: number }): Promise<T>
  /** Time does not pass before `work` has ended, unless it waits for time itself. */
  during<T>(work: Promise<T>): Promise<T>
}

interface Timer {
  readonly at: number
  readonly run: () => void
}

const HOUR_MS = 3_600_000
/** Work that has not gone on for so many turns waits for time, or for ever. */
const STUCK_TURNS = 300

export function virtualClock({
  startAt = Date.UTC(2026, 0, 1),
  quietTurns = 2,
}: VirtualClockOptions = {}): VirtualClock {
  // In the order in which they were set: of two that are due at once the older one runs first.
  const timers = new Set<Timer>()
  let now = startAt
  let underWay = 0
  let changes = 0

  const next = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (!first || timer.at < first.at) first = timer
    return first
  }

  async function settle(): Promise<void> {
    let seen = changes
    for (let still = 0; still < (underWay > 0 ? STUCK_TURNS : quietTurns); still += 1) {
      await turn()
      if (changes === seen) continue
      seen = changes
      still = -1
    }
  }

  /** False: none is due until then. */
  async function step(until: number): Promise<boolean> {
    const timer = next()
    if (!timer || timer.at > until) return false
    timers.delete(timer)
    now = Math.max(now, timer.at)
    timer.run()
    await settle()
    return true
  }

  async function runUntil(
    holds: () => boolean,
    { withinMs = HOUR_MS, describe = () => 'what was waited for' }: { withinMs?: number; describe?: () => string } = {},
  ): Promise<void> {
    const end = now + withinMs
    await settle()
    while (!holds()) {
      if (!(await step(end))) throw new Error(`Not within ${withinMs} ms of virtual time: ${describe()}`)
    }
  }

  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + Math.max(0, ms), run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    get timers() {
      return timers.size
    },
    settle,
    async advance(ms) {
      const end = now + ms
      await settle()
      while (await step(end));
      now = end
    },
    runUntil,
    async until(work, options) {
      let isOver = false
      const over = (): void => {
        isOver = true
      }
      work.then(over, over)
      // Whoever waits goes on at the very moment, not after what comes of it.
      return Promise.race([work, runUntil(() => isOver, options).then(() => work)])
    },
    async runUntilIdle({ withinMs = HOUR_MS } = {}) {
      const end = now + withinMs
      await settle()
      while (await step(end));
    },
    async during(work) {
      underWay += 1
      changes += 1
      try {
        return await work
      } finally {
        underWay -= 1
        changes += 1
      }
    },
  }
}

/** What counts work that the clock has to wait for; nothing on a clock that goes by itself. */
export function workOn(clock: Clock): <T>(work: Promise<T>) => Promise<T> {
  return isVirtual(clock) ? work => clock.during(work) : work => work
}

/** Lets time pass as far as `work` needs it; on a clock that goes by itself, waits. */
export function ended<T>(clock: Clock, work: Promise<T>): Promise<T> {
  return isVirtual(clock) ? clock.until(work) : work
}

const isVirtual = (clock: Clock): clock is VirtualClock => 'during' in clock

// Taken now, before a test replaces it by a fake.
const immediate: ((run: () => void) => unknown) | undefined = globalThis.setImmediate

/** One turn of the event loop: promises, and whatever else was ready, come first. */
function turn(): Promise<void> {
  return new Promise(resolve => {
    if (immediate) return void immediate(resolve)
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
