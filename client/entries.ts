/** The entries in queue order, and what builds on what. */
import type { StoredEntry } from './entry.ts'
import { isStuck, isTentative } from './outbox-states.ts'

export class Entries {
  readonly #byId = new Map<string, StoredEntry>()
  readonly #dependents = new Map<string, Set<string>>()
  /** Ids of tasks that were merged into others. */
  readonly #squashed = new Map<string, string>()
  /** Those in conflict: few, and asked for at every change of the queue. */
  readonly #conflicts = new Set<string>()
  /** By operation name. */
  readonly #byName = new Map<string, Set<string>>()
  #changed = new Set<string>()
  #last = 0

  /** Also by the id of a task that was merged into it. */
  get(id: string): StoredEntry | undefined {
    return this.#byId.get(this.#squashed.get(id) ?? id)
  }

  /** In queue order. */
  all(): IterableIterator<StoredEntry> {
    return this.#byId.values()
  }

  ids(): IterableIterator<string> {
    return this.#byId.keys()
  }

  inConflict(): readonly StoredEntry[] {
    return this.#ofIds(this.#conflicts)
  }

  named(name: string): readonly StoredEntry[] {
    return this.#ofIds(this.#byName.get(name) ?? [])
  }

  /** A known entry keeps its place; a new one goes to the end. */
  put(entry: StoredEntry): void {
    const before = this.#byId.get(entry.id)
    if (before?.after !== entry.after) {
      if (before) this.#unlink(before)
      for (const id of entry.after) {
        const dependents = this.#dependents.get(id)
        if (dependents) dependents.add(entry.id)
        else this.#dependents.set(id, new Set([entry.id]))
      }
    }
    const isLast = entry.sequence >= this.#last
    this.#last = Math.max(this.#last, entry.sequence)
    this.#byId.set(entry.id, entry)
    for (const id of entry.squashed ?? []) this.#squashed.set(id, entry.id)
    this.#changed.add(entry.id)
    if (entry.outcome?.status === 'conflict') this.#conflicts.add(entry.id)
    else this.#conflicts.delete(entry.id)
    const named = this.#byName.get(entry.name)
    if (named) named.add(entry.id)
    else this.#byName.set(entry.name, new Set([entry.id]))
    if (isLast || before?.sequence === entry.sequence) return
    const sorted = [...this.#byId].sort(([, a], [, b]) => a.sequence - b.sequence)
    this.#byId.clear()
    for (const [id, each] of sorted) this.#byId.set(id, each)
  }

  remove(entry: StoredEntry): void {
    this.#byId.delete(entry.id)
    for (const id of entry.squashed ?? []) this.#squashed.delete(id)
    this.#changed.add(entry.id)
    this.#conflicts.delete(entry.id)
    this.#byName.get(entry.name)?.delete(entry.id)
    this.#unlink(entry)
  }

  /** What was put or removed since this was last asked, for the disk. */
  takeChanged(): { changed: StoredEntry[]; removed: string[] } {
    const ids = [...this.#changed]
    this.#changed = new Set()
    return {
      changed: ids.flatMap(id => this.#byId.get(id) ?? []),
      removed: ids.filter(id => !this.#byId.has(id)),
    }
  }

  /** What names the entry in `after`. */
  directDependents(id: string): readonly StoredEntry[] {
    return Array.from(this.#dependents.get(id) ?? [], each => this.#byId.get(each)).filter(each => each !== undefined)
  }

  /** Everything that builds on the entry, directly or not, in queue order. */
  dependents(id: string): readonly StoredEntry[] {
    const found = new Set<StoredEntry>()
    const open = [this.#squashed.get(id) ?? id]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const entry of this.directDependents(next)) {
        if (found.has(entry)) continue
        found.add(entry)
        open.push(entry.id)
      }
    }
    return [...found].sort((a, b) => a.sequence - b.sequence)
  }

  /** Whether something that it builds on was not taken by the gateway, and is not going to be by itself. */
  isHeldUp(entry: StoredEntry): boolean {
    return entry.after.some(id => isStuck(this.#byId.get(id)?.status))
  }

  /** An entry shows while its verdict is open and what it builds on shows, too: no change without the record it changes. */
  isShown(entry: StoredEntry): boolean {
    if (!isTentative(entry.status)) return false
    return entry.after.every(id => {
      const other = this.#byId.get(id)
      return other === undefined || other.status === 'conflict' || this.isShown(other)
    })
  }

  /**
   * What builds on a parked task waits; once that is queued again or gone, it no longer does. Adds to `touched` whatever
   * builds on those in it: whether it shows may have changed.
   */
  settleBlocks(touched: Set<string>): void {
    const open = [...touched]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const entry = this.#byId.get(id)
      if (entry?.status === 'queued' || entry?.status === 'blocked') {
        const status = this.isHeldUp(entry) ? 'blocked' : 'queued'
        if (status !== entry.status) {
          this.put({ ...entry, status })
          open.push(...this.#dependentIds(id))
        }
      }
      for (const each of this.#dependentIds(id)) {
        if (touched.has(each)) continue
        touched.add(each)
        open.push(each)
      }
    }
  }

  /** In queue order. */
  #ofIds(ids: Iterable<string>): readonly StoredEntry[] {
    return Array.from(ids, id => this.#byId.get(id)!).sort((a, b) => a.sequence - b.sequence)
  }

  #dependentIds(id: string): Iterable<string> {
    return this.#dependents.get(id) ?? []
  }

  #unlink(entry: StoredEntry): void {
    for (const id of entry.after) {
      const dependents = this.#dependents.get(id)
      dependents?.delete(entry.id)
      if (dependents?.size === 0) this.#dependents.delete(id)
    }
  }
}
