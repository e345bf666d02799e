/** Pokes: "a pull would bring something". They carry no data, leave after the commit, and melt into one while nobody looks. */
import type { Clock } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Observer } from '../observe/observer.ts'
import type { Store } from '../store/store.ts'
import type { Viewer } from '../viewer.ts'
import { Audience, type Commit, type Listener } from './audience.ts'
import type { Collection } from './collection.ts'

export interface Pokes {
  /**
   * One item per batch of commits that concern the viewer, made when it is told; ends when the consumer returns or the gateway
   * stops.
   */
  subscribe<Item>(viewer: Viewer, item: () => Item): AsyncIterableIterator<Item>
  /** Tells subscribers of commits that were made elsewhere. */
  poke(commits: readonly Commit[]): void
  /** Where the subscribers' rows are. */
  partitions(): ReadonlySet<string>
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
  const told = (committedAt: number, subscribers: number): void =>
    observer.poked?.({ lagMs: clock.now() - committedAt, subscribers })
  const audience = new Audience({
    collections,
    now: clock.now,
    told,
    // The rules are the application's. One that fails for one viewer must keep neither the others nor the store waiting.
    failed: error => log.error({ error }, 'a rule failed, so a subscriber was not told of a commit'),
  })
  const poke = (commits: readonly Commit[]): void => audience.tell(commits)
  const stop = store.onCommit(poke)
  return {
    subscribe<Item>(viewer: Viewer, item: () => Item) {
      const stream = new PokeStream(viewer, item, {
        late: committedAt => told(committedAt, 1),
        end() {
          if (audience.delete(stream)) observer.subscribers?.(audience.size)
        },
      })
      audience.add(stream)
      observer.subscribers?.(audience.size)
      return stream
    },
    poke,
    partitions: () => audience.partitions,
    close() {
      stop()
      audience.close()
    },
  }
}

interface StreamEvents {
  /** It picked up a poke that had to wait for it. */
  late(committedAt: number): void
  end(): void
}

/** An iterator of our own instead of a generator: a generator that waits can't be returned from. */
class PokeStream<Item> implements AsyncIterableIterator<Item>, Listener {
  readonly viewer: Viewer
  readonly #item: () => Item
  readonly #events: StreamEvents
  /** When the oldest commit happened that it was not told of yet. */
  #pendingSince: number | undefined
  #ended = false
  #waiting: ((result: IteratorResult<Item>) => void) | undefined

  constructor(viewer: Viewer, item: () => Item, events: StreamEvents) {
    this.viewer = viewer
    this.#item = item
    this.#events = events
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  poke(committedAt: number): boolean {
    if (this.#ended) return false
    if (this.#waiting === undefined) {
      this.#pendingSince ??= committedAt
      return false
    }
    this.#waiting({ done: false, value: this.#item() })
    this.#waiting = undefined
    return true
  }

  async next(): Promise<IteratorResult<Item>> {
    if (this.#ended) return { done: true, value: undefined }
    if (this.#pendingSince !== undefined) {
      this.#events.late(this.#pendingSince)
      this.#pendingSince = undefined
      return { done: false, value: this.#item() }
    }
    return new Promise(resolve => {
      this.#waiting = resolve
    })
  }

  end(): void {
    this.#ended = true
    this.#events.end()
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = undefined
  }

  async return(): Promise<IteratorResult<Item>> {
    this.end()
    return { done: true, value: undefined }
  }
}
