/**
 * Which records of the base of an Apollo cache changed since they were last stored, at a cost of what changed.
 *
 * Apollo says nothing of it. Its root store tells its own result cache through `group.dirty`, exactly and without optimistic
 * layers, so that is where this listens. The name is private: test/client/cache-changes.test.ts tells when it changes, and
 * where it is missing (or `resultCaching` is off, or `scalars` are configured, whose stored form is not JSON) two whole
 * extracts are compared instead, whose unchanged records are the same objects.
 */
import type { InMemoryCache, StoreObject } from '@apollo/client'
import { awaitReader } from '../layer-edit.ts'

/** Under this id stands what garbage collection must leave, as `extract` has it. */
const RETAINED = '__META'

export type Changed = ReadonlyMap<string, object | undefined>

interface RootStore {
  data: Record<string, StoreObject | undefined>
  readonly rootIds: Record<string, number>
  readonly group: { dirty?: (id: string, field: string) => void; caching?: boolean }
  hasScalarConfig?(): boolean
}

export class CacheChanges {
  readonly #cache: InMemoryCache
  readonly #dirty = new Set<string>()
  readonly #init: (() => void) | undefined
  /** Everything there is, and was. */
  #isAll = true
  #isHooked = false
  /** The last extract, where nothing can be hooked. */
  #before: Record<string, object | undefined> = {}
  #retained = ''

  /** @param hook false: always compare */
  constructor(cache: InMemoryCache, hook = true) {
    this.#cache = cache
    const init: unknown = cache['init']
    if (!hook || typeof init !== 'function') return
    this.#init = init as () => void
    // A restore or a reset makes a new store.
    cache['init'] = () => {
      init.call(cache)
      this.#isAll = true
      this.#hook()
    }
    this.#hook()
  }

  /** Whether the base holds nothing. */
  get isEmpty(): boolean {
    return Object.keys(this.#cache.extract()).length === 0
  }

  /** Whether the cost is that of what changed. */
  get isExact(): boolean {
    return this.#isHooked
  }

  /**
   * Fills the cache with what was stored, which is the cache's from then on. It goes in as it is: a store that is new has nothing
   * to merge it with and nobody to tell.
   */
  restore(records: NonNullable<Parameters<InMemoryCache['restore']>[0]>): void {
    if (this.#isHooked) {
      const { [RETAINED]: retained } = records
      this.#cache.restore(retained ? { [RETAINED]: retained } : {})
      delete records[RETAINED]
      this.#store().data = records
      awaitReader(this.#cache)
    } else this.#cache.restore(records)
    this.clear()
  }

  /** Nothing is changed as it stands now. */
  clear(): void {
    this.#dirty.clear()
    this.#isAll = false
    this.#retained = this.#retainedIds().join()
    if (!this.#isHooked) this.#before = this.#extract()
  }

  /** What changed since this was last asked: the stored record, or undefined for one that is gone. `all`: and nothing else is there. */
  take(): { changed: Changed; isAll: boolean } {
    const isAll = this.#isAll
    const changed = new Map<string, object | undefined>()
    if (this.#isHooked) {
      const { data } = this.#store()
      const ids = isAll ? Object.keys(data) : this.#dirty
      for (const id of ids) changed.set(id, data[id])
      const retained = this.#retainedIds()
      if (isAll || retained.join() !== this.#retained) changed.set(RETAINED, { extraRootIds: retained })
      this.#retained = retained.join()
      this.#dirty.clear()
    } else {
      const now = this.#extract()
      const before = isAll ? {} : this.#before
      for (const [id, record] of Object.entries(now)) if (before[id] !== record) changed.set(id, record)
      for (const id of Object.keys(before)) if (!(id in now)) changed.set(id, undefined)
      this.#before = now
    }
    this.#isAll = false
    return { changed, isAll }
  }

  /** They could not be stored. */
  putBack(ids: Iterable<string>, isAll: boolean): void {
    this.#isAll ||= isAll
    if (!this.#isHooked) this.#before = { ...this.#before }
    for (const id of ids) {
      if (id === RETAINED) this.#retained = ''
      else if (this.#isHooked) this.#dirty.add(id)
      else this.#before[id] = {}
    }
  }

  /** As `take` gave it. */
  read(id: string): object | undefined {
    if (!this.#isHooked) return this.#before[id]
    return id === RETAINED ? { extraRootIds: this.#retainedIds() } : this.#store().data[id]
  }

  close(): void {
    if (this.#init) this.#cache['init'] = this.#init
  }

  #hook(): void {
    const { group, hasScalarConfig } = this.#store()
    const { dirty } = group
    this.#isHooked =
      typeof dirty === 'function' && group.caching === true && !hasScalarConfig?.call(this.#cache['data'])
    if (!this.#isHooked || dirty === undefined) return
    group.dirty = (id, field) => {
      this.#dirty.add(id)
      dirty.call(group, id, field)
    }
  }

  #store(): RootStore {
    return this.#cache['data'] as unknown as RootStore
  }

  #extract(): Record<string, object | undefined> {
    return { ...(this.#cache.extract() as Record<string, object | undefined>) }
  }

  #retainedIds(): string[] {
    return Object.keys(this.#store().rootIds ?? {})
      .filter(id => !id.startsWith('ROOT_'))
      .sort()
  }
}
