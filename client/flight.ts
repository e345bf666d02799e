/**
 * The documents under way, and whether one more may join them. Each but the first names the task that must have been taken
 * before it, and the gateway holds it back until then. A link may drop the name and an older gateway may not read it, so a
 * second document leaves beside the first only after an answer has repeated the name. Each such answer allows one more, up to
 * the limit; after any trouble they go one by one again.
 */
import type { StoredEntry } from './entry.ts'

export interface FlyingDocument {
  readonly first: number
  readonly last: number
  readonly lastId: string | undefined
  /** Task that must have been taken before it. */
  readonly follows: string | null
}

export class Flight {
  readonly #limit: number
  readonly #documents = new Set<FlyingDocument>()
  #width = 1

  /** @param limit documents at the same time */
  constructor(limit: number) {
    this.#limit = limit
  }

  get isEmpty(): boolean {
    return this.#documents.size === 0
  }

  /** How many documents may be under way now. */
  get width(): number {
    return this.#width
  }

  /** Lets tasks that follow each other in the queue leave as one document; undefined: not yet. */
  join(entries: readonly StoredEntry[]): FlyingDocument | undefined {
    const first = entries[0]?.sequence ?? 0
    const last = entries.at(-1)
    const follows = this.#predecessorOf(first, last?.sequence ?? first)
    return follows === undefined ? undefined : this.#add(first, last?.sequence ?? first, last?.id, follows)
  }

  /** A document without order, which nothing joins. */
  alone(): FlyingDocument {
    return this.#add(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, undefined, null)
  }

  land(document: FlyingDocument): void {
    this.#documents.delete(document)
  }

  widen(): void {
    this.#width = Math.min(this.#limit, this.#width + 1)
  }

  narrow(): void {
    this.#width = 1
  }

  #add(first: number, last: number, lastId: string | undefined, follows: string | null): FlyingDocument {
    const document = { first, last, lastId, follows }
    this.#documents.add(document)
    return document
  }

  #predecessorOf(first: number, last: number): string | null | undefined {
    const documents = [...this.#documents].sort((a, b) => a.last - b.last)
    const before = documents.at(-1)
    if (!before) return null
    if (first > before.last) return documents.length < this.#width ? before.lastId : undefined
    // Put back: all that is under way waits at the gateway for it, or for what follows it.
    const isFirst = documents.every(each => last < each.first && each.follows !== null)
    return isFirst ? null : undefined
  }
}
