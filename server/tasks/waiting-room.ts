/** Who waits in this process for a task to be taken or to be settled. */
import type { Clock } from '../../protocol/index.ts'

/** Looked at again after this time, whatever was heard: another process may have done it. Each time it is twice as long. */
const FIRST_LOOK_MS = 250
const LAST_LOOK_MS = 2000

export class WaitingRoom {
  readonly #clock: Clock
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves true as soon as `isSo` says so, looked at whenever one of the keys is called; false after `timeoutMs`. */
  async until(keys: readonly string[], timeoutMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
    const deadline = this.#clock.now() + timeoutMs
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LAST_LOOK_MS, lookMs * 2)) {
      // Listening begins before the look: what happens in between is heard.
      const heard = this.#hear(keys, Math.min(lookMs, deadline - this.#clock.now()))
      if (await isSo()) {
        heard.leave()
        return true
      }
      if (this.#clock.now() >= deadline) {
        heard.leave()
        return false
      }
      await heard.called
    }
  }

  call(key: string): void {
    for (const wake of this.#waiting.get(key) ?? []) wake()
  }

  #hear(keys: readonly string[], timeoutMs: number): { called: Promise<void>; leave: () => void } {
    let leave = (): void => undefined
    const called = new Promise<void>(resolve => {
      const withdraw = this.#clock.after(Math.max(0, timeoutMs), () => leave())
      leave = () => {
        withdraw()
        for (const key of keys) this.#remove(key, leave)
        resolve()
      }
      for (const key of keys) this.#waiting.set(key, (this.#waiting.get(key) ?? new Set()).add(leave))
    })
    return { called, leave }
  }

  #remove(key: string, listener: () => void): void {
    const listeners = this.#waiting.get(key)
    listeners?.delete(listener)
    if (listeners?.size === 0) this.#waiting.delete(key)
  }
}
