/**
 * Tells when the base of an Apollo cache changes, whoever writes: a query's answer, a pull, the application.
 *
 * Apollo says nothing of it, and both the view (a layer hides later base writes until it is rebuilt) and the stored cache
 * depend on it. So the methods that write are wrapped on this one instance, as apollo3-cache-persist does.
 */
import type { InMemoryCache, Reference } from '@apollo/client'

export interface BaseWriteListener {
  /** The base changed, or may have. */
  written?: () => void
  /** Everything was replaced, and every optimistic layer dropped with it. */
  replaced?: () => void
}

/** Called for a record that is evicted while the view is computed or the base is written. */
export type EvictionListener = (id: string, type: string | undefined) => void

export class BaseWrites {
  readonly #cache: InMemoryCache
  readonly #listeners = new Set<BaseWriteListener>()
  readonly #evictions = new Set<EvictionListener>()
  readonly #restore: () => void
  #tentative = 0
  #ids: ReadonlySet<string> | undefined

  constructor(cache: InMemoryCache) {
    this.#cache = cache
    const { write, modify, evict, gc, reset, restore } = cache
    cache.write = options => this.#noting(write.call(cache, options), true)
    cache.modify = ((options: Parameters<typeof modify>[0]) => {
      const changed = modify.call(cache, options)
      return this.#noting(changed, changed)
    }) as typeof modify
    cache.gc = options => {
      const ids = gc.call(cache, options)
      return this.#noting(ids, ids.length > 0)
    }
    cache.evict = options => {
      if (options.id && options.fieldName === undefined) {
        const { id } = options
        const type = typenameOf(cache, modify, id) ?? typenameOf(cache, modify, id, false)
        for (const listener of this.#evictions) listener(id, type)
        // Inside a layer Apollo's evict removes only what that layer itself holds; deleting every field hides the record.
        if (this.#tentative > 0) return modify.call(cache, { id, fields: (_value, { DELETE }) => DELETE })
      }
      const evicted = evict.call(cache, options)
      return this.#noting(evicted, evicted)
    }
    cache.reset = async options => {
      await reset.call(cache, options)
      this.#replaced()
    }
    cache.restore = data => {
      restore.call(cache, data)
      this.#replaced()
      return cache
    }
    this.#restore = () => Object.assign(cache, { write, modify, evict, gc, reset, restore })
  }

  subscribe(listener: BaseWriteListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onEviction(listener: EvictionListener): () => void {
    this.#evictions.add(listener)
    return () => this.#evictions.delete(listener)
  }

  /** What `run` writes goes to a layer, not to the base. */
  tentatively<T>(run: () => T): T {
    this.#tentative += 1
    try {
      return run()
    } finally {
      this.#tentative -= 1
    }
  }

  /** True while the view is being computed. */
  get isTentative(): boolean {
    return this.#tentative > 0
  }

  /** Whether the base holds a record of any type under this id (`Type:id`). Built once per change of the base. */
  holds(id: string): boolean {
    this.#ids ??= new Set(Object.keys(this.#cache.extract()).map(key => key.slice(key.indexOf(':') + 1)))
    return this.#ids.has(id)
  }

  close(): void {
    this.#listeners.clear()
    this.#evictions.clear()
    this.#restore()
  }

  #noting<T>(result: T, changed: boolean): T {
    if (!changed || this.#tentative > 0) return result
    this.#ids = undefined
    for (const listener of this.#listeners) listener.written?.()
    return result
  }

  #replaced(): void {
    this.#ids = undefined
    for (const listener of this.#listeners) listener.replaced?.()
  }
}

/** Whether the cache, where it reads and writes at this moment, holds a record under this cache id. */
export function holdsRecord(cache: InMemoryCache, id: string): boolean {
  return cache['data']['lookup'](id)?.__typename !== undefined
}

function typenameOf(
  cache: InMemoryCache,
  modify: InMemoryCache['modify'],
  id: string,
  optimistic = true,
): string | undefined {
  let found: string | undefined
  modify.call(cache, {
    id,
    optimistic,
    broadcast: false,
    fields: {
      __typename: (value: string | Reference) => {
        if (typeof value === 'string') found = value
        return value
      },
    },
  })
  return found
}
