/** Where each request costs: tasks wait for each other and leave together. */
import type { Clock } from '../protocol/ports.ts'
import type { Connectivity } from './connectivity.ts'
import { positive } from './option.ts'
import type { OutboxQueue } from './outbox.ts'

export interface MeteredOptions {
  /** As many waiting tasks leave at once; default 50. */
  maxTasks?: number
  /** Milliseconds after which a waiting task leaves with all the others; default 300,000. */
  maxDelayMs?: number
  /** Milliseconds between two pulls when nobody asks for one; default 900,000. */
  pullEveryMs?: number
}

export class Meter {
  readonly #connectivity: Connectivity
  readonly #queue: OutboxQueue
  readonly #clock: Clock
  readonly #due: () => void
  readonly #maxTasks: number
  readonly #maxDelayMs: number
  readonly #pullEveryMs: number
  /** Until all that waits has left. */
  #isOpen = false
  #withdraw: (() => void) | undefined

  /** @param due called when something may have to leave */
  constructor(
    connectivity: Connectivity,
    queue: OutboxQueue,
    clock: Clock,
    { maxTasks = 50, maxDelayMs = 300_000, pullEveryMs = 900_000 }: MeteredOptions,
    due: () => void,
  ) {
    this.#connectivity = connectivity
    this.#queue = queue
    this.#clock = clock
    this.#due = due
    this.#maxTasks = positive('metered.maxTasks', maxTasks)
    this.#maxDelayMs = positive('metered.maxDelayMs', maxDelayMs)
    this.#pullEveryMs = positive('metered.pullEveryMs', pullEveryMs)
  }

  /** Milliseconds between two requests for news in the background; undefined where they cost nothing. */
  get pullEveryMs(): number | undefined {
    return this.#isMetered ? this.#pullEveryMs : undefined
  }

  /** Whether what waits has to wait for more. What the gateway may have already does not: its answer is overdue. */
  get holds(): boolean {
    if (!this.#isMetered || this.#isOpen) return false
    const waiting = this.#queue.sendable(this.#maxTasks)
    const [oldest] = waiting
    if (!oldest) return false
    // The device's clock may have been set back meanwhile.
    const waited = Math.max(0, this.#clock.now() - Date.parse(oldest.queuedAt))
    const left = oldest.status === 'in-doubt' || waiting.length >= this.#maxTasks ? 0 : this.#maxDelayMs - waited
    this.#withdraw?.()
    this.#isOpen = !(left > 0)
    if (!this.#isOpen) this.#withdraw = this.#clock.after(left, this.#due)
    return !this.#isOpen
  }

  /** Somebody asks: what waits leaves now. */
  open(): void {
    this.#isOpen = true
  }

  /** Nothing waits any more. */
  close(): void {
    this.#isOpen = false
    this.#withdraw?.()
  }

  get #isMetered(): boolean {
    return this.#connectivity.mode === 'metered'
  }
}
