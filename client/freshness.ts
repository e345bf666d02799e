/**
 * How old what a screen shows may be. Stale records are shown with a mark; on hard-stale ones nobody should act: reference
 * data with an expiry, as the smart-client guide has it. A state may pass by time alone, so a timer runs while somebody listens.
 */
import type { Clock } from '../protocol/ports.ts'
import { LayoverError } from './layover-error.ts'

export interface FreshnessLimits {
  /** Milliseconds after a pull's end until what it brought is `stale`; default 5 minutes. */
  staleAfterMs?: number
  /** Milliseconds until it is `hard-stale`, at least `staleAfterMs`; default a day. Infinity: never. */
  hardStaleAfterMs?: number
}

export interface FreshnessOptions extends FreshnessLimits {
  /** By type, where it differs from the above. */
  types?: Record<string, FreshnessLimits>
}

/** Replaced only when something in it changes. */
export interface Freshness {
  /** When the last pull that covered it reached the end. */
  readonly lastSyncedAt: Date | null
  readonly state: 'never' | 'fresh' | 'stale' | 'hard-stale'
}

/** Milliseconds. */
const STALE_AFTER = 5 * 60_000
const HARD_STALE_AFTER = 24 * 60 * 60_000
/** Timers of browsers count to 2^31. */
const LONGEST_TIMER = 24 * 60 * 60_000
const EVERYTHING = ''

/** Throws BAD_OPTION for limits that contradict each other. */
export class FreshnessStates {
  readonly #clock: Clock
  readonly #options: FreshnessOptions
  readonly #syncedAt: (type: string | undefined) => number | null
  readonly #passed: () => void
  readonly #known = new Map<string, Freshness>()
  #listeners = 0
  #withdraw: (() => void) | undefined

  /**
   * @param syncedAt milliseconds since the epoch, of one type or of everything
   * @param passed a state changed by time alone; called only while somebody listens
   */
  constructor(
    clock: Clock,
    options: FreshnessOptions = {},
    syncedAt: (type: string | undefined) => number | null,
    passed: () => void,
  ) {
    this.#clock = clock
    this.#options = options
    this.#syncedAt = syncedAt
    this.#passed = passed
    for (const type of [EVERYTHING, ...Object.keys(options.types ?? {})]) {
      const [stale, hardStale] = this.#limits(type)
      if (!(stale >= 0 && hardStale >= stale)) {
        throw new LayoverError(
          'BAD_OPTION',
          `sync.freshness${type && `.types.${type}`}: hardStaleAfterMs has to be at least staleAfterMs, and that at least 0.`,
        )
      }
    }
  }

  of(type?: string): Freshness {
    const key = type ?? EVERYTHING
    const at = this.#syncedAt(type)
    const [stale, hardStale] = this.#limits(key)
    const age = at === null ? 0 : this.#clock.now() - at
    const state = at === null ? 'never' : age >= hardStale ? 'hard-stale' : age >= stale ? 'stale' : 'fresh'
    const before = this.#known.get(key)
    if (before?.state === state && (before.lastSyncedAt?.getTime() ?? null) === at) return before
    const freshness: Freshness = { lastSyncedAt: at === null ? null : new Date(at), state }
    this.#known.set(key, freshness)
    return freshness
  }

  /** Somebody listens, until the returned function is called. */
  watch(): () => void {
    this.#listeners += 1
    if (this.#listeners === 1) this.arm()
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#listeners -= 1
      if (this.#listeners === 0) this.#withdraw?.()
    }
  }

  /** Call when something was synced: the thresholds moved. */
  arm(): void {
    this.#withdraw?.()
    this.#withdraw = undefined
    if (this.#listeners === 0) return
    const types = new Set([EVERYTHING, ...Object.keys(this.#options.types ?? {}), ...this.#known.keys()])
    const now = this.#clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const type of types) {
      const at = this.#syncedAt(type || undefined)
      for (const limit of this.#limits(type)) if (at !== null && at + limit > now) next = Math.min(next, at + limit)
    }
    if (next === Number.POSITIVE_INFINITY) return
    this.#withdraw = this.#clock.after(Math.min(next - now, LONGEST_TIMER), () => {
      this.arm()
      if (this.#clock.now() >= next) this.#passed()
    })
  }

  close(): void {
    this.#listeners = 0
    this.#withdraw?.()
  }

  #limits(type: string): [stale: number, hardStale: number] {
    const own = this.#options.types?.[type]
    const { staleAfterMs = STALE_AFTER, hardStaleAfterMs = HARD_STALE_AFTER } = { ...this.#options, ...own }
    return [staleAfterMs, hardStaleAfterMs]
  }
}
