/** Verdicts: who waits for one, and which were given, in this session and, as far as the history goes back, before. */
import type { Outcome, StoredEntry } from './entry.ts'
import type { History } from './history.ts'

/** Of this session; a client that runs for weeks must not grow by every task it ever sent. */
const KEPT = 10_000

export class Outcomes {
  readonly #history: History
  readonly #given = new Map<string, Outcome>()
  readonly #waiting = new Map<string, { promise: Promise<Outcome>; resolve: (outcome: Outcome) => void }>()

  constructor(history: History) {
    this.#history = history
  }

  /** Of an entry that left. */
  get(id: string): Outcome | undefined {
    return this.#given.get(id) ?? this.#history.get(id)?.outcome
  }

  remember({ id, squashed = [] }: Pick<StoredEntry, 'id' | 'squashed'>, outcome: Outcome): void {
    for (const each of [id, ...squashed]) this.#given.set(each, outcome)
    for (const oldest of this.#given.keys()) {
      if (this.#given.size <= KEPT) break
      this.#given.delete(oldest)
    }
  }

  wait(id: string): Promise<Outcome> {
    let waiting = this.#waiting.get(id)
    if (!waiting) {
      let resolve: (outcome: Outcome) => void = () => undefined
      const promise = new Promise<Outcome>(done => {
        resolve = done
      })
      waiting = { promise, resolve }
      this.#waiting.set(id, waiting)
    }
    return waiting.promise
  }

  tell(id: string, outcome: Outcome): void {
    this.#waiting.get(id)?.resolve(outcome)
    this.#waiting.delete(id)
  }
}
