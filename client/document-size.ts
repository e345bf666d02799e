/**
 * How many tasks the next document carries. A document that is refused as a whole was not run: halves of it find the task at
 * fault in a few requests, and the others go through on the way. When none was at fault, the document was too large: the size
 * that went through is kept on the device, and a day later twice as many are tried again.
 */
import type { Clock } from '../protocol/ports.ts'

const DAY_MS = 86_400_000

/** What is kept on the device. */
interface LearnedSize {
  readonly tasks: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export class DocumentSize {
  readonly #limit: number
  readonly #clock: Clock
  readonly #keep: (learned: LearnedSize) => void
  #learned: LearnedSize
  #next: number
  /** Tasks of a refused document that are still to be gone through. */
  #suspects = 0
  #isTooLarge = false

  /**
   * @param limit the application's
   * @param kept as `keep` was given it, in an earlier session
   */
  constructor(limit: number, clock: Clock, kept: unknown, keep: (learned: LearnedSize) => void) {
    this.#limit = limit
    this.#clock = clock
    this.#keep = keep
    this.#learned = isLearned(kept) ? { ...kept, tasks: Math.min(kept.tasks, limit) } : { tasks: limit, at: 0 }
    this.#next = this.#learned.tasks
  }

  get next(): number {
    if (!this.isSearching && this.#learned.tasks < this.#limit) {
      const age = this.#clock.now() - this.#learned.at
      if (age < 0 || age >= DAY_MS) this.#learn(Math.min(this.#limit, this.#learned.tasks * 2))
    }
    return this.#next
  }

  /** A document was refused, and what of it is at fault is not known yet. */
  get isSearching(): boolean {
    return this.#suspects > 0
  }

  /** As a whole. @param isTooLarge may be for its size, and not for a task of it */
  refused(tasks: number, isTooLarge: boolean): void {
    this.#next = Math.min(this.#next, Math.ceil(tasks / 2))
    this.#suspects = Math.max(this.#suspects, tasks)
    this.#isTooLarge ||= isTooLarge
  }

  /** These were taken. */
  passed(tasks: number): void {
    if (!this.isSearching) return
    this.#suspects = Math.max(0, this.#suspects - tasks)
    if (this.isSearching) return
    if (this.#isTooLarge) this.#learn(this.#next)
    this.#rest()
  }

  /** The one at fault is out of the way. */
  found(): void {
    this.#suspects = 0
    this.#rest()
  }

  #rest(): void {
    this.#isTooLarge = false
    this.#next = this.#learned.tasks
  }

  #learn(tasks: number): void {
    this.#learned = { tasks, at: this.#clock.now() }
    this.#next = tasks
    this.#keep(this.#learned)
  }
}

function isLearned(value: unknown): value is LearnedSize {
  const { tasks, at } = Object(value) as Record<string, unknown>
  return typeof at === 'number' && typeof tasks === 'number' && tasks >= 1 && Number.isInteger(tasks)
}
