/** Who wants to know of a change. A listener that throws is reported and keeps nobody else, least of all the queue, from going on. */
import { LayoverError } from './layover-error.ts'

export type Report = (error: LayoverError) => void

export class Listeners<T = undefined> {
  readonly #listeners = new Set<(what?: T) => void>()
  readonly #report: Report

  constructor(report: Report) {
    this.#report = report
  }

  /** Bound, so that it can be handed on as it is. */
  readonly subscribe = (listener: (what?: T) => void): (() => void) => {
    // Wrapped: the same function subscribed twice is two subscriptions.
    const own = (what?: T): void => listener(what)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  notify(what?: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(what)
      } catch (error) {
        this.#report(new LayoverError('UPDATE_FAILED', 'A subscribed listener threw.', error))
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}
