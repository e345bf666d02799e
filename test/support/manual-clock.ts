import type { Clock } from '../../protocol/index.ts'

/** Time that passes only when told. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 10, 20)
  #timers: { at: number; run: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(each => each !== timer)
    }
  }

  /** Runs everything that falls due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#timers = this.#timers.filter(each => each !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = end
  }

  /** Milliseconds until the timers that are set. */
  get waits(): number[] {
    return this.#timers.map(timer => timer.at - this.#now).sort((a, b) => a - b)
  }
}
