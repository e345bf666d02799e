/** What the queue knows of its entries beside their order: what mentions what, what makes which id, how much it all is. */
import { Dependencies } from './dependencies.ts'
import type { StoredEntry } from './entry.ts'
import type { OutboxSize } from './outbox-limits.ts'
import { isUnsettled } from './outbox-states.ts'
import { serverIds, type TemporaryIds } from './temporary-ids.ts'

type Fields = Record<string, unknown>

export interface OutboxIndexPorts {
  readonly size: OutboxSize
  readonly temporaryIds: TemporaryIds
  /** Whether the base of the cache holds a record with this id. */
  readonly isKnownRecord: (id: string) => boolean
  /** Ids of the records that the application foresees in the task's answer; undefined when it foresees none. */
  readonly foreseenRecords: (entry: StoredEntry) => ReadonlySet<string> | undefined
  /** The answer that the application foresees. */
  readonly foreseen: (entry: StoredEntry) => unknown
  /** What the application reads from a confirmed answer. */
  readonly assignedIds: (entry: StoredEntry, data: unknown) => Readonly<Fields> | undefined
}

export class OutboxIndex {
  readonly #ports: OutboxIndexPorts
  readonly #known: (id: string) => StoredEntry | undefined
  readonly #dependencies: Dependencies

  /** @param known the entry with that id, if the outbox holds it */
  constructor(ports: OutboxIndexPorts, known: (id: string) => StoredEntry | undefined) {
    this.#ports = ports
    this.#known = known
    this.#dependencies = new Dependencies(id => {
      const entry = known(id)
      return entry !== undefined && isUnsettled(entry.status)
    }, ports.isKnownRecord)
  }

  /** The entry as it is to be kept: with the server's ids in it, so far as they are known and it was never sent. `isLater`: what it mentions is looked at when it is asked for. */
  register(wanted: StoredEntry, isLater = false): StoredEntry {
    const { temporaryIds, foreseen, foreseenRecords, size } = this.#ports
    const mended = isUnsent(wanted) ? temporaryIds.replaceIn(wanted) : wanted
    const entry = temporaryIds.describe(mended, foreseen)
    this.#dependencies.add(entry, () => foreseenRecords(entry))
    if (!isLater) this.#dependencies.settle()
    temporaryIds.register(entry)
    size.put(entry)
    return entry
  }

  unregister(entry: StoredEntry): void {
    this.#dependencies.remove(entry)
    this.#ports.temporaryIds.unregister(entry)
    this.#ports.size.remove(entry.id)
  }

  /** What a task with these variables builds on, at that place, or else at the end; of `named` what is still here. */
  afterOf(
    variables: Fields,
    { id: own, sequence, named = [] }: Partial<Pick<StoredEntry, 'id' | 'sequence' | 'named'>>,
  ): readonly string[] {
    const makers = this.#ports.temporaryIds.makersFor(variables)
    const others = [...makers, ...named].filter(id => id !== own && this.#known(id))
    return [...new Set([...this.#dependencies.after(variables, sequence), ...others])]
  }

  /** Id of the newest entry that mentions, in whatever way, an id that these variables mention. */
  newest(variables: Fields): string | undefined {
    return this.#dependencies.newest(variables)
  }

  /** Whether it mentions a record whose id is still to come. */
  awaitsId({ awaits = [] }: StoredEntry): boolean {
    const makers = awaits.map(id => this.#known(this.#ports.temporaryIds.makerOf(id) ?? ''))
    return makers.some(maker => maker && maker.status !== 'rejected')
  }

  /** Reads the server's ids from the maker's answer; gives what is to be written on the device. */
  assign(maker: StoredEntry, data: unknown): ReadonlyMap<string, string | null> {
    const { temporaryIds, assignedIds } = this.#ports
    return temporaryIds.assign(serverIds(maker, data, assignedIds(maker, data)))
  }

  /**
   * The entry with the ids that the maker's answer gave, registered anew; parked where it did not give one. undefined when it
   * waits for none of them.
   */
  mended(entry: StoredEntry, { id, name, makes = {} }: StoredEntry): StoredEntry | undefined {
    const ids = entry.awaits?.filter(each => each in makes) ?? []
    if (ids.length === 0 || !isUnsent(entry)) return undefined
    this.unregister(entry)
    const missing = ids.find(each => this.#ports.temporaryIds.resolve(each) === each)
    if (missing === undefined) return this.register(entry)
    const reason = `NO_SERVER_ID: the answer of ${name} ${id} gives no id for ${missing}.`
    return this.register({ ...entry, status: 'parked', outcome: { status: 'parked', reason } })
  }
}

/** The gateway has nothing under its id, or has said its last word on it. */
const isUnsent = ({ status, inDoubt }: StoredEntry): boolean =>
  !inDoubt && (status === 'queued' || status === 'blocked' || status === 'parked' || status === 'rejected')
