/** When to try again: doubling with jitter, never before the gateway asked for it, at once when somebody says so. */
import { backoffMs, type Clock, type Random } from '../protocol/ports.ts'

/** Milliseconds. */
const BASE = 500
const MAX = 60_000

export class Pace {
  readonly #clock: Clock
  readonly #random: Random
  readonly #due: () => void
  #failures = 0
  #notBefore = 0
  /** By Retry-After. */
  #askedToWaitUntil = 0
  #withdraw: (() => void) | undefined

  /** @param due called when a waiting that `arm` was told of is over */
  constructor(clock: Clock, random: Random, due: () => void) {
    this.#clock = clock
    this.#random = random
    this.#due = due
  }

  get isWaiting(): boolean {
    return this.#notBefore > this.#clock.now()
  }

  /** RFC 3339; undefined when nothing is waited for. */
  get nextAttemptAt(): string | undefined {
    return this.isWaiting ? new Date(this.#notBefore).toISOString() : undefined
  }

  /** Whether the gateway itself asked to wait. */
  get isToldToWait(): boolean {
    return this.#askedToWaitUntil > this.#clock.now()
  }

  succeeded(): void {
    this.#failures = 0
  }

  /** Documents that fail together are one failure. @param atLeastMs what the gateway asked for */
  failed(atLeastMs = 0): void {
    if (!this.isWaiting) this.#failures += 1
    const ms = Math.max(atLeastMs, backoffMs(this.#failures, this.#random, BASE, MAX))
    this.#notBefore = Math.max(this.#notBefore, this.#clock.now() + ms)
    if (atLeastMs > 0) this.#askedToWaitUntil = this.#notBefore
  }

  /** Cuts the waiting short, but not below what the gateway asked for. */
  hurry(): void {
    this.#notBefore = this.#askedToWaitUntil
  }

  /** Calls `due` when the waiting is over. */
  arm(): void {
    this.#withdraw?.()
    this.#withdraw = this.#clock.after(Math.max(0, this.#notBefore - this.#clock.now()), () => {
      this.#withdraw = undefined
      this.#due()
    })
  }

  close(): void {
    this.#withdraw?.()
  }
}
