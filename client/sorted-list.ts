/** One list as it was last read: brought up to date by judging and placing what changed, not by sorting everything again. */
import type { Reference } from '@apollo/client'
import type { AnyRecord } from './entry.ts'
import type { FieldReader, TypeMemory } from './type-memory.ts'

export interface SyncedListOptions {
  /** Which records belong to the list; gets the field's arguments. Pure: called again only when the record changes. Default: all. */
  where?: (record: AnyRecord, args: AnyRecord) => boolean
  /** Default: in the order in which they came, tentative ones last. Pure, too. */
  sort?: (a: AnyRecord, b: AnyRecord) => number
  /** The field gives `{ nodes, endCursor, hasMore }` instead of a plain list. */
  connection?: boolean
}

/** So many are looked for one by one; for more the whole list is gone through once. */
const FEW = 64
/** Placing one costs about as much as so many steps of sorting a list that is nearly in order. */
const STEPS = 16

export class SortedList {
  readonly #memory: TypeMemory
  readonly #options: SyncedListOptions
  #members = new Map<string, Reference>()
  #refs: Reference[] = []
  /** Of the memory's log; -1: nothing is known. */
  #mark = -1

  constructor(memory: TypeMemory, options: SyncedListOptions) {
    this.#memory = memory
    this.#options = options
  }

  /** Not to be changed. Without `where` also those that are in the index and cannot be read: to look at all of them takes longer than everything else. */
  refs(field: FieldReader, args: AnyRecord): readonly Reference[] {
    const { where } = this.#options
    const memory = this.#memory
    const changed = this.#mark < 0 ? undefined : memory.since(this.#mark)
    this.#mark = -1 // Whatever the application's functions throw, the next read starts anew.
    const belongs = (ref: Reference): boolean =>
      memory.at.has(ref.__ref) && (!where || (field.canRead(ref) && where(memory.record(ref.__ref), args)))
    if (!changed) {
      this.#refs = [...memory.refs()]
      if (where) this.#refs = this.#refs.filter(belongs)
      if (this.#options.sort) this.#refs.sort(this.#compare)
      this.#members = new Map(this.#refs.map(ref => [ref.__ref, ref]))
    } else if (changed.size > 0) {
      this.#leave(changed)
      this.#join([...changed].map(id => ({ __ref: id })).filter(belongs))
    }
    this.#mark = memory.mark()
    return this.#refs
  }

  /** Of a record in what `refs` gave last; -1: it is not there. */
  indexOf(id: string | undefined): number {
    const ref = id === undefined ? undefined : this.#members.get(id)
    return ref ? this.#refs.indexOf(ref) : -1
  }

  #leave(changed: ReadonlySet<string>): void {
    const leaving = [...changed].flatMap(id => this.#members.get(id) ?? [])
    for (const { __ref: id } of leaving) this.#members.delete(id)
    if (leaving.length > FEW) this.#refs = this.#refs.filter(ref => this.#members.has(ref.__ref))
    else for (const ref of leaving) this.#refs.splice(this.#refs.indexOf(ref), 1)
  }

  #join(joining: readonly Reference[]): void {
    for (const ref of joining) this.#members.set(ref.__ref, ref)
    if (joining.length * STEPS > this.#refs.length) {
      this.#refs.push(...joining)
      this.#refs.sort(this.#compare)
    } else for (const ref of joining) this.#refs.splice(this.#placeOf(ref), 0, ref)
  }

  #placeOf(ref: Reference): number {
    let low = 0
    let high = this.#refs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(this.#refs[middle] as Reference, ref) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  readonly #compare = ({ __ref: a }: Reference, { __ref: b }: Reference): number => {
    const { at } = this.#memory
    return this.#options.sort?.(this.#memory.record(a), this.#memory.record(b)) || (at.get(a) ?? 0) - (at.get(b) ?? 0)
  }
}
