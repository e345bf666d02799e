/** Pokes: "a pull would bring something". They carry no data, leave after the commit, and melt into one while nobody looks. */
import type { Committed, Store } from '../store/store.ts'
import type { Viewer } from '../viewer.ts'
import { type Collection, covers } from './collection.ts'

export interface Pokes {
  /** One item per batch of commits that concern the viewer; ends when the consumer returns or the gateway stops. */
  subscribe(viewer: Viewer): AsyncIterableIterator<true>
  close(): void
}

export function pokesOf(store: Store, collections: ReadonlyMap<string, Collection>): Pokes {
  const listeners = new Set<PokeStream>()
  const stop = store.onCommit(commits => {
    for (const listener of listeners) if (commits.some(commit => listener.concerns(commit))) listener.poke()
  })
  return {
    subscribe(viewer) {
      const stream = new PokeStream(viewer, collections, () => listeners.delete(stream))
      listeners.add(stream)
      return stream
    },
    close() {
      stop()
      for (const listener of listeners) void listener.return()
    },
  }
}

/** An iterator of our own instead of a generator: a generator that waits can't be returned from. */
class PokeStream implements AsyncIterableIterator<true> {
  readonly #viewer: Viewer
  readonly #collections: ReadonlyMap<string, Collection>
  readonly #onEnd: () => void
  #pending = false
  #ended = false
  #waiting: ((result: IteratorResult<true>) => void) | undefined

  constructor(viewer: Viewer, collections: ReadonlyMap<string, Collection>, onEnd: () => void) {
    this.#viewer = viewer
    this.#collections = collections
    this.#onEnd = onEnd
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Would any collection show the viewer a row of one of these owners? */
  concerns({ partition, owners }: Committed): boolean {
    for (const collection of this.#collections.values()) {
      if (collection.partition(this.#viewer) !== partition) continue
      const reach = collection.mayRead(this.#viewer)
      for (const owner of owners) if (covers(reach, this.#viewer, owner)) return true
    }
    return false
  }

  poke(): void {
    if (this.#ended) return
    if (this.#waiting === undefined) {
      this.#pending = true
      return
    }
    this.#waiting({ done: false, value: true })
    this.#waiting = undefined
  }

  async next(): Promise<IteratorResult<true>> {
    if (this.#ended) return { done: true, value: undefined }
    if (this.#pending) {
      this.#pending = false
      return { done: false, value: true }
    }
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  async return(): Promise<IteratorResult<true>> {
    this.#ended = true
    this.#onEnd()
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = undefined
    return { done: true, value: undefined }
  }
}
