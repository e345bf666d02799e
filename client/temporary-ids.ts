/**
 * Ids for records that a server names itself. Until it has, the record is known by a temporary id of an unmistakable form; the
 * task that makes it is sent first, and with its confirmed answer the server's id takes the place of the temporary one in all
 * that waits, in one change with the acknowledgement. Where ids may be chosen on the device none of this is needed.
 */
import type { ApolloCache } from '@apollo/client'
import type { Place, StoredEntry } from './entry.ts'
import { answerWithServerIds, isTemporaryId } from './temporary-id.ts'
import { recordsNamedIn } from './touched-records.ts'

const KEY = 'id/'
/** Newest; an older one has been in no list and no address for long. */
const KEPT = 10_000

export class TemporaryIds {
  /** Server's id by temporary id, oldest first. */
  readonly #assigned = new Map<string, string>()
  /** Id of the entry by temporary id. */
  readonly #makers = new Map<string, string>()

  constructor(cache: ApolloCache) {
    answerWithServerIds(cache, value => this.replaceIn(value))
  }

  restore(settings: ReadonlyMap<string, unknown>): void {
    for (const [key, id] of settings) {
      if (key.startsWith(KEY) && typeof id === 'string') this.#assigned.set(key.slice(KEY.length), id)
    }
  }

  /** The server's id, or the id itself. */
  resolve(id: string): string {
    return this.#assigned.get(id) ?? id
  }

  all(): Record<string, string> {
    return Object.fromEntries(this.#assigned)
  }

  /** Replaces whole strings at any depth, keys not; the same value when there is nothing to replace. */
  replaceIn<T>(value: T): T {
    return this.#assigned.size === 0 ? value : (replaced(value, this.#assigned) as T)
  }

  /** Takes ids in; gives what is to be written on the device. */
  assign(ids: Readonly<Record<string, string>>): ReadonlyMap<string, string | null> {
    const records = new Map<string, string | null>()
    for (const [temporary, id] of Object.entries(ids)) {
      this.#assigned.set(temporary, id)
      records.set(KEY + temporary, JSON.stringify(id))
    }
    for (const oldest of this.#assigned.keys()) {
      if (this.#assigned.size <= KEPT) break
      this.#assigned.delete(oldest)
      records.set(KEY + oldest, null)
    }
    return records
  }

  /** Gives what is to be removed on the device. */
  clear(): ReadonlyMap<string, null> {
    const removed = new Map(Array.from(this.#assigned.keys(), id => [KEY + id, null]))
    this.#assigned.clear()
    return removed
  }

  /** Ids of the entries that make what the variables mention. */
  makersFor(variables: unknown): readonly string[] {
    return [...placesIn(variables).keys()].flatMap(temporary => this.#makers.get(temporary) ?? [])
  }

  makerOf(temporary: string): string | undefined {
    return this.#makers.get(temporary)
  }

  /**
   * The entry with what it makes and what it waits for: a temporary id belongs to the first entry that has it.
   * @param foreseen its foreseen answer
   */
  describe(entry: StoredEntry, foreseen: (entry: StoredEntry) => unknown): StoredEntry {
    const used = placesIn(entry.variables)
    // What was foreseen when it was queued may not be after a restart.
    const places = new Map(Object.entries(entry.makes ?? {}))
    for (const id of used.keys()) if (!places.has(id)) places.set(id, [])
    const answer = foreseen(entry)
    const shown = placesIn(answer)
    // Without one in its variables it makes only what is a record of the answer.
    const makesOne = (): boolean => recordsNamedIn(answer).some(({ id }) => isTemporaryId(id))
    if (shown.size > 0 && (used.size > 0 || makesOne())) for (const [id, place] of shown) places.set(id, place)
    if (places.size === 0 && !entry.awaits) return entry
    const { makes: _makes, awaits: _awaits, ...rest } = entry
    const makes: Record<string, Place> = {}
    const awaits: string[] = []
    for (const [temporary, place] of places) {
      const maker = this.#makers.get(temporary)
      if (maker !== undefined && maker !== entry.id) awaits.push(temporary)
      else makes[temporary] = place
    }
    return {
      ...rest,
      ...(Object.keys(makes).length === 0 ? {} : { makes }),
      ...(awaits.length === 0 ? {} : { awaits }),
    }
  }

  register({ id, makes = {} }: StoredEntry): void {
    for (const temporary of Object.keys(makes)) this.#makers.set(temporary, id)
  }

  unregister({ id, makes = {} }: StoredEntry): void {
    for (const temporary of Object.keys(makes)) if (this.#makers.get(temporary) === id) this.#makers.delete(temporary)
  }
}

/**
 * The server's ids in a confirmed answer, by temporary id.
 * @param given by the application; the others stand where the foreseen answer had the temporary ones
 */
export function serverIds(
  { makes = {} }: StoredEntry,
  data: unknown,
  given: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [temporary, place] of Object.entries(makes)) {
    const id: unknown =
      given[temporary] ?? place.reduce((value, key) => (value as Record<string, unknown> | null)?.[key], data)
    if ((typeof id === 'string' && id !== temporary) || typeof id === 'number') found[temporary] = String(id)
  }
  return found
}

const NOWHERE: ReadonlyMap<string, Place> = new Map()

/** Where each temporary id stands first. */
const placesIn = (value: unknown): ReadonlyMap<string, Place> => (holdsOne(value) ? findPlaces(value) : NOWHERE)

/** Nearly always there is none. */
function holdsOne(value: unknown): boolean {
  if (typeof value === 'string') return isTemporaryId(value)
  if (typeof value === 'object' && value !== null) {
    for (const key in value) if (holdsOne((value as Record<string, unknown>)[key])) return true
  }
  return false
}

function findPlaces(value: unknown, place: Place = [], found = new Map<string, Place>()): Map<string, Place> {
  if (isTemporaryId(value)) found.set(value, found.get(value) ?? place)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) findPlaces(child, [...place, key], found)
  }
  return found
}

function replaced(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return ids.get(value) ?? value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map(item => replaced(item, ids))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  const before = value as Record<string, unknown>
  const after = Object.fromEntries(Object.entries(before).map(([key, child]) => [key, replaced(child, ids)]))
  return Object.keys(before).some(key => after[key] !== before[key]) ? after : value
}
