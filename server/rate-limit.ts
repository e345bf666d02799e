/** How much one user may ask for in how much time. In memory: each process counts for itself. */
import { type Clock, ERROR_CODES } from '../protocol/index.ts'
import { refuse } from './errors.ts'
import type { Viewer } from './viewer.ts'

export interface Rate {
  /** So many at once. */
  readonly burst: number
  /** And so many again with every second. */
  readonly perSecond: number
}

export interface RateLimits {
  /** Documents of a user, whatever is in them and whether or not they can be run. */
  readonly requests?: Rate
  /** Tasks of a user: root fields of mutations, counted before any of them runs. */
  readonly tasks?: Rate
}

export interface RateLimiter {
  /** Throws RATE_LIMITED. */
  request(viewer: Viewer): void
  /** Throws RATE_LIMITED; nothing of the document is run then. */
  tasks(viewer: Viewer, count: number): void
}

/** Throws a TypeError for a rate that would let nothing through. */
export function rateLimiter(limits: RateLimits | null | undefined, clock: Clock): RateLimiter {
  const requests = limits?.requests && new TokenBuckets(limits.requests, clock, 'rateLimit.requests')
  const tasks = limits?.tasks && new TokenBuckets(limits.tasks, clock, 'rateLimit.tasks')
  return {
    request: viewer => limited(requests?.take(keyOf(viewer), 1), 'requests'),
    tasks: (viewer, count) => (count === 0 ? undefined : limited(tasks?.take(keyOf(viewer), count), 'tasks')),
  }
}

const keyOf = ({ tenant, user }: Viewer): string => JSON.stringify([tenant, user])

function limited(waitMs: number | undefined, what: string): void {
  if (waitMs === undefined || waitMs === 0) return
  const retryAfterSeconds = Math.ceil(waitMs / 1000)
  throw refuse(
    ERROR_CODES.RATE_LIMITED,
    `That is too many ${what} in a short time. Nothing was run: send it again in ${retryAfterSeconds} seconds.`,
    { retryAfterSeconds },
  )
}

interface Bucket {
  tokens: number
  /** When it held so many, in milliseconds of the clock. */
  at: number
}

const SWEEP_EVERY_MS = 60_000

/** Token buckets by key. One that is full again is as good as none and is dropped. */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()
  #sweptAt: number

  constructor(rate: Rate, clock: Clock, name: string) {
    if (!(rate.burst >= 1 && rate.perSecond > 0)) {
      throw new TypeError(`${name}: burst must be at least 1 and perSecond above 0`)
    }
    this.#rate = rate
    this.#clock = clock
    this.#sweptAt = clock.now()
  }

  get size(): number {
    return this.#buckets.size
  }

  /**
   * Takes `cost` and returns 0, or takes nothing and returns the milliseconds until it can be had. A cost above the burst
   * passes when the bucket is full, and is paid off afterwards: otherwise it would never pass.
   */
  take(key: string, cost: number): number {
    const now = this.#clock.now()
    this.#sweep(now)
    const tokens = this.#tokens(this.#buckets.get(key), now)
    const missing = Math.min(cost, this.#rate.burst) - tokens
    if (missing > 0) return Math.ceil((missing / this.#rate.perSecond) * 1000)
    this.#buckets.set(key, { tokens: tokens - cost, at: now })
    return 0
  }

  /** A clock that was set back gives nothing and takes nothing. */
  #tokens(bucket: Bucket | undefined, now: number): number {
    if (bucket === undefined) return this.#rate.burst
    if (now < bucket.at) bucket.at = now
    return Math.min(this.#rate.burst, bucket.tokens + ((now - bucket.at) / 1000) * this.#rate.perSecond)
  }

  #sweep(now: number): void {
    if (Math.abs(now - this.#sweptAt) < SWEEP_EVERY_MS) return
    this.#sweptAt = now
    for (const [key, bucket] of this.#buckets) {
      if (this.#tokens(bucket, now) >= this.#rate.burst) this.#buckets.delete(key)
    }
  }
}
