/**
 * What a task builds on. Records get their final ids on the device, so a later task may mention one that an earlier, still
 * waiting task makes: then it names that task in `after`. Records that the gateway knows give no dependency; the gateway
 * itself lets tasks on the same record follow each other. Nor do those that two tasks merely refer to, like an offer: what a
 * task makes or changes is told by its `optimistic` result; of a task without one, every id it mentions is taken for that.
 */
import { isClientId } from '../protocol/protocol.ts'

const UUID = /^(temp:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const ID_KEY = /^ids?$|(Id|ID|Ids|IDs)$/

/** Strings in the value that are ids: UUIDs and temporary ids anywhere, and any client id under a key such as `id`, `customerId`, `offerIds`. */
export function idsIn(value: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  collect(value, '', found)
  return found
}

function collect(value: unknown, key: string, found: Set<string>): void {
  if (typeof value === 'string') {
    if (UUID.test(value) || (ID_KEY.test(key) && isClientId(value))) found.add(value)
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, key, found)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, child] of Object.entries(value)) collect(child, name, found)
  }
}

interface Mentioning {
  readonly id: string
  readonly sequence: number
  readonly variables: Record<string, unknown>
}

/** By id, the entries that mention it, oldest first. Asking costs the ids of one task, whatever the length of the queue. */
export class Dependencies {
  /** Those that make or change the record. */
  readonly #touching = new Map<string, Mentioning[]>()
  /** Also those that merely refer to it. */
  readonly #mentioning = new Map<string, Mentioning[]>()
  /** Not in there yet: at a start nobody asks before the first mutation. */
  #pending: [entry: Mentioning, touched: () => ReadonlySet<string> | undefined][] = []
  readonly #isUnsettled: (entryId: string) => boolean
  readonly #isKnown: (recordId: string) => boolean

  /**
   * @param isUnsettled whether the outbox holds the entry and waits for its verdict
   * @param isKnown whether the gateway knows a record with this id, as far as the device has seen
   */
  constructor(isUnsettled: (entryId: string) => boolean, isKnown: (recordId: string) => boolean) {
    this.#isUnsettled = isUnsettled
    this.#isKnown = isKnown
  }

  /** Ids of the entries, in queue order, that a task with these variables builds on: of each id the first that mentions it. */
  after(variables: Record<string, unknown>, sequence = Number.POSITIVE_INFINITY): readonly string[] {
    this.settle()
    const found = new Map<string, number>()
    for (const id of idsIn(variables)) {
      const first = this.#firstTouching(id)
      if (first && first.sequence < sequence && !this.#isKnown(id)) found.set(first.id, first.sequence)
    }
    return [...found].sort(([, a], [, b]) => a - b).map(([id]) => id)
  }

  /** Id of the newest entry that mentions, in whatever way, an id that these variables mention. */
  newest(variables: Record<string, unknown>): string | undefined {
    this.settle()
    let found: Mentioning | undefined
    for (const id of idsIn(variables)) {
      const newest = this.#mentioning.get(id)?.at(-1)
      if (newest && (!found || newest.sequence > found.sequence)) found = newest
    }
    return found?.id
  }

  /** In queue order. `touched`: ids of the records in its foreseen answer, if it foresees one; asked for when it is needed. */
  add(entry: Mentioning, touched: () => ReadonlySet<string> | undefined = () => undefined): void {
    this.#pending.push([entry, touched])
  }

  /** Takes in what was added. */
  settle(): void {
    const pending = this.#pending
    this.#pending = []
    for (const [entry, touchedBy] of pending) {
      const touched = touchedBy()
      for (const id of idsIn(entry.variables)) {
        insert(this.#mentioning, id, entry)
        if (!touched || touched.has(id)) insert(this.#touching, id, entry)
      }
    }
  }

  /** For an entry that left, whose variables change, or that never came to be. */
  remove(entry: Mentioning): void {
    this.settle()
    for (const id of idsIn(entry.variables)) {
      withdraw(this.#mentioning, id, entry)
      withdraw(this.#touching, id, entry)
    }
  }

  #firstTouching(id: string): Mentioning | undefined {
    const entries = this.#touching.get(id)
    if (!entries) return undefined
    const first = entries.findIndex(each => this.#isUnsettled(each.id))
    if (first > 0) entries.splice(0, first)
    if (first === -1) this.#touching.delete(id)
    return entries[first === -1 ? entries.length : 0]
  }
}

/** One that was changed keeps its place. */
function insert(map: Map<string, Mentioning[]>, id: string, entry: Mentioning): void {
  const entries = map.get(id)
  if (!entries) map.set(id, [entry])
  else if (entries.at(-1)!.sequence < entry.sequence) entries.push(entry)
  else
    entries.splice(
      entries.findIndex(each => each.sequence >= entry.sequence),
      0,
      entry,
    )
}

function withdraw(map: Map<string, Mentioning[]>, id: string, { id: gone }: Mentioning): void {
  const entries = map.get(id)
  const place = entries?.findIndex(each => each.id === gone) ?? -1
  if (!entries || place === -1) return
  if (entries.length === 1) map.delete(id)
  else entries.splice(place, 1)
}
