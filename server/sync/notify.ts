/** Pokes: "a pull would bring something". They carry no data, leave after the commit, and melt into one while nobody looks. */
import type { Clock } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Observer } from '../observe/observer.ts'
import type { Store } from '../store/store.ts'
import type { Viewer } from '../viewer.ts'
import type { News } from './bus.ts'
import { type Collection, covers } from './collection.ts'

/** What was committed: here, or in another process. */
type Commit = Pick<News, 'partition'> & { readonly owners: Iterable<string | null> | 'anybody' }

export interface Pokes {
  /** One item per batch of commits that concern the viewer; ends when the consumer returns or the gateway stops. */
  subscribe(viewer: Viewer): AsyncIterableIterator<true>
  /** Tells subscribers of commits that were made elsewhere. */
  poke(commits: readonly Commit[]): void
  /** Where the subscribers' rows are. */
  partitions(): Set<string>
  close(): void
}

export function pokesOf(options: {
  store: Store
  collections: ReadonlyMap<string, Collection>
  clock: Clock
  observer: Observer
  log: Log
}): Pokes {
  const { store, collections, clock, observer, log } = options
  const listeners = new Set<PokeStream>()
  const told = (committedAt: number, subscribers: number): void =>
    observer.poked?.({ lagMs: clock.now() - committedAt, subscribers })
  // The rules are the application's. One that fails for one viewer must keep neither the others nor the store waiting.
  const concerns = (listener: PokeStream, commits: readonly Commit[]): boolean => {
    try {
      return commits.some(commit => listener.concerns(commit))
    } catch (error) {
      log.error({ error }, 'a rule failed, so a subscriber was not told of a commit')
      return false
    }
  }
  const poke = (commits: readonly Commit[]): void => {
    const now = clock.now()
    let atOnce = 0
    for (const listener of listeners) {
      if (concerns(listener, commits) && listener.poke(now)) atOnce += 1
    }
    if (atOnce > 0) told(now, atOnce)
  }
  const stop = store.onCommit(poke)
  return {
    subscribe(viewer) {
      const stream = new PokeStream(viewer, collections, {
        late: committedAt => told(committedAt, 1),
        end() {
          if (listeners.delete(stream)) observer.subscribers?.(listeners.size)
        },
      })
      listeners.add(stream)
      observer.subscribers?.(listeners.size)
      return stream
    },
    poke,
    partitions() {
      const all = new Set<string>()
      for (const listener of listeners) {
        try {
          for (const partition of listener.partitions()) all.add(partition)
        } catch (error) {
          log.error({ error }, 'a rule failed, so nobody looks for what a subscriber may have missed')
        }
      }
      return all
    },
    close() {
      stop()
      for (const listener of listeners) void listener.return()
    },
  }
}

interface StreamEvents {
  /** It picked up a poke that had to wait for it. */
  late(committedAt: number): void
  end(): void
}

/** An iterator of our own instead of a generator: a generator that waits can't be returned from. */
class PokeStream implements AsyncIterableIterator<true> {
  readonly #viewer: Viewer
  readonly #collections: ReadonlyMap<string, Collection>
  readonly #events: StreamEvents
  /** When the oldest commit happened that it was not told of yet. */
  #pendingSince: number | undefined
  #ended = false
  #waiting: ((result: IteratorResult<true>) => void) | undefined

  constructor(viewer: Viewer, collections: ReadonlyMap<string, Collection>, events: StreamEvents) {
    this.#viewer = viewer
    this.#collections = collections
    this.#events = events
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Would any collection show the viewer a row of one of these owners? */
  concerns({ partition, owners }: Commit): boolean {
    for (const collection of this.#collections.values()) {
      if (collection.partition(this.#viewer) !== partition) continue
      const reach = collection.mayRead(this.#viewer)
      if (owners === 'anybody') {
        if (reach !== 'none') return true
        continue
      }
      for (const owner of owners) if (covers(reach, this.#viewer, owner)) return true
    }
    return false
  }

  partitions(): Set<string> {
    return new Set([...this.#collections.values()].map(collection => collection.partition(this.#viewer)))
  }

  /** True when it is told at once; otherwise it picks the poke up when it asks again. */
  poke(committedAt: number): boolean {
    if (this.#ended) return false
    if (this.#waiting === undefined) {
      this.#pendingSince ??= committedAt
      return false
    }
    this.#waiting({ done: false, value: true })
    this.#waiting = undefined
    return true
  }

  async next(): Promise<IteratorResult<true>> {
    if (this.#ended) return { done: true, value: undefined }
    if (this.#pendingSince !== undefined) {
      this.#events.late(this.#pendingSince)
      this.#pendingSince = undefined
      return { done: false, value: true }
    }
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  async return(): Promise<IteratorResult<true>> {
    this.#ended = true
    this.#events.end()
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = undefined
    return { done: true, value: undefined }
  }
}
