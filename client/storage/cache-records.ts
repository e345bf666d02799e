/**
 * The Apollo cache on the device, through apollo3-cache-persist: the whole cache is one record.
 *
 * Its own trigger is not used: it waits for silence and so never writes under steady change, leaves a failed write as an
 * unhandled rejection, and empties the storage for good past 1 MiB (`maxSize`). Here writes wait `QUIET_MS` for silence
 * but never longer than `MAX_WAIT_MS`, and leave at once when the page is hidden.
 */
import type { InMemoryCache } from '@apollo/client'
import { CachePersistor } from 'apollo3-cache-persist'
import type { Clock } from '../../protocol/ports.ts'
import { LayoverError } from '../layover-error.ts'
import type { Shelf } from './database.ts'

const QUIET_MS = 250
const MAX_WAIT_MS = 2000
const KEY = 'cache'

export class CacheRecords {
  readonly #clock: Clock
  readonly #persistor: CachePersistor<unknown>
  readonly #report: (error: LayoverError) => void
  #withdraw: (() => void) | undefined
  #dirtySince: number | undefined
  #writing: Promise<void> = Promise.resolve()
  #closed = false
  #stopListening: () => void

  constructor(cache: InMemoryCache, shelf: Shelf, clock: Clock, report: (error: LayoverError) => void) {
    this.#clock = clock
    this.#report = report
    this.#persistor = new CachePersistor<unknown>({
      // Its types speak of Apollo Client 3, where a cache was generic.
      cache: cache as never,
      key: KEY,
      trigger: false,
      maxSize: false,
      storage: {
        getItem: key => shelf.read(key),
        setItem: (key, value) => shelf.write(new Map([[key, String(value)]])),
        removeItem: key => shelf.write(new Map([[key, null]])),
      },
    })
    this.#stopListening = onHidden(() => void this.flush())
  }

  /** Call before any layer is put on the cache: restoring drops them. What cannot be read is reported and forgotten, for it can be pulled again. */
  async restore(): Promise<void> {
    try {
      await this.#persistor.restore()
    } catch (error) {
      this.#failed(error)
      await this.#persistor.purge().catch(purgeError => this.#failed(purgeError))
    }
  }

  /** The base of the cache changed. */
  changed(): void {
    if (this.#closed) return
    const now = this.#clock.now()
    this.#dirtySince ??= now
    this.#withdraw?.()
    const wait = Math.max(0, Math.min(QUIET_MS, this.#dirtySince + MAX_WAIT_MS - now))
    this.#withdraw = this.#clock.after(wait, () => void this.flush())
  }

  /** Resolves when everything up to now is stored, or the failure was reported. Never rejects. */
  flush(): Promise<void> {
    this.#withdraw?.()
    this.#withdraw = undefined
    this.#writing = this.#writing.then(async () => {
      if (this.#dirtySince === undefined || this.#closed) return
      this.#dirtySince = undefined
      await this.#persistor.persist().catch(error => {
        this.#dirtySince = this.#clock.now()
        this.#failed(error)
      })
    })
    return this.#writing
  }

  /** Removes the stored cache. Rejects with STORAGE_FAILED. */
  async purge(): Promise<void> {
    this.#dirtySince = undefined
    await this.#writing
    await this.#persistor.purge()
  }

  async close(): Promise<void> {
    this.#stopListening()
    await this.flush()
    this.#closed = true
    this.#withdraw?.()
  }

  #failed(cause: unknown): void {
    this.#report(
      cause instanceof LayoverError
        ? cause
        : new LayoverError('STORAGE_FAILED', 'The cache could not be stored or read on this device.', cause),
    )
  }
}

function onHidden(run: () => void): () => void {
  if (typeof document === 'undefined') return () => undefined
  const hidden = (): void => {
    if (document.visibilityState === 'hidden') run()
  }
  document.addEventListener('visibilitychange', hidden)
  globalThis.addEventListener('pagehide', run)
  return () => {
    document.removeEventListener('visibilitychange', hidden)
    globalThis.removeEventListener('pagehide', run)
  }
}
