/** Brings the gateway's changes home: one pull at a time, push before pull. */
import { type ApolloClient, CombinedGraphQLErrors, type InMemoryCache } from '@apollo/client'
import type { DocumentNode } from 'graphql'
import { errorCode, isRetryableCode } from '../protocol/errors.ts'
import type { Clock, Random } from '../protocol/ports.ts'
import { isSettled } from '../protocol/task-states.ts'
import { holdsRecord } from './base-writes.ts'
import type { Connectivity } from './connectivity.ts'
import type { ChangedRecord, Delta, Page, PulledPage, SeenTask } from './delta.ts'
import type { StoredEntry } from './entry.ts'
import { type Freshness, type FreshnessOptions, FreshnessStates } from './freshness.ts'
import { LayoverError } from './layover-error.ts'
import { Listeners, type Report } from './listeners.ts'
import type { Meter } from './metered.ts'
import { Notice } from './notice.ts'
import type { OutboxQueue } from './outbox.ts'
import { PullSchedule } from './pull-schedule.ts'
import { Pulling, type PullResult } from './pulling.ts'
import type { Replay } from './replay.ts'
import type { ReplayCounts } from './replay-counts.ts'
import type { SignIn } from './sign-in.ts'
import { isSynced, readSyncRecord } from './sync-record.ts'
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
  /** When what was synced is too old; default: stale after 5 minutes, hard-stale after a day. */
  freshness?: FreshnessOptions
}

export type PushResult = ReplayCounts

export interface Sync {
  /** When the last pull reached the end; kept on the device. */
  readonly lastSyncedAt: Date | null
  /** Of one type, or of everything. The object is replaced only when it changes; `subscribe` tells when, also by time alone. */
  freshness(type?: string): Freshness
  /** Pushes first. Rejects with OFFLINE, UNREACHABLE, UNAUTHENTICATED, REFUSED. */
  pull(): Promise<PullResult>
  /** Sends what can be sent now. Rejects with OFFLINE, PAUSED, UNREACHABLE, UNAUTHENTICATED. */
  push(): Promise<PushResult>
  /** For this session; records outside leave the device with the pull that follows at once, or when there is a connection again. */
  setScopes(scopes: Scope[]): Promise<void>
  /**
   * Takes what sync brought off the device, or its records of one type, until the next pull; tasks stay. Refuses
   * (PENDING_TASKS) while tasks wait, unless forced.
   */
  purge(options?: { force?: boolean; type?: string }): Promise<void>
  subscribe(listener: () => void): () => void
}

export interface SyncPorts {
  readonly client: ApolloClient
  readonly cache: InMemoryCache
  readonly delta: Delta
  readonly queue: OutboxQueue
  readonly replay: Replay
  readonly wire: Wire
  readonly connectivity: Connectivity
  readonly meter: Meter
  readonly signIn: SignIn
  readonly clock: Clock
  readonly random: Random
  readonly report: Report
}

/** What other tabs are told. */
export interface SyncSharing {
  /** @param before the groups, as JSON, to which it was applied */
  page(before: string, pulled: PulledPage): void
  /** A pull has reached the end. */
  synced(): void
  purged(type: string | undefined): void
  scopes(scopes: readonly Scope[]): void
}

export class SyncLoop implements Sync {
  readonly #ports: SyncPorts
  readonly #options: SyncOptions | undefined
  readonly #listeners: Listeners
  readonly #stopped = new AbortController()
  readonly #schedule: PullSchedule
  readonly #freshness: FreshnessStates
  readonly #notice: Notice | undefined
  #scopes: readonly Scope[] | undefined
  #lastSyncedAt: Date | null
  #running: Promise<PullResult> | undefined
  #next: Promise<PullResult> | undefined
  /** The pull that runs has asked for its first page. */
  #isReading = false
  #sharing: SyncSharing | undefined
  /** Another tab pulls. */
  #isFollowing = false

  constructor(ports: SyncPorts, options: SyncOptions | undefined) {
    this.#ports = ports
    this.#options = options
    this.#scopes = options?.scopes
    this.#listeners = new Listeners(ports.report)
    this.#notice =
      options?.notice && new Notice(ports.client, options.notice, ports.clock, ports.random, () => this.#inBackground())
    this.#schedule = new PullSchedule({
      ...ports,
      everyMs: options?.everyMs,
      lastSyncedAt: () => this.#lastSyncedAt,
      isPulling: () => this.#running !== undefined,
      pull: () => this.#inBackground(),
      send: () => ports.replay.hurry(),
      connectionChanged: () => this.#listen(),
    })
    const syncedAt = readSyncRecord(ports.cache)?.syncedAt ?? null
    this.#lastSyncedAt = syncedAt === null ? null : new Date(syncedAt)
    this.#freshness = new FreshnessStates(
      ports.clock,
      options?.freshness,
      type => this.#syncedAt(type),
      () => this.#listeners.notify(),
    )
  }

  get lastSyncedAt(): Date | null {
    return this.#lastSyncedAt
  }

  readonly freshness = (type?: string): Freshness => this.#freshness.of(type)

  readonly subscribe = (listener: () => void): (() => void) => {
    const ends = [this.#listeners.subscribe(listener), this.#freshness.watch()]
    return () => {
      for (const end of ends) end()
    }
  }

  /** Begins to pull by itself. */
  start(): void {
    this.#schedule.start()
    if (!this.#isFollowing) this.lead(true)
  }

  /** Of several tabs one pulls by itself. */
  lead(leads: boolean): void {
    this.#isFollowing = !leads
    this.#listen()
    this.#schedule.turn(leads && this.#options !== undefined)
  }

  shareThrough(sharing: SyncSharing): void {
    this.#sharing = sharing
  }

  /** Another tab has told what it pulled. */
  mirrored(): void {
    const at = readSyncRecord(this.#ports.cache)?.syncedAt ?? null
    this.#synced(at === null ? null : new Date(at))
  }

  mirrorScopes(scopes: readonly Scope[] | undefined): void {
    this.#scopes = scopes
  }

  get scopes(): readonly Scope[] | undefined {
    return this.#scopes
  }

  /** Reads what this tab has missed, and nothing else. False: not now. */
  async catchUp(): Promise<boolean> {
    if (!this.#options) return true
    if (this.#ports.connectivity.mode === 'offline') return false
    await this.#pulling(this.#options, undefined).run()
    this.mirrored()
    return true
  }

  /** A page that another tab has pulled, upon the same state. */
  async applyPage(pulled: Omit<PulledPage, 'document'>): Promise<void> {
    const { cache, delta } = this.#ports
    if (!this.#options) return
    await delta.apply({ ...pulled, document: cache.transformDocument(this.#options.document) }, this.#stopped.signal)
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
    this.mirrorScopes(scopes)
    this.#sharing?.scopes(scopes)
    try {
      await this.pull()
    } catch (error) {
      // It happens with the next pull that gets through.
      if (!isOfConnection(error)) throw error
    }
  }

  async purge({ force = false, type }: { force?: boolean; type?: string } = {}): Promise<void> {
    const { queue, delta } = this.#ports
    if (!force && queue.hasUnsettled()) {
      throw new LayoverError(
        'PENDING_TASKS',
        'Tasks wait in the outbox. Push first, or purge({ force: true }) to drop the records all the same.',
      )
    }
    await this.#running?.catch(() => undefined) // Whoever called it is told.
    delta.clear(type)
    this.#sharing?.purged(type)
    this.#synced(type === undefined ? null : this.#lastSyncedAt)
  }

  close(): void {
    this.#stopped.abort(new LayoverError('CLOSED', 'The client was closed.'))
    this.#schedule.close()
    this.#notice?.close()
    this.#freshness.close()
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
    this.#schedule.began()
    const running = this.#pullAll(now)
      .then(
        result => {
          this.#schedule.succeeded()
          return result
        },
        error => {
          this.#schedule.failed(error instanceof LayoverError ? error.retryAfterMs : undefined)
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
    const { replay } = this.#ports
    const options = this.#options
    if (!options) throw new LayoverError('REFUSED', 'Nothing to pull: createOfflineClient was given no `sync`.')
    this.#refuseOffline()
    // A task that cannot be sent now is no reason not to read.
    this.#isReading = false
    await replay.drain(now)
    this.#isReading = true
    const pulling = this.#pulling(options, this.#sharing?.page)
    try {
      const result = await pulling.run()
      this.#sharing?.synced()
      this.#synced(new Date(this.#ports.clock.now()))
      return result
    } finally {
      // The cursor is past them, also of a pull that failed half-way.
      await replay.ask(this.#tasksToAsk(pulling.tasks))
    }
  }

  #pulling(options: SyncOptions, applied: SyncSharing['page'] | undefined): Pulling {
    const { cache, delta } = this.#ports
    const ports = { cache, delta, arrived: (page: Page) => this.#settleMakers(page), ...(applied ? { applied } : {}) }
    const pulling: Pulling = new Pulling(ports, options, this.#scopes ?? null, this.#stopped.signal, variables =>
      this.#request(pulling.document, variables),
    )
    return pulling
  }

  /** A record that is shown under a temporary id must not stand beside itself: the verdict on its maker comes first. */
  async #settleMakers({ changed }: Page): Promise<void> {
    const { cache, queue, replay } = this.#ports
    const isOut = ({ makes, status }: StoredEntry) => makes && ['accepted', 'in-doubt', 'sending'].includes(status)
    const makers = [...queue.stored()].filter(isOut)
    const isNew = (record: ChangedRecord): boolean =>
      record.__typename !== 'Task' && !holdsRecord(cache, cache.identify(record) ?? '')
    if (makers.length > 0 && changed.some(isNew)) await replay.ask(makers.map(({ id }) => id))
  }

  async #request(document: DocumentNode, variables: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { wire, signIn } = this.#ports
    for (let isSecond = false; ; isSecond = true) {
      const answer = await wire.send(document, variables)
      if (answer.kind === 'none' || answer.kind === 'busy') throw unreachable(answer.cause, answer.retryAfterMs)
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

  /** Our tasks that pages show as finished, or perhaps in another conflict. */
  #tasksToAsk(seen: readonly SeenTask[]): string[] {
    const { queue } = this.#ports
    const tasks = seen.filter(({ id, status }) => {
      const entry = queue.get(id)
      return (entry?.status === 'accepted' || entry?.status === 'conflict') && !(status && !isSettled(status))
    })
    return tasks.map(({ id }) => id)
  }

  #refuseOffline(): void {
    if (this.#stopped.signal.aborted) throw this.#stopped.signal.reason
    if (this.#ports.connectivity.mode === 'offline') {
      throw new LayoverError('OFFLINE', "The connection is set to 'offline': nothing is sent until setMode('auto').")
    }
  }

  #syncedAt(type: string | undefined): number | null {
    const known = readSyncRecord(this.#ports.cache) ?? undefined
    return type === undefined || isSynced(known, type) ? (this.#lastSyncedAt?.getTime() ?? null) : null
  }

  #synced(at: Date | null): void {
    this.#lastSyncedAt = at
    this.#freshness.arm()
    this.#listeners.notify()
  }

  #inBackground(): void {
    if (this.#stopped.signal.aborted || this.#isFollowing || this.#ports.connectivity.mode === 'offline') return
    if (!this.#options) this.#ports.replay.hurry()
    else
      this.#pull(false).catch(error => {
        if (!isOfConnection(error)) this.#ports.report(error)
      })
  }

  #listen(): void {
    if (this.#ports.connectivity.mode === 'auto' && !this.#isFollowing && this.#options) this.#notice?.open()
    else this.#notice?.close()
  }
}

const unreachable = (cause: unknown, retryAfterMs?: number): LayoverError =>
  cause instanceof LayoverError && (cause.code === 'UNAUTHENTICATED' || cause.code === 'CLOSED')
    ? cause
    : new LayoverError('UNREACHABLE', 'The gateway did not answer; it is tried again by itself.', cause, retryAfterMs)

function isOfConnection(error: unknown): boolean {
  if (!(error instanceof LayoverError)) return false
  return ['UNREACHABLE', 'OFFLINE', 'CLOSED', 'UNAUTHENTICATED'].includes(error.code)
}
