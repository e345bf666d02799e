/**
 * What is remembered of one type's index between two reads, so that a list looks only at the records that changed.
 *
 * Were a list to ask Apollo for each of its records, Apollo would note as many dependencies at each read; at 20,000 records
 * that alone takes longer than everything else. So a list depends on one made-up field per type, `TICK`, which is told to
 * have changed whenever a record of the type did. Apollo says nothing of changes: the method by which its stores tell their
 * result cache (`group.dirty`) is wrapped. That is not public; where it is missing nothing is remembered, and every read
 * looks at every record. test/client/list-memory.test.ts tells when that happens.
 */
import type { FieldFunctionOptions, Reference } from '@apollo/client'
import type { AnyRecord } from './entry.ts'
import { SortedList, type SyncedListOptions } from './sorted-list.ts'

export const INDEX_TYPE = 'LayoverIndex'
/** Records of one page of an index. */
export const PAGE_LIMIT = 256
/** A field of the index record that is never written. */
export const TICK = 'tick'
/** Lists of one field that are remembered, each for other arguments. */
const MAX_LISTS = 20
const MIN_LOG = 1000

export type FieldReader = Pick<FieldFunctionOptions, 'readField' | 'canRead' | 'isReference'>

export class TypeMemory {
  /** Place of each record by its cache id: page times `PAGE_LIMIT`, plus position. */
  readonly at = new Map<string, number>()
  readonly #pages: (readonly Reference[] | undefined)[] = []
  readonly #outdated = new Set<number>()
  readonly #records = new Map<string, AnyRecord>()
  /** By the cache id of a record that another one was judged by. */
  readonly #judged = new Map<string, Set<string>>()
  readonly #lists = new WeakMap<SyncedListOptions, Map<string, SortedList>>()
  /** Cache ids that joined, left or changed. */
  #log: string[] = []
  #forgotten = 0
  /** Somebody knows the log up to here; -1: nobody does, and nothing need be noted. */
  #marked = -1
  #field: FieldReader | undefined

  /** Reads as the field does that is being read. */
  readThrough(field: FieldReader): void {
    this.#field = field
  }

  /** Every record, in the order of the index. */
  *refs(): Iterable<Reference> {
    for (const page of this.#pages) if (page) yield* page
  }

  /** A page of the index changed. */
  outdate(page: number): void {
    this.#outdated.add(page)
  }

  /** Looks at the pages that changed; at all of them where a layer may be half-way through being made again. */
  follow(count: number, read: (page: number) => readonly Reference[] | undefined, all = false): void {
    const added: [page: number, refs: readonly Reference[]][] = []
    const before = new Map<string, number>()
    for (let page = 0; page < Math.max(count, this.#pages.length); page += 1) {
      const known = this.#pages[page]
      if (known && page < count && !all && !this.#outdated.has(page)) continue
      const refs = page < count ? read(page) : undefined
      if (refs === known) continue
      for (const { __ref: id } of known ?? []) {
        before.set(id, this.at.get(id) ?? 0)
        this.at.delete(id)
      }
      if (refs) added.push([page, refs])
      this.#pages[page] = refs
    }
    this.#pages.length = count
    this.#outdated.clear()
    let last = -1
    for (const [page, refs] of added) {
      if (this.#marked < 0 && before.size === 0) {
        // Nobody has read anything yet. Of ten thousand records every look-up counts.
        let place = page * PAGE_LIMIT
        for (const ref of refs) this.at.set(ref.__ref, place++)
        continue
      }
      for (let position = 0; position < refs.length; position += 1) {
        const { __ref: id } = refs[position] as Reference
        const place = before.get(id)
        before.delete(id)
        this.at.set(id, page * PAGE_LIMIT + position)
        // Now behind one that it used to be before, or perhaps so: it left and came again.
        if (place === undefined || place < last || Math.floor(place / PAGE_LIMIT) !== page) this.#note(id)
        else last = place
      }
    }
    for (const id of before.keys()) if (!this.at.has(id)) this.#note(id)
  }

  /** Whether a list may be another one now that this record changed. */
  touch(id: string): boolean {
    const judged = this.#judged.get(id)
    if (this.at.has(id)) this.#note(id)
    else if (!judged) return false
    for (const other of judged ?? []) this.#note(other)
    return true
  }

  /** Where the log ends: what is to be handed to `since` next time. */
  mark(): number {
    this.#marked = this.#forgotten + this.#log.length
    return this.#marked
  }

  /** What joined, left or changed since; undefined when that is forgotten. */
  since(mark: number): Set<string> | undefined {
    return mark < this.#forgotten ? undefined : new Set(this.#log.slice(mark - this.#forgotten))
  }

  /** The record as a plain object whose fields are read when they are asked for, and then kept until it changes. */
  record(id: string): AnyRecord {
    let record = this.#records.get(id)
    if (!record) {
      record = this.#recordOf({ __ref: id }, id)
      this.#records.set(id, record)
    }
    return record
  }

  list(options: SyncedListOptions, key: string): SortedList {
    let lists = this.#lists.get(options)
    if (!lists) {
      lists = new Map()
      this.#lists.set(options, lists)
    }
    const list = lists.get(key) ?? new SortedList(this, options)
    lists.delete(key)
    lists.set(key, list)
    if (lists.size > MAX_LISTS) lists.delete(lists.keys().next().value ?? key)
    return list
  }

  #note(id: string): void {
    this.#records.delete(id)
    if (this.#marked < 0) return
    if (this.#log.at(-1) === id && this.#marked < this.#forgotten + this.#log.length) return
    this.#log.push(id)
    if (this.#log.length < Math.max(MIN_LOG, 2 * this.at.size)) return
    this.#forgotten += this.#log.length
    this.#log = []
  }

  #recordOf(ref: Reference, owner: string): AnyRecord {
    const values = new Map<string | symbol, unknown>()
    const valueAt = (name: string | symbol): unknown => {
      if (typeof name !== 'string' || !this.#field) return undefined
      if (!values.has(name)) {
        const value = this.#field.readField(name, ref)
        values.set(name, this.#field.isReference(value) ? this.#related(value, owner) : value)
      }
      return values.get(name)
    }
    return new Proxy({}, { get: (_target, name) => valueAt(name), has: (_target, name) => valueAt(name) !== undefined })
  }

  #related(ref: Reference, owner: string): AnyRecord {
    const judged = this.#judged.get(ref.__ref) ?? new Set()
    this.#judged.set(ref.__ref, judged.add(owner))
    return this.#recordOf(ref, owner)
  }
}

/** What Apollo's stores share: one group for the base, one for all layers over it. */
interface Group {
  readonly parent?: Group | null
  dirty(id: string, field: string): void
}

/** As far as it is known; Apollo's own type is not public. */
export interface CacheStore {
  readonly canRead: unknown
  readonly parent?: CacheStore
  readonly group?: Group
}

class GroupMemory {
  readonly types = new Map<string, TypeMemory>()
  /** Of the layers over it. */
  readonly above: GroupMemory[] = []
  readonly #tell: (id: string, field: string) => void

  constructor(group: Group) {
    this.#tell = group.dirty.bind(group)
    group.dirty = (id, field) => {
      this.#tell(id, field)
      this.#touch(id)
    }
  }

  #touch(id: string): void {
    const [name, of, page] = id.split(':', 3)
    const index = name === INDEX_TYPE && page !== undefined ? this.types.get(of ?? '') : undefined
    index?.outdate(Number(page))
    for (const [type, memory] of this.types) {
      if (memory === index || memory.touch(id)) this.#tell(`${INDEX_TYPE}:${type}`, TICK)
    }
    for (const each of this.above) each.#touch(id)
  }
}

const memories = new WeakMap<Group, GroupMemory>()

function memoryOfGroup(group: Group): GroupMemory {
  let memory = memories.get(group)
  if (!memory) {
    memory = new GroupMemory(group)
    memories.set(group, memory)
    if (group.parent) memoryOfGroup(group.parent).above.push(memory)
  }
  return memory
}

/** What is remembered of the type in that store; nothing yet where Apollo cannot be watched. */
export function memoryIn(store: CacheStore | undefined, type: string): TypeMemory {
  const group = store?.group
  if (typeof group?.dirty !== 'function') return new TypeMemory()
  const { types } = memoryOfGroup(group)
  let memory = types.get(type)
  if (!memory) {
    memory = new TypeMemory()
    types.set(type, memory)
  }
  return memory
}
