/** Brings the gateway's changes home: pushes, pulls page after page, and applies each page as one change of cache and lists. */
import { type ApolloClient, CombinedGraphQLErrors, type InMemoryCache, type StoreObject } from '@apollo/client'
import { type DocumentNode, Kind, parse } from 'graphql'
import { errorCode, isRetryableCode } from '../protocol/errors.ts'
import { backoffMs, type Clock, pause, type Random } from '../protocol/ports.ts'
import { DEFAULT_PAGE } from '../protocol/protocol.ts'
import { isSettled, isTaskStatus } from '../protocol/task-states.ts'
import type { Connectivity } from './connectivity.ts'
import { LayoverError } from './layover-error.ts'
import { Listeners, type Report } from './listeners.ts'
import type { OptimisticLayer } from './optimistic.ts'
import type { OutboxQueue } from './outbox.ts'
import type { Replay, ReplayCounts } from './replay.ts'
import type { SignIn } from './sign-in.ts'
import { readSyncRecord, SYNC_RECORD_ID, type SyncRecord, writeSyncRecord } from './sync-record.ts'
import { type IndexChanges, indexedTypes, indexId, readIndex, writeIndex } from './synced-list.ts'
import type { Wire } from './wire.ts'

export interface Scope {
  type: string
  /** `{field: value | {in: […]} | {gte, lt, …}}` */
  where?: object
}

export interface SyncOptions {
  /**
   * The `changes` query: variables `$since`, `$scopes`, `$first`; selects `cursor hasMore reset removed { type id }` and, under
   * `changed`, `id version` and all that lists and records of each type are read with. It should select `Task` with `status`,
   * so that the outcome of a task that takes long is seen at once.
   */
  document: DocumentNode
  /** Default: everything that the caller may see. */
  scopes?: Scope[]
  /** The `changesAvailable` subscription. Without it the client pulls on connect, on demand and by timer. */
  notice?: DocumentNode
  /** Milliseconds between two pulls when nothing else asks for one; default 60,000. */
  everyMs?: number
  /** Records a page; default 1,000. */
  pageSize?: number
}

export interface PullResult {
  changed: number
  removed: number
  pages: number
  /** The gateway, or a change of scopes, made it start from nothing. */
  reset: boolean
}

export type PushResult = ReplayCounts

export interface Sync {
  /** When the last pull reached the end; kept on the device. */
  readonly lastSyncedAt: Date | null
  /** Pushes first. Rejects with OFFLINE, UNREACHABLE, UNAUTHENTICATED, REFUSED. */
  pull(): Promise<PullResult>
  /** Sends what can be sent now. Rejects with OFFLINE, PAUSED, UNREACHABLE, UNAUTHENTICATED. */
  push(): Promise<PushResult>
  /** For this session; records outside leave the device with the pull that follows at once, or when there is a connection again. */
  setScopes(scopes: Scope[]): Promise<void>
  /** Takes what sync brought off the device; tasks stay. Refuses (PENDING_TASKS) while tasks wait, unless forced. */
  purge(options?: { force?: boolean }): Promise<void>
  subscribe(listener: () => void): () => void
}

/** Records that one synthetic write takes: more and the page stutters. */
const CHUNK = 500
const DEFAULT_EVERY_MS = 60_000
const RETRY_BASE_MS = 1000
const RETRY_MAX_MS = 60_000
/** A poke reaches every device of an agency at the same moment. */
const NOTICE_JITTER_MS = 250
/** In one pull. */
const MAX_RESETS = 3
const DELTA_ID = 'ROOT_DELTA'

const TASK_STATUS: DocumentNode = parse('fragment LayoverTaskStatus on Task { status }', { noLocation: true })

interface Page {
  readonly changed: readonly ChangedRecord[]
  readonly removed: readonly { readonly type: string; readonly id: string }[]
  readonly cursor: string
  readonly hasMore: boolean
  readonly reset: boolean
}

type ChangedRecord = StoreObject & { readonly __typename: string; readonly id: string }

export interface SyncPorts {
  readonly client: ApolloClient
  readonly cache: InMemoryCache
  readonly layer: OptimisticLayer
  readonly queue: OutboxQueue
  readonly replay: Replay
  readonly wire: Wire
  readonly connectivity: Connectivity
  readonly signIn: SignIn
  readonly clock: Clock
  readonly random: Random
  readonly report: Report
}

export class SyncLoop implements Sync {
  readonly #ports: SyncPorts
  readonly #options: SyncOptions | undefined
  readonly #listeners: Listeners
  readonly #stopped = new AbortController()
  readonly #stop: (() => void)[] = []
  readonly subscribe: (listener: () => void) => () => void
  /** Versions that answers brought, until a page has them too: a page read before must not take a record back. */
  readonly #answered = new Map<string, number>()
  #scopes: readonly Scope[] | undefined
  #lastSyncedAt: Date | null
  #running: Promise<PullResult> | undefined
  #next: Promise<PullResult> | undefined
  /** The pull that runs has asked for its first page. */
  #isReading = false
  #failures = 0
  #withdrawTimer: (() => void) | undefined
  #noticed = false
  #endNotice: (() => void) | undefined
  #noticeFailures = 0
  #wasOnline: boolean

  constructor(ports: SyncPorts, options: SyncOptions | undefined) {
    this.#ports = ports
    this.#options = options
    this.#scopes = options?.scopes
    this.#listeners = new Listeners(ports.report)
    this.subscribe = this.#listeners.subscribe
    this.#wasOnline = ports.connectivity.state === 'online'
    const syncedAt = readSyncRecord(ports.cache)?.syncedAt ?? null
    this.#lastSyncedAt = syncedAt === null ? null : new Date(syncedAt)
  }

  get lastSyncedAt(): Date | null {
    return this.#lastSyncedAt
  }

  /** Begins to pull by itself. */
  start(): void {
    const { connectivity } = this.#ports
    this.#stop.push(
      connectivity.subscribe(() => this.#connectionChanged()),
      connectivity.onHint(() => this.#inBackground()),
    )
    if (!this.#options) return
    this.#listen()
    // Whoever pulls as soon as the client is there should be told what the first pull brings.
    this.#schedule(0)
  }

  pull(): Promise<PullResult> {
    return this.#pull(true)
  }

  async push(): Promise<PushResult> {
    const { replay, queue } = this.#ports
    this.#refuseOffline()
    if (replay.paused) throw new LayoverError('PAUSED', 'The outbox is paused: call outbox.resume() first.')
    const { counts, failure } = await replay.drain(true)
    if (failure !== undefined && queue.sendable(1).length > 0) throw unreachable(failure)
    return counts
  }

  async setScopes(scopes: Scope[]): Promise<void> {
    this.#scopes = scopes
    try {
      await this.pull()
    } catch (error) {
      // It happens with the next pull that gets through.
      if (!isOfConnection(error)) throw error
    }
  }

  async purge({ force = false } = {}): Promise<void> {
    const { queue, layer } = this.#ports
    if (!force && queue.hasUnsettled()) {
      throw new LayoverError(
        'PENDING_TASKS',
        'Tasks wait in the outbox. Push first, or purge({ force: true }) to drop the records all the same.',
      )
    }
    await this.#running?.catch(() => undefined) // Whoever called it is told.
    this.#answered.clear()
    layer.change({
      write: cache => {
        for (const type of indexedTypes(cache)) {
          for (const { __ref: id } of readIndex(cache, type)?.refs ?? []) cache.evict({ id, broadcast: false })
          forget(cache, indexId(type))
        }
        forget(cache, SYNC_RECORD_ID)
      },
    })
    this.#synced(null)
  }

  /** Versions in an answer of the gateway. */
  noteAnswer(payload: Record<string, unknown>): void {
    for (const value of Object.values(payload)) {
      const record = readRecord(value)
      const version = record?.['version']
      const id = record && this.#ports.cache.identify(record)
      if (id !== undefined && typeof version === 'number') this.#answered.set(id, version)
    }
  }

  close(): void {
    this.#stopped.abort(new LayoverError('CLOSED', 'The client was closed.'))
    for (const stop of this.#stop) stop()
    this.#withdrawTimer?.()
    this.#endNotice?.()
    this.#listeners.clear()
  }

  /** Resolves when no pull is under way. */
  async idle(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => undefined) // Whoever called it is told.
  }

  /** One runs at a time; who asks meanwhile gets the one after it, for the one that runs may be past the change they mean. */
  #pull(now: boolean): Promise<PullResult> {
    const after = this.#running
    if (!after) return this.#begin(now)
    if (!this.#isReading) return after
    this.#next ??= after
      .catch(() => undefined) // Its own caller is told.
      .then(() => {
        this.#next = undefined
        return this.#begin(now)
      })
    return this.#next
  }

  #begin(now: boolean): Promise<PullResult> {
    this.#withdrawTimer?.()
    const running = this.#pullAll(now)
      .then(
        result => {
          this.#failures = 0
          this.#schedule(this.#options?.everyMs ?? DEFAULT_EVERY_MS)
          return result
        },
        error => {
          this.#failures += 1
          this.#schedule(backoffMs(this.#failures, this.#ports.random, RETRY_BASE_MS, RETRY_MAX_MS))
          throw error
        },
      )
      .finally(() => {
        if (this.#running === running) this.#running = undefined
      })
    this.#running = running
    return running
  }

  async #pullAll(now: boolean): Promise<PullResult> {
    const { replay, cache } = this.#ports
    const options = this.#options
    if (!options) throw new LayoverError('REFUSED', 'Nothing to pull: createOfflineClient was given no `sync`.')
    this.#refuseOffline()
    // A task that cannot be sent now is no reason not to read.
    this.#isReading = false
    await replay.drain(now)
    this.#isReading = true
    const document = cache.transformDocument(options.document)
    const scopes = JSON.stringify(this.#scopes ?? null)
    const result: PullResult = { changed: 0, removed: 0, pages: 0, reset: false }
    const toAsk: string[] = []
    let resets = 0
    for (let hasMore = true; hasMore; ) {
      const known = readSyncRecord(cache)
      const isSameScopes = known?.scopes === scopes
      const variables = {
        since: isSameScopes ? known.cursor : null,
        first: options.pageSize ?? DEFAULT_PAGE,
        ...(this.#scopes ? { scopes: this.#scopes } : {}),
      }
      const data = await this.#request(document, variables)
      const page = readPage(document, data)
      const reset = page.reset || (known !== null && !isSameScopes)
      if (this.#stopped.signal.aborted) throw this.#stopped.signal.reason
      resets += reset ? 1 : 0
      if (resets > MAX_RESETS) throw new LayoverError('REFUSED', 'The gateway takes none of the cursors that it gives.')
      result.removed += await this.#apply(document, variables, page, reset, scopes)
      result.changed += page.changed.length
      result.pages += 1
      result.reset ||= reset
      toAsk.push(...this.#tasksToAsk(page))
      hasMore = page.hasMore
    }
    this.#synced(new Date(this.#ports.clock.now()))
    await replay.ask(toAsk)
    return result
  }

  async #request(document: DocumentNode, variables: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { wire, signIn } = this.#ports
    for (let isSecond = false; ; isSecond = true) {
      const answer = await wire.send(document, variables)
      if (answer.kind === 'none') throw unreachable(answer.cause)
      if (answer.kind === 'too-large')
        throw new LayoverError('REFUSED', 'The gateway refused the pull as too large.', answer.cause)
      if (answer.kind === 'answer') {
        const [error] = answer.errors
        if (answer.data && !error) return answer.data
        const cause = new CombinedGraphQLErrors({ data: answer.data, errors: [...answer.errors] })
        if (isRetryableCode(errorCode(error))) throw unreachable(cause)
        throw new LayoverError(
          'REFUSED',
          `The gateway refused the pull: ${error?.message ?? 'it gave no data.'}`,
          cause,
        )
      }
      if (isSecond || !(await signIn.renew())) {
        throw new LayoverError('UNAUTHENTICATED', 'The gateway wants somebody to sign in.', answer.cause)
      }
    }
  }

  /** Cursor and records in one batch, so one is never stored without the other. Gives the number of records removed. */
  async #apply(
    document: DocumentNode,
    variables: Record<string, unknown>,
    page: Page,
    reset: boolean,
    scopes: string,
  ): Promise<number> {
    const { layer, clock } = this.#ports
    let removed = page.removed.length
    for (let start = 0; start === 0 || start < page.changed.length; start += CHUNK) {
      const isFirst = start === 0
      const isLast = start + CHUNK >= page.changed.length
      if (isFirst && isLast && this.#isNothingNew(page, reset, scopes)) return 0
      if (!isFirst) await pause(clock, 0, this.#stopped.signal)
      layer.change({
        write: (cache, index) => {
          if (isFirst && reset) markStale(cache)
          this.#writeChunk(document, variables, page, page.changed.slice(start, start + CHUNK), cache, index)
          if (!isLast) return
          for (const { type, id } of page.removed) removeRecord(cache, index, type, id)
          if (!page.hasMore) removed += dropStale(cache, index)
          const before = readSyncRecord(cache)
          writeSyncRecord(cache, this.#advanced(before, page, scopes))
        },
      })
    }
    return removed
  }

  #isNothingNew(page: Page, reset: boolean, scopes: string): boolean {
    if (reset || page.hasMore || page.changed.length > 0 || page.removed.length > 0) return false
    const known = readSyncRecord(this.#ports.cache)
    return known?.cursor === page.cursor && known.scopes === scopes && known.types !== null
  }

  #advanced(before: SyncRecord | null, page: Page, scopes: string): SyncRecord {
    const types = this.#scopes
      ? [...new Set(this.#scopes.filter(scope => !scope.where).map(scope => scope.type))]
      : 'all'
    return {
      cursor: page.cursor,
      scopes,
      syncedAt: page.hasMore ? (before?.syncedAt ?? null) : this.#ports.clock.now(),
      types: page.hasMore ? (before?.types ?? null) : types,
    }
  }

  /** One write through a query of its own: writing each record as a fragment would keep each from garbage collection for ever. */
  #writeChunk(
    document: DocumentNode,
    variables: Record<string, unknown>,
    page: Page,
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
    const id = this.#ports.cache.identify(record)
    const answered = id === undefined ? undefined : this.#answered.get(id)
    if (id === undefined || answered === undefined) return true
    const version = record['version']
    if (typeof version === 'number' && version < answered) return false
    this.#answered.delete(id)
    return true
  }

  /** Our tasks that a page shows as finished, or in another conflict. Read as the application's document stored them, whatever it calls the fields. */
  #tasksToAsk(page: Page): string[] {
    const { cache, queue } = this.#ports
    return page.changed.flatMap(record => {
      if (record.__typename !== 'Task') return []
      const entry = queue.get(record.id)
      if (entry?.status !== 'accepted' && entry?.status !== 'conflict') return []
      const id = cache.identify(record)
      const task =
        id && cache.readFragment<{ status?: unknown }>({ id, fragment: TASK_STATUS, returnPartialData: true })
      const status = task ? task.status : undefined
      return isTaskStatus(status) && !isSettled(status) ? [] : [record.id]
    })
  }

  #refuseOffline(): void {
    if (this.#stopped.signal.aborted) throw this.#stopped.signal.reason
    if (this.#ports.connectivity.mode === 'offline') {
      throw new LayoverError('OFFLINE', "The connection is set to 'offline': nothing is sent until setMode('auto').")
    }
  }

  #synced(at: Date | null): void {
    this.#lastSyncedAt = at
    this.#listeners.notify()
  }

  #schedule(ms: number): void {
    this.#withdrawTimer?.()
    if (this.#stopped.signal.aborted || !this.#options) return
    this.#withdrawTimer = this.#ports.clock.after(ms, () => this.#inBackground())
  }

  #inBackground(): void {
    if (this.#stopped.signal.aborted || this.#ports.connectivity.mode === 'offline') return
    if (!this.#options) {
      this.#ports.replay.kick(true)
      return
    }
    this.#pull(false).catch(error => {
      if (!isOfConnection(error)) this.#ports.report(error)
    })
  }

  #connectionChanged(): void {
    const { connectivity, replay } = this.#ports
    const isOnline = connectivity.state === 'online'
    const isBack = isOnline && !this.#wasOnline
    this.#wasOnline = isOnline
    if (connectivity.mode === 'offline') {
      this.#endNotice?.()
      this.#endNotice = undefined
      this.#withdrawTimer?.()
      return
    }
    if (!this.#endNotice) this.#listen()
    if (!isBack) return
    replay.kick(true)
    if (!this.#running) this.#inBackground()
  }

  #listen(): void {
    const { client, clock, random, connectivity } = this.#ports
    const notice = this.#options?.notice
    if (!notice || this.#stopped.signal.aborted || connectivity.mode === 'offline') return
    const again = (): void => {
      this.#endNotice = undefined
      this.#noticeFailures += 1
      const withdraw = clock.after(backoffMs(this.#noticeFailures, random, RETRY_BASE_MS, RETRY_MAX_MS), () =>
        this.#listen(),
      )
      this.#endNotice = withdraw
    }
    const subscription = client.subscribe({ query: notice }).subscribe({
      next: () => {
        this.#noticeFailures = 0
        this.#pullSoon()
      },
      error: again,
      complete: again,
    })
    if (!subscription.closed) this.#endNotice = () => subscription.unsubscribe()
  }

  #pullSoon(): void {
    if (this.#noticed) return
    this.#noticed = true
    const { clock, random } = this.#ports
    this.#stop.push(
      clock.after(random.fraction() * NOTICE_JITTER_MS, () => {
        this.#noticed = false
        this.#inBackground()
      }),
    )
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
function readPage(document: DocumentNode, data: Record<string, unknown>): Page {
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

const unreachable = (cause: unknown): LayoverError =>
  cause instanceof LayoverError && (cause.code === 'UNAUTHENTICATED' || cause.code === 'CLOSED')
    ? cause
    : new LayoverError('UNREACHABLE', 'The gateway did not answer; it is tried again by itself.', cause)

function isOfConnection(error: unknown): boolean {
  if (!(error instanceof LayoverError)) return false
  return ['UNREACHABLE', 'OFFLINE', 'CLOSED', 'UNAUTHENTICATED'].includes(error.code)
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
