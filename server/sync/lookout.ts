/**
 * Where several gateways share a store: tells the others of this process's commits and pokes for theirs. What the bus loses is
 * found by looking at the heads of the partitions that have subscribers here.
 */
import { type Clock, pause, type Random } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Observer } from '../observe/observer.ts'
import type { Store } from '../store/store.ts'
import type { Bus, News } from './bus.ts'
import { Outage } from './outage.ts'

const DEFAULT_LOOK_EVERY_MS = 5000
const LEAST_LOOK_EVERY_MS = 50
/** News of a commit may be under way for so long. */
const UNDER_WAY_MS = 500

export interface LookoutOptions {
  readonly bus: Bus
  readonly store: Store
  /** How often it looks, give or take a quarter; default 5000, at least 50. */
  readonly lookEveryMs?: number
  /** Where somebody here waits for commits. */
  readonly partitions: () => ReadonlySet<string>
  /** Called with commits of other processes. */
  readonly hear: (news: readonly News[]) => void
  readonly observer: Pick<Required<Observer>, 'heard'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Lookout {
  /** After the store was opened. Throws BusError. */
  start(): Promise<void>
  /** Before the store is closed and after the last commit: the others are told of it. */
  stop(): Promise<void>
}

/** Throws a TypeError for a `lookEveryMs` that can't be one. */
export function lookoutOf(options: LookoutOptions): Lookout {
  const { lookEveryMs = DEFAULT_LOOK_EVERY_MS } = options
  if (!Number.isFinite(lookEveryMs) || lookEveryMs < LEAST_LOOK_EVERY_MS) {
    throw new TypeError(`lookEveryMs: must be a number of milliseconds, at least ${LEAST_LOOK_EVERY_MS}`)
  }
  return new StoreLookout(options, lookEveryMs)
}

/** A head that differs from the one that was known when it was read. */
interface Unheard {
  readonly partition: string
  readonly head: number
  readonly known: number | undefined
}

class StoreLookout implements Lookout {
  readonly #options: LookoutOptions
  readonly #everyMs: number
  readonly #outage: Outage
  /** Head up to which subscribers here were poked, by partition. */
  readonly #known = new Map<string, number>()
  #withdraw: () => void = () => undefined
  #unlisten: () => void = () => undefined
  #looking: Promise<void> | undefined
  /** Asked for while a look was under way, which may have read before. */
  #again = false
  readonly #ending = new AbortController()

  constructor(options: LookoutOptions, everyMs: number) {
    this.#options = options
    this.#everyMs = everyMs
    this.#outage = new Outage(options.log, 'the store can be looked at again for commits of other gateways')
  }

  async start(): Promise<void> {
    const { bus, store, clock, random, log } = this.#options
    this.#unlisten = store.onCommit(commits => {
      const news = commits.map(({ partition, owners, head }): News => ({ partition, owners: [...owners], head }))
      this.#note(news)
      bus.tell(news)
    })
    await bus.start({
      hear: news => {
        this.#note(news)
        this.#hear(news, 'bus')
      },
      listening: () => this.#look(),
      clock,
      random,
      log,
    })
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    this.#withdraw()
    this.#unlisten()
    await this.#options.bus.close()
    await this.#looking
  }

  #schedule(): void {
    const { clock, random } = this.#options
    this.#withdraw = clock.after(this.#everyMs * (0.75 + random.fraction() / 2), () => this.#look())
  }

  /** Now. The next look by itself is counted from here. */
  #look(): void {
    if (this.#ending.signal.aborted) return
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#withdraw()
    this.#looking = this.#compare()
      .then(
        () => this.#outage.over(),
        error => {
          if (!this.#ending.signal.aborted)
            this.#outage.failed(error, 'the store can not be looked at for commits of other gateways')
        },
      )
      .then(() => {
        this.#looking = undefined
        if (this.#ending.signal.aborted) return
        if (this.#again) {
          this.#again = false
          this.#look()
        } else this.#schedule()
      })
  }

  async #compare(): Promise<void> {
    const { partitions: wanted, store, clock } = this.#options
    const partitions = wanted()
    for (const partition of this.#known.keys()) if (!partitions.has(partition)) this.#known.delete(partition)
    if (partitions.size === 0) return
    const before = new Map(this.#known)
    const heads = await store.view.heads([...partitions])
    const first: News[] = []
    const unheard: Unheard[] = []
    for (const partition of partitions) {
      const head = heads.get(partition) ?? 0
      const known = this.#known.get(partition)
      if (known === undefined) {
        this.#known.set(partition, head)
        // Nobody knows what was committed between a subscriber's coming and this look.
        if (head > 0) first.push({ partition, owners: 'anybody', head })
      } else if (head !== before.get(partition)) unheard.push({ partition, head, known: before.get(partition) })
    }
    if (first.length > 0) this.#options.hear(first)
    if (unheard.length === 0) return
    await pause(clock, UNDER_WAY_MS, this.#ending.signal)
    this.#poke(unheard)
  }

  /** Of what had not been heard when it was looked at, that which still has not been. */
  #poke(unheard: readonly Unheard[]): void {
    const lost: News[] = []
    for (const { partition, head, known } of unheard) {
      const now = this.#known.get(partition)
      // Unchanged and higher than the store's: its history is another one, after a failover.
      if (now !== known && head <= (now ?? 0)) continue
      this.#known.set(partition, head)
      lost.push({ partition, owners: 'anybody', head })
    }
    if (lost.length > 0) this.#hear(lost, 'look')
  }

  #hear(news: readonly News[], by: 'bus' | 'look'): void {
    const { observer, hear } = this.#options
    observer.heard({ commits: news.length, by })
    hear(news)
  }

  #note(news: readonly News[]): void {
    for (const { partition, head } of news) {
      this.#known.set(partition, Math.max(head, this.#known.get(partition) ?? 0))
    }
  }
}
