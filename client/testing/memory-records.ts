/** Records with their earlier versions and the order of their last changes: what `changes` is read from. */
import type { Clock } from '../../protocol/ports.ts'
import type { Writer } from './three-way-merge.ts'

export interface MemoryRecord {
  readonly __typename: string
  readonly id: string
  readonly version: number
  /** RFC 3339. */
  readonly updatedAt: string
  readonly updatedBy: string | null
  readonly [field: string]: unknown
}

export interface RecordVersion {
  readonly record: MemoryRecord
  readonly deleted: boolean
  readonly writtenBy: Writer
}

export interface StoredRecord extends RecordVersion {
  /** Of the last change; no two are equal. */
  readonly number: number
  /** Whose alone it is; null: whoever may read the type. */
  readonly owner: string | null
  readonly at: number
}

export class MemoryRecords {
  readonly #clock: Clock
  readonly #keepForMs: number
  /** In the order of their last change. */
  readonly #rows = new Map<string, StoredRecord>()
  readonly #versions = new Map<string, (RecordVersion & { readonly at: number })[]>()
  #head = 0
  /** Tombstones up to here may be gone. */
  #prunedTo = 0

  constructor(clock: Clock, keepForMs: number) {
    this.#clock = clock
    this.#keepForMs = keepForMs
  }

  /** Number of the last change. */
  get head(): number {
    return this.#head
  }

  /** Cursors below it are too old. */
  get horizon(): number {
    return this.#prunedTo
  }

  /** Deleted or not. */
  get(key: string): StoredRecord | undefined {
    return this.#rows.get(key)
  }

  all(): Iterable<StoredRecord> {
    return this.#rows.values()
  }

  /** Versions from `from` on, oldest first. */
  versions(key: string, from: number): readonly RecordVersion[] {
    return (this.#versions.get(key) ?? []).filter(({ record }) => record.version >= from)
  }

  /** Rows that changed after the number, in that order. */
  after(number: number): StoredRecord[] {
    return [...this.#rows.values()].filter(row => row.number > number)
  }

  put(
    key: string,
    written: RecordVersion,
    { owner = null, keepsVersions = true }: { owner?: string | null; keepsVersions?: boolean } = {},
  ): void {
    this.#head += 1
    const at = this.#clock.now()
    this.#rows.delete(key) // Newest last.
    this.#rows.set(key, { ...written, owner, number: this.#head, at })
    if (keepsVersions) {
      const versions = this.#versions.get(key)
      if (versions) versions.push({ ...written, at })
      else this.#versions.set(key, [{ ...written, at }])
    }
    this.#prune(at - this.#keepForMs)
  }

  #prune(before: number): void {
    for (const [key, row] of this.#rows) {
      if (row.at >= before) break
      const versions = this.#versions.get(key)
      versions?.splice(0, versions.length - 1) // The last one is the record as it is.
      if (!row.deleted) continue
      this.#rows.delete(key)
      this.#versions.delete(key)
      this.#prunedTo = Math.max(this.#prunedTo, row.number)
    }
  }
}

export const keyOf = (type: string, id: string): string => `${type}:${id}`
