/** Tasks that the gateway has and whose outcome is still to come: asked for when a pull shows it, and now and then without one. */
import type { Clock } from '../protocol/ports.ts'
import type { StoredEntry } from './entry.ts'
import type { OutboxQueue } from './outbox.ts'

/** Milliseconds between two questions, doubling. */
const BASE = 2000
const MAX = 30_000

export class Questions {
  readonly #queue: OutboxQueue
  readonly #clock: Clock
  readonly #ask: (ids: readonly string[]) => void
  readonly #open = new Set<string>()
  #after = BASE
  #withdraw: (() => void) | undefined

  /** @param ask called when it is time to ask for those that were accepted */
  constructor(queue: OutboxQueue, clock: Clock, ask: (ids: readonly string[]) => void) {
    this.#queue = queue
    this.#clock = clock
    this.#ask = ask
  }

  get isEmpty(): boolean {
    return this.#open.size === 0
  }

  add(ids: Iterable<string>): void {
    for (const id of ids) this.#open.add(id)
  }

  /** The next ones to ask for; they are no longer open. */
  take(limit: number): StoredEntry[] {
    const taken: StoredEntry[] = []
    for (const id of this.#open) {
      if (taken.length === limit) break
      this.#open.delete(id)
      const entry = this.#queue.get(id)
      if (entry?.status === 'accepted' || entry?.status === 'conflict') taken.push(entry)
    }
    return taken
  }

  /** A task was accepted: it may be done soon. */
  soon(): void {
    this.#after = BASE
  }

  /** Asks by itself after a while, if there is anything to ask for. */
  later(atLeastMs = 0): void {
    if (this.#withdraw || this.#accepted().length === 0) return
    this.#withdraw = this.#clock.after(Math.max(this.#after, atLeastMs), () => {
      this.#withdraw = undefined
      this.#after = Math.min(MAX, this.#after * 2)
      this.#ask(this.#accepted())
    })
  }

  close(): void {
    this.#withdraw?.()
  }

  #accepted(): string[] {
    const found: string[] = []
    for (const { id, status } of this.#queue.stored()) if (status === 'accepted') found.push(id)
    return found
  }
}

/** The entries at the head of the queue that were sent before, and of which nothing is known. */
export function doubtful(entries: readonly StoredEntry[]): readonly StoredEntry[] {
  const firstOther = entries.findIndex(({ status }) => status !== 'in-doubt')
  return firstOther < 0 ? entries : entries.slice(0, firstOther)
}
