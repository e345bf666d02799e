/**
 * How many tasks the next document carries. A document that is refused as a whole was not run: halves of it find the task at
 * fault in a few requests, and the others go through on the way.
 */
export class DocumentSize {
  #largest: number
  #next: number
  /** Tasks of a refused document that are still to be gone through. */
  #suspects = 0

  constructor(largest: number) {
    this.#largest = largest
    this.#next = largest
  }

  get next(): number {
    return this.#next
  }

  /** One of these tasks is at fault. */
  halve(tasks: number): void {
    this.#next = Math.ceil(tasks / 2)
    this.#suspects = Math.max(this.#suspects, tasks)
  }

  /** So many are too many for this gateway. */
  shrink(tasks: number): void {
    this.#largest = Math.ceil(tasks / 2)
    this.#next = this.#largest
  }

  /** These were taken. */
  passed(tasks: number): void {
    this.#suspects = Math.max(0, this.#suspects - tasks)
    if (this.#suspects === 0) this.#next = this.#largest
  }

  /** The one at fault is out of the way. */
  found(): void {
    this.passed(this.#suspects)
  }
}
