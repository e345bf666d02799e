/** One page of `changes`: read from an answer, and applied as one change of records, lists and cursor. */
import type { InMemoryCache, StoreObject } from '@apollo/client'
import { type DocumentNode, Kind, parse } from 'graphql'
import { type Clock, pause } from '../protocol/ports.ts'
import { isTaskStatus, type TaskStatus } from '../protocol/task-states.ts'
import { LayoverError } from './layover-error.ts'
import type { OptimisticLayer } from './optimistic.ts'
import { readSyncRecord, SYNC_RECORD_ID, type SyncRecord, writeSyncRecord } from './sync-record.ts'
import { type IndexChanges, indexedTypes, indexId, readIndex, writeIndex } from './synced-list.ts'

/** Records that one synthetic write takes: more and the page stutters. */
const CHUNK = 500
const DELTA_ID = 'ROOT_DELTA'
const TASK_STATUS: DocumentNode = parse('fragment LayoverTaskStatus on Task { status }', { noLocation: true })

export interface Page {
  readonly changed: readonly ChangedRecord[]
  readonly removed: readonly { readonly type: string; readonly id: string }[]
  readonly cursor: string
  readonly hasMore: boolean
  readonly reset: boolean
}

export type ChangedRecord = StoreObject & { readonly __typename: string; readonly id: string }

/** A page with what it answers. */
export interface PulledPage {
  /** As the cache transforms it. */
  readonly document: DocumentNode
  readonly variables: Record<string, unknown>
  readonly page: Page
  /** Drop what this and the following pages do not bring. */
  readonly reset: boolean
  /** Of the cursor, as JSON. */
  readonly scopes: string
  /** Types that are complete once the last page is in. */
  readonly types: readonly string[] | 'all'
}

export class Delta {
  readonly #cache: InMemoryCache
  readonly #layer: OptimisticLayer
  readonly #clock: Clock
  /** Versions that answers brought, until a page has them too: a page read before must not take a record back. */
  readonly #answered = new Map<string, number>()

  constructor(cache: InMemoryCache, layer: OptimisticLayer, clock: Clock) {
    this.#cache = cache
    this.#layer = layer
    this.#clock = clock
  }

  /** Cursor and records in one batch, so one is never stored without the other. Gives the number of records removed. */
  async apply(pulled: PulledPage, signal: AbortSignal): Promise<number> {
    const { page, reset } = pulled
    if (this.#isNothingNew(pulled)) return 0
    let removed = page.removed.length
    for (let start = 0; start === 0 || start < page.changed.length; start += CHUNK) {
      const isLast = start + CHUNK >= page.changed.length
      if (start > 0) await pause(this.#clock, 0, signal)
      this.#layer.change({
        write: (cache, index) => {
          if (start === 0 && reset) markStale(cache)
          this.#writeChunk(pulled, page.changed.slice(start, start + CHUNK), cache, index)
          if (!isLast) return
          for (const { type, id } of page.removed) removeRecord(cache, index, type, id)
          if (!page.hasMore) removed += dropStale(cache, index)
          writeSyncRecord(cache, advanced(readSyncRecord(cache), pulled, this.#clock.now()))
        },
      })
    }
    return removed
  }

  /** Everything that pages brought leaves the device, the cursor with it. */
  clear(): void {
    this.#answered.clear()
    this.#layer.change({
      write: cache => {
        for (const type of indexedTypes(cache)) {
          for (const { __ref: id } of readIndex(cache, type)?.refs ?? []) cache.evict({ id, broadcast: false })
          forget(cache, indexId(type))
        }
        forget(cache, SYNC_RECORD_ID)
      },
    })
  }

  /** Versions in an answer of the gateway. */
  noteAnswer(payload: Record<string, unknown>): void {
    for (const value of Object.values(payload)) {
      const record = readRecord(value)
      const version = record?.['version']
      const id = record && this.#cache.identify(record)
      if (id !== undefined && typeof version === 'number') this.#answered.set(id, version)
    }
  }

  /** Tasks of an applied page. Read as the application's document stored them, whatever it calls the fields; undefined where it did not ask. */
  tasksOf(page: Page): { id: string; status: TaskStatus | undefined }[] {
    return page.changed.flatMap(record => {
      if (record.__typename !== 'Task') return []
      const id = this.#cache.identify(record)
      const task =
        id && this.#cache.readFragment<{ status?: unknown }>({ id, fragment: TASK_STATUS, returnPartialData: true })
      const status = task ? task.status : undefined
      return [{ id: record.id, status: isTaskStatus(status) ? status : undefined }]
    })
  }

  #isNothingNew({ page, reset, scopes }: PulledPage): boolean {
    if (reset || page.hasMore || page.changed.length > 0 || page.removed.length > 0) return false
    const known = readSyncRecord(this.#cache)
    return known?.cursor === page.cursor && known.scopes === scopes && known.types !== null
  }

  /** One write through a query of its own: writing each record as a fragment would keep each from garbage collection for ever. */
  #writeChunk(
    { document, variables, page }: PulledPage,
    records: readonly ChangedRecord[],
    cache: InMemoryCache,
    index: IndexChanges,
  ): void {
    const wanted = records.filter(record => this.#isNewer(record))
    if (wanted.length > 0) {
      const result = { [changesKey(document)]: { ...page, removed: [], changed: wanted } }
      cache.write({ dataId: DELTA_ID, query: document, variables, result, broadcast: false })
      forget(cache, DELTA_ID)
    }
    for (const record of records) {
      const id = cache.identify(record)
      if (id !== undefined) index.add(record.__typename, id)
    }
  }

  #isNewer(record: ChangedRecord): boolean {
    const id = this.#cache.identify(record)
    const answered = id === undefined ? undefined : this.#answered.get(id)
    if (id === undefined || answered === undefined) return true
    const version = record['version']
    if (typeof version === 'number' && version < answered) return false
    this.#answered.delete(id)
    return true
  }
}

function advanced(before: SyncRecord | null, { page, scopes, types }: PulledPage, now: number): SyncRecord {
  return {
    cursor: page.cursor,
    scopes,
    syncedAt: page.hasMore ? (before?.syncedAt ?? null) : now,
    types: page.hasMore ? (before?.types ?? null) : types,
  }
}

function markStale(cache: InMemoryCache): void {
  for (const type of indexedTypes(cache)) {
    const index = readIndex(cache, type)
    if (index) writeIndex(cache, type, { ...index, stale: index.refs.map(ref => ref.__ref) })
  }
}

function dropStale(cache: InMemoryCache, index: IndexChanges): number {
  index.flush(cache) // What this page brought is no longer stale.
  let dropped = 0
  for (const type of indexedTypes(cache)) {
    const known = readIndex(cache, type)
    if (known?.stale === undefined) continue
    const { stale, ...rest } = known
    writeIndex(cache, type, rest)
    for (const id of stale) {
      cache.evict({ id, broadcast: false })
      index.remove(type, id)
    }
    dropped += stale.length
  }
  return dropped
}

function removeRecord(cache: InMemoryCache, index: IndexChanges, type: string, id: string): void {
  const record = cache.identify({ __typename: type, id })
  if (record === undefined) return
  index.remove(type, record)
  cache.evict({ id: record, broadcast: false })
}

function forget(cache: InMemoryCache, id: string): void {
  cache.evict({ id, broadcast: false })
  while (cache.release(id) > 0);
}

/** Throws REFUSED, which says what the document lacks. */
export function readPage(document: DocumentNode, data: Record<string, unknown>): Page {
  const page = data[changesKey(document)]
  if (!isFields(page) || !Array.isArray(page['changed']) || !Array.isArray(page['removed'])) {
    throw badPage('has to select `changes { changed { … } removed { … } }`')
  }
  const { cursor, hasMore, reset, changed, removed } = page
  if (typeof cursor !== 'string' || typeof hasMore !== 'boolean' || typeof reset !== 'boolean') {
    throw badPage('has to select `cursor hasMore reset`')
  }
  return {
    ...page,
    cursor,
    hasMore,
    reset,
    changed: changed.map(record => readRecord(record) ?? raise('has to select `changed { id }`')),
    removed: removed.map(each =>
      isFields(each) && typeof each['type'] === 'string' && typeof each['id'] === 'string'
        ? { ...each, type: each['type'], id: each['id'] }
        : raise('has to select `removed { type id }`'),
    ),
  }
}

function readRecord(value: unknown): ChangedRecord | undefined {
  if (!isFields(value) || typeof value['__typename'] !== 'string' || typeof value['id'] !== 'string') return undefined
  return value as ChangedRecord
}

/** Response key of the root field `changes`. */
function changesKey(document: DocumentNode): string {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    for (const selection of definition.selectionSet.selections) {
      if (selection.kind === Kind.FIELD && selection.name.value === 'changes')
        return selection.alias?.value ?? 'changes'
    }
  }
  throw badPage('has to be a query of `changes`')
}

const badPage = (rule: string): LayoverError => new LayoverError('REFUSED', `sync.document ${rule}.`)
function raise(rule: string): never {
  throw badPage(rule)
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
