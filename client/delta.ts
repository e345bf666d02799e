/** One page of `changes`: read from an answer, and applied as one change of records, lists and cursor. */
import type { InMemoryCache, StoreObject } from '@apollo/client'
import { type DocumentNode, Kind, parse } from 'graphql'
import { type Clock, pause } from '../protocol/ports.ts'
import { isTaskStatus, type TaskStatus } from '../protocol/task-states.ts'
import { LayoverError } from './layover-error.ts'
import type { OptimisticLayer } from './optimistic.ts'
import { dropIndex, heldBy, hold, type IndexChanges, indexedTypes } from './record-index.ts'
import { bitsOf, holds, isLive, type ScopeGroup } from './scope-groups.ts'
import { forget, readSyncRecord, SYNC_RECORD_ID, type SyncRecord, writeSyncRecord } from './sync-record.ts'

/** Records that one synthetic write takes: more and the page stutters. */
const CHUNK = 500
const DELTA_ID = 'ROOT_DELTA'
/** Mark in the index, beyond those of groups, of a record that has to come with a page. */
const SUSPECT = 1 << 30
/** Milliseconds: pulls that bring nothing leave the time on the device as it is until then. */
const RESTAMP_AFTER = 5 * 60_000
const NOTHING: SyncRecord = { groups: [], syncedAt: null, types: null }
const TASK_STATUS: DocumentNode = parse('fragment LayoverTaskStatus on Task { status }', { noLocation: true })

export interface Page {
  readonly changed: readonly ChangedRecord[]
  readonly removed: readonly { readonly type: string; readonly id: string }[]
  readonly cursor: string
  readonly hasMore: boolean
  readonly reset: boolean
}

export interface SeenTask {
  readonly id: string
  readonly status: TaskStatus | undefined
}

export type ChangedRecord = StoreObject & { readonly __typename: string; readonly id: string }

/** A page with what it answers. Apart from the document it is plain data. */
export interface PulledPage {
  /** As the cache transforms it. */
  readonly document: DocumentNode
  readonly variables: Record<string, unknown>
  readonly page: Page
  /** All groups as they shall be, without this page. */
  readonly groups: readonly ScopeGroup[]
  /** Bit of the group that it belongs to. */
  readonly bit: number
  /** Everything that is there is kept only until the last page. */
  readonly reset: boolean
  /** Types that are complete after it; undefined: it is not the last page of the pull. */
  readonly completes: readonly string[] | 'all' | undefined
}

export class Delta {
  readonly #cache: InMemoryCache
  readonly #layer: OptimisticLayer
  readonly #clock: Clock
  /** Versions that answers brought, until a page or a whole pull came after them: a page read before must not take a record back. */
  readonly #answered = new Map<string, { readonly version: number; readonly asked: number }>()
  /** Pages asked for. */
  #asked = 0

  constructor(cache: InMemoryCache, layer: OptimisticLayer, clock: Clock) {
    this.#cache = cache
    this.#layer = layer
    this.#clock = clock
  }

  /** A page is asked for: it should have all that was answered before. */
  asking(): void {
    this.#asked += 1
  }

  /** Cursor and records in one batch, so one is never stored without the other. Gives the number of records removed. */
  async apply(pulled: PulledPage, signal: AbortSignal): Promise<number> {
    const { page, reset, bit, completes } = pulled
    const groups = pulled.groups.map(group => (group.bit === bit ? { ...group, cursor: page.cursor } : group))
    if (this.#isNothingNew(pulled, groups)) return 0
    const own = pulled.groups.find(group => group.bit === bit)
    const changed = page.changed.filter(record => own && holds(own, record.__typename))
    let removed = 0
    for (let start = 0; start === 0 || start < changed.length; start += CHUNK) {
      const isLast = start + CHUNK >= changed.length
      if (start > 0) await pause(this.#clock, 0, signal)
      this.#layer.change({
        write: (cache, index) => {
          if (start === 0) this.#suspect(cache, own, reset)
          this.#writeChunk(pulled, changed.slice(start, start + CHUNK), cache, index)
          if (!isLast) return
          index.flush(cache)
          for (const { type, id } of page.removed) {
            if (!own || !holds(own, type)) continue
            if (removeRecord(cache, index, { type, id }, bit, bitsOf(groups, type) & ~bit)) removed += 1
          }
          if (completes) removed += this.#complete(cache, index, groups, completes)
          else {
            const known = readSyncRecord(cache) ?? NOTHING
            writeSyncRecord(cache, { ...known, groups, unswept: isTrimmed(known, groups) })
          }
        },
      })
    }
    if (completes) for (const id of this.#answered.keys()) if (!this.#isRecent(id)) this.#answered.delete(id)
    return removed
  }

  /** Answered since the last page was asked for. */
  #isRecent(id: string): boolean {
    return this.#answered.get(id)?.asked === this.#asked
  }

  /**
   * Begins anew: what its pages do not bring is not there any more, and leaves with the last one. Of a group's first page that
   * is what only an answer told of, for nobody tells of its deletion.
   */
  #suspect(cache: InMemoryCache, own: ScopeGroup | undefined, reset: boolean): void {
    if (!own || (!reset && own.cursor !== null)) return
    for (const type of indexedTypes(cache)) {
      if (!reset && !holds(own, type)) continue
      hold(cache, type, (held, id) => (this.#isRecent(id) ? 0 : reset ? 1 : held || SUSPECT))
    }
  }

  /** The pull is through without a page that said so: nothing was asked for. Gives the number of records removed. */
  complete(groups: readonly ScopeGroup[], types: readonly string[] | 'all'): number {
    let removed = 0
    this.#layer.change({
      write: (cache, index) => {
        removed = this.#complete(cache, index, groups, types)
      },
    })
    return removed
  }

  /** Everything that pages brought leaves the device, the cursors with it; or one type. */
  clear(type?: string): void {
    this.#answered.clear()
    this.#layer.change({
      write: cache => {
        for (const each of type === undefined ? indexedTypes(cache) : [type]) {
          for (const id of dropIndex(cache, each)) cache.evict({ id, broadcast: false })
        }
        const known = type === undefined ? null : readSyncRecord(cache)
        if (known && type !== undefined) writeSyncRecord(cache, withoutType(known, type))
        else forget(cache, SYNC_RECORD_ID)
      },
    })
  }

  #complete(
    cache: InMemoryCache,
    index: IndexChanges,
    groups: readonly ScopeGroup[],
    types: readonly string[] | 'all',
  ): number {
    const removed = isTrimmed(readSyncRecord(cache) ?? NOTHING, groups) ? sweep(cache, index, groups) : 0
    writeSyncRecord(cache, { groups: groups.filter(isLive), types, syncedAt: this.#clock.now() })
    return removed
  }

  /** Versions in an answer of the gateway. */
  noteAnswer(payload: Record<string, unknown>): void {
    for (const value of Object.values(payload)) {
      const record = readRecord(value)
      const version = record?.['version']
      const id = record && this.#cache.identify(record)
      if (id !== undefined)
        this.#answered.set(id, { version: typeof version === 'number' ? version : -1, asked: this.#asked })
    }
  }

  /** Tasks of an applied page. Read as the application's document stored them, whatever it calls the fields; undefined where it did not ask. */
  tasksOf(page: Page): SeenTask[] {
    return page.changed.flatMap(record => {
      if (record.__typename !== 'Task') return []
      const id = this.#cache.identify(record)
      const task =
        id && this.#cache.readFragment<{ status?: unknown }>({ id, fragment: TASK_STATUS, returnPartialData: true })
      const status = task ? task.status : undefined
      return [{ id: record.id, status: isTaskStatus(status) ? status : undefined }]
    })
  }

  #isNothingNew({ page, reset, completes }: PulledPage, groups: readonly ScopeGroup[]): boolean {
    if (reset || page.changed.length > 0 || page.removed.length > 0) return false
    const known = readSyncRecord(this.#cache)
    if (JSON.stringify(known?.groups) !== JSON.stringify(groups)) return false
    if (!completes) return true
    if (known?.purged) return false
    const isStamped = known?.syncedAt != null && !known.unswept && this.#clock.now() - known.syncedAt < RESTAMP_AFTER
    return isStamped && JSON.stringify(known.types) === JSON.stringify(completes)
  }

  /** One write through a query of its own: writing each record as a fragment would keep each from garbage collection for ever. */
  #writeChunk(
    { document, variables, page, bit }: PulledPage,
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
      if (id !== undefined) index.add(record.__typename, id, bit)
    }
  }

  #isNewer(record: ChangedRecord): boolean {
    const id = this.#cache.identify(record)
    const answered = id === undefined ? undefined : this.#answered.get(id)
    if (id === undefined || answered === undefined) return true
    const version = record['version']
    if (typeof version === 'number' && version < answered.version) return false
    this.#answered.delete(id)
    return true
  }
}

/** What no group stands for any more leaves, each record from the marks of the groups that let go of it. */
function sweep(cache: InMemoryCache, index: IndexChanges, groups: readonly ScopeGroup[]): number {
  let dropped = 0
  for (const type of indexedTypes(cache)) {
    const live = bitsOf(groups, type)
    const kept = (held: number): number | undefined =>
      live === 0 || (held && !(held & live)) ? undefined : held & live
    for (const id of hold(cache, type, kept)) {
      cache.evict({ id, broadcast: false })
      index.remove(type, id)
      dropped += 1
    }
  }
  return dropped
}

/** Unless another group holds it. */
function removeRecord(
  cache: InMemoryCache,
  index: IndexChanges,
  { type, id }: Page['removed'][number],
  bit: number,
  others: number,
): boolean {
  const record = cache.identify({ __typename: type, id })
  if (record === undefined) return false
  if (heldBy(cache, type, record) & others) {
    index.leave(type, record, bit)
    return false
  }
  index.remove(type, record)
  cache.evict({ id: record, broadcast: false })
  return true
}

function withoutType(known: SyncRecord, type: string): SyncRecord {
  const groups = known.groups.map(group =>
    holds(group, type) ? { ...group, without: [...group.without, type] } : group,
  )
  return { ...known, groups, purged: [...(known.purged ?? []), type] }
}

const isTrimmed = (known: SyncRecord, groups: readonly ScopeGroup[]): boolean =>
  known.unswept ||
  groups.some(
    group =>
      !isLive(group) ||
      !known.groups.some(({ bit }) => bit === group.bit) ||
      known.groups.some(({ bit, without }) => bit === group.bit && without.length !== group.without.length),
  )

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
