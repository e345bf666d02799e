/**
 * The Apollo cache on the device, in buckets: a change of one record writes the bucket that it lies in, so it costs the same
 * among a thousand records and among a hundred thousand. Records that came together lie together. The long ones (the root
 * query, the lists of sync) have a bucket of their own.
 *
 * Writes wait `QUIET_MS` for silence but never longer than `MAX_WAIT_MS`, leave at once when the page is hidden, and go along
 * with every acknowledgement.
 */
import type { InMemoryCache } from '@apollo/client'
import type { Clock } from '../../protocol/ports.ts'
import { LayoverError } from '../layover-error.ts'
import type { Report } from '../listeners.ts'
import { CacheChanges, type Changed } from './cache-changes.ts'
import type { Cipher } from './cipher.ts'
import type { Database } from './database.ts'
import { asStorageError, type CacheChange, type Writer } from './writer.ts'

/** Milliseconds. */
const QUIET_MS = 250
const MAX_WAIT_MS = 2000
/** Records a bucket. Chromium reads values of more than 64 KiB several times as fast as smaller ones. */
const BUCKET_SIZE = 256
const HAS_OWN_BUCKET = /^(ROOT_|Layover|__META$)/

export interface CacheRecordsPorts {
  readonly cache: InMemoryCache
  readonly database: Database
  readonly writer: Writer
  readonly cipher: Cipher
  readonly clock: Clock
  readonly report: Report
}

export class CacheRecords {
  readonly #ports: CacheRecordsPorts
  readonly #changes: CacheChanges
  #buckets = new Map<string, Set<string>>()
  #bucketOf = new Map<string, string>()
  /** Those with room. */
  readonly #roomy = new Set<string>()
  #nextBucket = 0
  /** What lies in which bucket, before the first write has to know. */
  #restored: [bucket: string, ids: readonly string[]][] = []
  #withdraw: (() => void) | undefined
  #dirtySince: number | undefined
  #isClosed = false
  #leads = true
  readonly #stopListening: () => void

  constructor(ports: CacheRecordsPorts) {
    this.#ports = ports
    this.#changes = new CacheChanges(ports.cache)
    this.#stopListening = onHidden(() => void this.flush())
    ports.writer.cacheFrom(() => this.#take())
  }

  /**
   * Call before any layer is put on the cache: restoring drops them. What cannot be read is reported and forgotten, for it
   * can be pulled again. Rejects with WRONG_KEY.
   */
  async restore(): Promise<void> {
    const { database, cipher } = this.#ports
    const records: Record<string, object> = Object.create(null)
    try {
      for (const [bucket, stored] of await database.readAll('cache')) {
        const held: Record<string, object> = JSON.parse(await cipher.open(bucket, stored))
        const ids = Object.keys(held)
        for (const id of ids) records[id] = held[id]!
        this.#restored.push([bucket, ids])
        this.#nextBucket = Math.max(this.#nextBucket, Number(bucket) || 0)
      }
      // A cache that somebody else has filled stays as it is, and is stored.
      if (this.#restored.length === 0) return this.#changes.isEmpty ? undefined : this.changed()
      return this.#changes.restore(records as Parameters<InMemoryCache['restore']>[0])
    } catch (error) {
      if (error instanceof LayoverError && error.code === 'WRONG_KEY') throw error
      this.#failed(error)
    }
    this.#forget()
    await database.clear(['cache']).catch(error => this.#failed(error))
  }

  /** Only the leading tab writes. One that takes over writes everything anew, for the device may hold another tab's state. */
  lead(leads: boolean): void {
    const isNew = leads && !this.#leads
    this.#leads = leads
    if (!isNew) return
    this.#changes.putBack([], true)
    this.changed()
  }

  /** The base of the cache changed. */
  changed(): void {
    if (this.#isClosed || !this.#leads) return
    const now = this.#ports.clock.now()
    this.#dirtySince ??= now
    this.#withdraw?.()
    const wait = Math.max(0, Math.min(QUIET_MS, this.#dirtySince + MAX_WAIT_MS - now))
    this.#withdraw = this.#ports.clock.after(wait, () => void this.flush())
  }

  /** Resolves when everything up to now is stored, or the failure was reported. Never rejects. */
  async flush(): Promise<void> {
    this.#withdraw?.()
    this.#withdraw = undefined
    if (this.#dirtySince === undefined || this.#isClosed || !this.#leads) return
    await this.#ports.writer.write(new Map(), true).catch(error => this.#failed(error))
  }

  /** Removes the stored cache. Rejects with STORAGE_FAILED. */
  async purge(): Promise<void> {
    this.#isClosed = true
    this.#withdraw?.()
    await this.#ports.writer.idle()
    await this.#ports.database.clear(['cache'])
  }

  async close(): Promise<void> {
    this.#stopListening()
    await this.flush()
    this.#isClosed = true
    this.#withdraw?.()
    this.#changes.close()
  }

  #take(): CacheChange {
    if (this.#isClosed || !this.#leads) return { changes: new Map(), isAll: false, undo: () => undefined }
    this.#dirtySince = undefined
    const { changed, isAll } = this.#changes.take()
    if (isAll) this.#forget()
    for (const [bucket, ids] of this.#restored.splice(0)) for (const id of ids) this.#put(id, bucket)
    const changes = new Map(Array.from(this.#place(changed), bucket => [bucket, this.#textOf(bucket)]))
    return {
      changes,
      isAll,
      undo: () => {
        this.#changes.putBack(changed.keys(), isAll)
        this.#dirtySince ??= this.#ports.clock.now()
        this.#withdraw ??= this.#ports.clock.after(MAX_WAIT_MS, () => void this.flush())
      },
    }
  }

  /** The buckets in which something is new. */
  #place(changed: Changed): ReadonlySet<string> {
    const touched = new Set<string>()
    for (const [id, record] of changed) {
      const known = this.#bucketOf.get(id)
      if (record !== undefined) touched.add(known ?? this.#put(id, this.#bucketFor(id)))
      else if (known !== undefined) {
        touched.add(known)
        this.#remove(id, known)
      }
    }
    return touched
  }

  #bucketFor(id: string): string {
    if (HAS_OWN_BUCKET.test(id)) return id
    for (const bucket of this.#roomy) return bucket
    this.#nextBucket += 1
    return String(this.#nextBucket)
  }

  #put(id: string, bucket: string): string {
    const held = this.#buckets.get(bucket) ?? new Set()
    this.#buckets.set(bucket, held.add(id))
    this.#bucketOf.set(id, bucket)
    if (held.size >= BUCKET_SIZE || bucket === id) this.#roomy.delete(bucket)
    else this.#roomy.add(bucket)
    return bucket
  }

  #remove(id: string, bucket: string): void {
    this.#bucketOf.delete(id)
    const held = this.#buckets.get(bucket)
    held?.delete(id)
    if (bucket !== id) this.#roomy.add(bucket)
  }

  /** null: nothing is left in it. */
  #textOf(bucket: string): string | null {
    const held = this.#buckets.get(bucket)
    if (held && held.size > 0)
      return JSON.stringify(Object.fromEntries(Array.from(held, id => [id, this.#changes.read(id)])))
    this.#buckets.delete(bucket)
    this.#roomy.delete(bucket)
    return null
  }

  #forget(): void {
    this.#buckets = new Map()
    this.#bucketOf = new Map()
    this.#roomy.clear()
    this.#restored = []
    this.#nextBucket = 0
  }

  #failed(cause: unknown): void {
    this.#ports.report(asStorageError(cause))
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
