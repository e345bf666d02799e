/** Tasks on their way to the device, by id, in queue order. */
import type { StoredEntry } from './entry.ts'

export class Drafts extends Map<string, StoredEntry> {
  /** Those that build on any of these, directly or not, in queue order. */
  upon(ids: Iterable<string>): readonly StoredEntry[] {
    const below = new Set(ids)
    const found: StoredEntry[] = []
    // None builds on a later one.
    for (const draft of this.values()) {
      if (!draft.after.some(id => below.has(id))) continue
      below.add(draft.id)
      found.push(draft)
    }
    return found
  }

  /** It came to nothing; whatever was drafted upon it no longer names it. */
  drop(id: string): void {
    this.delete(id)
    for (const other of this.values()) {
      if (other.after.includes(id)) this.set(other.id, { ...other, after: other.after.filter(each => each !== id) })
    }
  }
}
