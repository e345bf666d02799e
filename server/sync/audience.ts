/** Who is told of a commit: those who see a row of it. They are found by partition and told in turns of the event loop. */
import type { Viewer } from '../viewer.ts'
import { type Collection, coversAny } from './collection.ts'

/** What was committed, here or in another process: whose rows, null for a row of everybody's. */
export interface Commit {
  readonly partition: string
  readonly owners: Iterable<string | null> | 'anybody'
}

export interface Listener {
  readonly viewer: Viewer
  /** True when it is told at once; otherwise it picks it up later. Milliseconds since the epoch. */
  poke(committedAt: number): boolean
  /** It is told nothing more. */
  end(): void
}

interface AudienceSetting {
  readonly collections: ReadonlyMap<string, Collection>
  readonly now: () => number
  /** So many were told at once. */
  readonly told: (committedAt: number, listeners: number) => void
  /** A rule failed for a listener, which was not told. */
  readonly failed: (error: unknown) => void
}

/** What was committed since the last round began. */
interface News {
  /** When the first of it was. */
  readonly since: number
  /** Whose rows, by partition. */
  readonly owners: Map<string, ReadonlySet<string | null> | 'anybody'>
}

interface Round {
  readonly news: News
  readonly listeners: readonly Listener[]
  next: number
}

/** Listeners of one turn: about ten milliseconds when all of them have to be told. */
const TURN = 500

/**
 * The first turn of a round is taken in the commit itself, further ones leave room for other work. What is committed
 * during a round is gathered for the next: however fast commits come, nobody is asked more often than the rounds allow.
 */
export class Audience {
  readonly #setting: AudienceSetting
  readonly #partitions = new Map<Listener, ReadonlySet<string>>()
  readonly #listeners = new Map<string, Set<Listener>>()
  /** Whose partitions could not be told: a rule failed. They are asked again each time. */
  readonly #unplaced = new Set<Listener>()
  #gathered: News | undefined
  #round: Round | undefined
  /** The next, if there is something to tell. */
  #turn: NodeJS.Immediate | undefined

  constructor(setting: AudienceSetting) {
    this.#setting = setting
  }

  get size(): number {
    return this.#partitions.size + this.#unplaced.size
  }

  add(listener: Listener): void {
    try {
      this.#place(listener)
    } catch {
      this.#unplaced.add(listener)
    }
  }

  /** False when it is not among them. */
  delete(listener: Listener): boolean {
    for (const partition of this.#partitions.get(listener) ?? []) {
      const others = this.#listeners.get(partition)
      others?.delete(listener)
      if (others?.size === 0) this.#listeners.delete(partition)
    }
    return this.#partitions.delete(listener) || this.#unplaced.delete(listener)
  }

  /** Where the listeners' rows are. */
  get partitions(): ReadonlySet<string> {
    return new Set(this.#listeners.keys())
  }

  tell(commits: readonly Commit[]): void {
    this.#gathered ??= { since: this.#setting.now(), owners: new Map() }
    const { owners } = this.#gathered
    for (const commit of commits) {
      const others = owners.get(commit.partition) ?? []
      const isNamed = commit.owners !== 'anybody' && others !== 'anybody'
      owners.set(commit.partition, isNamed ? new Set([...others, ...commit.owners]) : 'anybody')
    }
    if (this.#turn === undefined) this.#takeTurn()
  }

  close(): void {
    clearImmediate(this.#turn)
    this.#gathered = this.#round = undefined
    for (const listener of [...this.#partitions.keys(), ...this.#unplaced]) listener.end()
  }

  #takeTurn(): void {
    this.#turn = undefined
    const round = this.#round ?? this.#begin()
    if (round === undefined) return
    const turn = round.listeners.slice(round.next, round.next + TURN)
    round.next += TURN
    this.#round = round.next < round.listeners.length ? round : undefined
    let told = 0
    for (const listener of turn) if (this.#concerns(listener, round.news) && listener.poke(round.news.since)) told += 1
    if (told > 0) this.#setting.told(round.news.since, told)
    if (this.#round ?? this.#gathered) this.#turn = setImmediate(() => this.#takeTurn())
  }

  #begin(): Round | undefined {
    const news = this.#gathered
    if (news === undefined) return undefined
    this.#gathered = undefined
    for (const listener of this.#unplaced) {
      try {
        this.#place(listener)
        this.#unplaced.delete(listener)
      } catch (error) {
        this.#setting.failed(error)
      }
    }
    const found = [...news.owners.keys()].map(partition => this.#listeners.get(partition) ?? [])
    return { news, listeners: [...new Set(found.flatMap(each => [...each]))], next: 0 }
  }

  #place(listener: Listener): void {
    const partitions = new Set<string>()
    for (const collection of this.#setting.collections.values()) partitions.add(collection.partition(listener.viewer))
    this.#partitions.set(listener, partitions)
    for (const partition of partitions) {
      const others = this.#listeners.get(partition)
      if (others) others.add(listener)
      else this.#listeners.set(partition, new Set([listener]))
    }
  }

  /** Would any collection show the viewer one of these rows? A rule that fails for one keeps nobody else waiting. */
  #concerns({ viewer }: Listener, { owners }: News): boolean {
    try {
      for (const collection of this.#setting.collections.values()) {
        const changed = owners.get(collection.partition(viewer))
        if (changed && coversAny(collection.mayRead(viewer), viewer, changed)) return true
      }
    } catch (error) {
      this.#setting.failed(error)
    }
    return false
  }
}
