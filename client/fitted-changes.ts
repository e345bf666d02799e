/** What waits, fitted to the records that are there, and which of it writes which record. */
import type { InMemoryCache } from '@apollo/client'
import type { DocumentNode } from 'graphql'
import { holdsRecord } from './base-writes.ts'
import type { Overlay } from './entry.ts'
import { pagesWith } from './record-index.ts'
import { type RecordParts, recordParts } from './record-parts.ts'
import { type FittedResult, type FoundRecords, findRecords, fitResult, initialValue } from './tentative-result.ts'

type Fields = Record<string, unknown>

/** One task's part of the view. Everything in it is pure and may run many times. */
export interface TentativeChange {
  readonly id: string
  readonly sequence: number
  readonly name: string
  /** Name of the root field. */
  readonly field: string
  readonly queuedAt: string
  /** As the cache transforms it. */
  readonly document: DocumentNode
  readonly variables: Fields
  /** The answer that the application foresees, under the root field's response key. */
  readonly result: Fields
  readonly update?: ((cache: InMemoryCache, data: Fields) => void) | undefined
  readonly overlay?: Overlay | undefined
}

interface Fitted {
  /** undefined: Apollo has to write it. */
  readonly parts: RecordParts | undefined
  whole(): FittedResult
}

/** What is known of a change for good. */
export interface Known extends FoundRecords {
  /** By the ids of those that exist. */
  readonly byPresent: Map<string, Fitted>
}

export class FittedChanges {
  readonly #cache: InMemoryCache
  readonly #known = new WeakMap<TentativeChange, Known>()
  /** By the cache id of a record, the changes that write it. */
  readonly #writers = new Map<string, Set<TentativeChange>>()
  /** Those that are not in there yet: nobody asks before the view is changed for the first time. */
  #unlisted: TentativeChange[] = []
  /** Those of which nobody can tell what they write. */
  readonly #opaque = new Set<TentativeChange>()

  constructor(cache: InMemoryCache) {
    this.#cache = cache
  }

  /** Whether it is known of every change which records it writes, and what. */
  get isClear(): boolean {
    return this.#opaque.size === 0
  }

  /** Of all records that any change writes. */
  get ids(): readonly string[] {
    return [...this.#listed().keys()]
  }

  of(change: TentativeChange): Known {
    let known = this.#known.get(change)
    if (!known) {
      known = { ...findRecords(this.#cache, change.result), byPresent: new Map() }
      this.#known.set(change, known)
    }
    return known
  }

  add(change: TentativeChange): void {
    const isWritten = [...this.of(change).byPresent.values()].some(({ parts }) => !parts)
    if (change.update || change.overlay || isWritten) this.#opaque.add(change)
    this.#unlisted.push(change)
  }

  remove(change: TentativeChange): void {
    this.#opaque.delete(change)
    for (const id of this.of(change).ids) {
      const writers = this.#listed().get(id)
      writers?.delete(change)
      if (writers?.size === 0) this.#writers.delete(id)
    }
  }

  clear(): void {
    this.#writers.clear()
    this.#unlisted = []
    this.#opaque.clear()
  }

  /** Those that write any of the records, in order. */
  writing(ids: Iterable<string>): readonly TentativeChange[] {
    const found = new Set<TentativeChange>()
    const writers = this.#listed()
    for (const id of ids) for (const change of writers.get(id) ?? []) found.add(change)
    return [...found].sort((a, b) => a.sequence - b.sequence)
  }

  /** What all changes add to the base's index. */
  pages(changes: readonly TentativeChange[]): ReadonlyMap<string, unknown> {
    const added = new Map<string, Set<string>>()
    for (const change of changes) {
      for (const { type, id } of this.of(change).records) {
        if (type === 'Task') continue
        const ids = added.get(type) ?? new Set()
        added.set(type, ids.add(id))
      }
    }
    return new Map(Array.from(added, ([type, ids]) => [...pagesWith(this.#cache, type, ids)]).flat())
  }

  /**
   * As the cache stands where it writes to at this moment. Fitted once per set of records that exist: rebuilding is frequent.
   * @param isWhole it is written as a whole this time
   */
  now(change: TentativeChange, isWhole = false): Fitted {
    const cache = this.#cache
    const known = this.of(change)
    const present = known.ids.filter(id => holdsRecord(cache, id))
    const key = present.join(' ')
    let fitted = known.byPresent.get(key)
    if (!fitted) {
      const { document, result } = change
      const exists = (id: string): boolean => present.includes(id)
      const initial = (type: string, field: string): unknown => initialValue(type, field, change)
      let whole: FittedResult | undefined
      fitted = {
        parts: recordParts(cache, document, result, object => known.idOf.get(object), exists, initial),
        whole() {
          whole ??= fitResult(cache, document, result, exists, initial)
          return whole
        },
      }
      known.byPresent.set(key, fitted)
    }
    if (!fitted.parts && !isWhole) this.#opaque.add(change)
    return fitted
  }

  #listed(): ReadonlyMap<string, Set<TentativeChange>> {
    for (const change of this.#unlisted) {
      for (const id of this.of(change).ids) {
        const writers = this.#writers.get(id)
        if (writers) writers.add(change)
        else this.#writers.set(id, new Set([change]))
      }
    }
    this.#unlisted = []
    return this.#writers
  }
}
