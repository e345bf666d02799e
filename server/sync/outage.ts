import type { Log } from '../log.ts'

/** Says once that something is away, however often it is tried, and once that it is back. */
export class Outage {
  readonly #log: Log
  readonly #back: string
  #isOn = false

  constructor(log: Log, back: string) {
    this.#log = log
    this.#back = back
  }

  failed(error: unknown, message: string): void {
    if (!this.#isOn) this.#log.warn({ error }, message)
    this.#isOn = true
  }

  over(): void {
    if (this.#isOn) this.#log.info({}, this.#back)
    this.#isOn = false
  }
}
