/** What one tab tells the others of outbox, cache and connection, and what it makes of what it is told. */
import type { InMemoryCache } from '@apollo/client'
import type { Clock } from '../../protocol/ports.ts'
import type { Conflicts } from '../conflicts.ts'
import type { ConnectionMode, Connectivity } from '../connectivity.ts'
import type { Deliveries } from '../deliveries.ts'
import type { Delta, PulledPage } from '../delta.ts'
import type { StoredEntry } from '../entry.ts'
import { LayoverError } from '../layover-error.ts'
import type { QueueNews } from '../outbox-change.ts'
import type { OutboxDoor } from '../outbox-door.ts'
import type { Replay } from '../replay.ts'
import { type Answered, applyAnswers, type SettlePorts, tellAnswers } from '../settle.ts'
import type { Pausing } from '../standstill.ts'
import type { CacheRecords } from '../storage/cache-records.ts'
import type { LoadedOutbox } from '../storage/outbox-records.ts'
import type { Writer } from '../storage/writer.ts'
import type { Scope, SyncLoop } from '../sync.ts'
import { groupsIn } from '../sync-record.ts'
import type { Templates } from '../templates.ts'
import { QueueMirror, type QueueMirrorPorts, type QueueState } from './queue-mirror.ts'
import type { TabRoles, Tabs } from './tabs.ts'

/** From the leader. */
type News =
  | { kind: 'queue'; news: QueueNews }
  /** `before`: the groups to which the page was applied. */
  | { kind: 'page'; before: string; pulled: Omit<PulledPage, 'document'> }
  | { kind: 'synced' }
  | { kind: 'purged'; type: string | undefined }
  | { kind: 'paused'; by: Pausing }
  | { kind: 'reach'; isReached: boolean }
  | { kind: 'nothing-soon' }
  /** Whoever has adopted an older state meanwhile is set right by these. */
  | Chosen

type Chosen = { kind: 'mode'; mode: ConnectionMode } | { kind: 'scopes'; scopes: readonly Scope[] | undefined }

/** From any tab. */
type Word =
  | { kind: 'appended'; entry: StoredEntry }
  | Chosen
  | { kind: 'pause' | 'resume' }
  /** Somebody signs out: nothing of this user is to stay open. */
  | { kind: 'leaving' }

interface State extends QueueState {
  readonly paused: Pausing
  readonly isReached: boolean
  readonly mode: ConnectionMode
  readonly groups: string
  readonly scopes: readonly Scope[] | undefined
}

export interface SharedRooms extends QueueMirrorPorts {
  readonly cache: InMemoryCache
  readonly clock: Clock
  readonly templates: Templates
  readonly deliveries: Deliveries
  readonly delta: Delta
  readonly replay: Replay
  readonly sync: SyncLoop
  readonly conflicts: Conflicts
  readonly connectivity: Connectivity
  readonly settlePorts: SettlePorts
  readonly writer: Writer
  readonly cacheRecords: CacheRecords
  /** The outbox as it is on the device now, fit for this version of the application. */
  readonly load: () => Promise<LoadedOutbox>
  /** Of the lead that this tab was opened with. */
  readonly epoch: Promise<number> | undefined
  /** What this tab was opened with. */
  readonly session: string
  /** The user has signed out in another tab. */
  readonly leave: () => void
}

export class Sharing implements TabRoles {
  readonly #tabs: Tabs
  readonly #rooms: SharedRooms
  readonly #queue: QueueMirror
  #wasPaused: Pausing
  #wasReached = true
  /** Pages are applied one after the other. */
  #applying: Promise<void> = Promise.resolve()
  #isBehind = false

  constructor(tabs: Tabs, rooms: SharedRooms) {
    this.#tabs = tabs
    this.#rooms = rooms
    const { queue, replay, sync, deliveries, connectivity, writer } = rooms
    this.#queue = new QueueMirror(rooms, entry => this.#say({ kind: 'appended', entry }))
    this.#wasPaused = replay.standstill.why
    queue.shareThrough({
      tell: news => this.#tell({ kind: 'queue', news }),
      queued: entry => this.#queue.queued(entry),
    })
    sync.shareThrough({
      page: (before, { document: _document, ...pulled }) => this.#tell({ kind: 'page', before, pulled }),
      synced: () => this.#tell({ kind: 'synced' }),
      purged: type => this.#tell({ kind: 'purged', type }),
      scopes: scopes => this.#say({ kind: 'scopes', scopes }),
    })
    deliveries.onAll(() => this.#tell({ kind: 'nothing-soon' }))
    connectivity.subscribe(() => this.#tellReach())
    queue.subscribe(() => this.#tellPaused())
    writer.onFenced(() => tabs.stepDown())
  }

  async lead(isStill: () => boolean, isFresh: boolean): Promise<number | undefined> {
    const { writer, records, clock, session, leave, cacheRecords, replay, sync, conflicts } = this.#rooms
    if (!isFresh && (await records.session()) !== session) {
      leave() // It was asleep when the others were told.
      return undefined
    }
    const epoch = await ((isFresh && this.#rooms.epoch) || writer.lead(clock.now()))
    const loaded = isFresh ? undefined : await this.#rooms.load()
    if (!isStill()) return undefined
    if (loaded) this.#queue.takeOver(loaded)
    cacheRecords.lead(true)
    conflicts.decideArrived(conflicts.list.map(({ id }) => id))
    replay.lead(true)
    sync.lead(true)
    return epoch
  }

  follow(): void {
    const { records, cacheRecords, replay, sync } = this.#rooms
    records.forgetUnsaved()
    cacheRecords.lead(false)
    replay.lead(false)
    sync.lead(false)
  }

  async look(): Promise<void> {
    if (!(await this.#rooms.records.isAhead())) return
    const { entries } = await this.#rooms.load()
    for (const entry of entries) this.#queue.appended(entry)
    this.#rooms.replay.kick()
  }

  async stored(): Promise<void> {
    const { cacheRecords, writer } = this.#rooms
    await cacheRecords.flush()
    await writer.idle()
  }

  state(): State {
    const { replay, connectivity, cache, sync } = this.#rooms
    return {
      ...this.#queue.state(),
      paused: replay.standstill.why,
      isReached: connectivity.isProven,
      mode: connectivity.mode,
      groups: groupsIn(cache),
      scopes: sync.scopes,
    }
  }

  adopt(state: unknown, hasMissed: boolean): void {
    const { replay, sync, cache, connectivity } = this.#rooms
    const { paused, isReached, mode, groups, scopes, ...queue } = state as State
    // Answers have not come here, nor the records in them.
    const hasLeft = this.#queue.adopt(queue)
    replay.mirror(paused)
    if (mode !== connectivity.mode) connectivity.mirrorMode(mode)
    this.#reach(isReached)
    sync.mirrorScopes(scopes)
    this.#isBehind ||= hasMissed || hasLeft || groups !== groupsIn(cache)
    this.#catchUp()
  }

  news(body: unknown): void {
    const news = body as News
    const { replay, deliveries, delta, sync } = this.#rooms
    switch (news.kind) {
      case 'queue':
        this.#hear(news.news)
        break
      case 'page':
        this.#inTurn(() => this.#apply(news))
        break
      case 'synced':
        this.#inTurn(async () => sync.mirrored())
        this.#catchUp()
        break
      case 'purged':
        this.#inTurn(async () => {
          delta.clear(news.type)
          sync.mirrored()
        })
        break
      case 'paused':
        replay.mirror(news.by)
        break
      case 'reach':
        this.#reach(news.isReached)
        break
      case 'nothing-soon':
        deliveries.deliverAll()
        break
      case 'mode':
      case 'scopes':
        this.#choose(news)
        break
      default:
        news satisfies never
    }
  }

  word(body: unknown): void {
    const word = body as Word
    switch (word.kind) {
      case 'appended':
        this.#queue.appended(word.entry)
        this.#rooms.replay.kick()
        break
      case 'mode':
      case 'scopes':
        this.#choose(word)
        this.#tell(word)
        break
      case 'pause':
        this.#rooms.replay.pause()
        break
      case 'resume':
        this.#rooms.replay.resume()
        break
      case 'leaving':
        this.#rooms.leave()
        break
      default:
        word satisfies never
    }
  }

  sayMode(mode: ConnectionMode): void {
    this.#say({ kind: 'mode', mode })
  }

  sayPaused(kind: 'pause' | 'resume'): void {
    this.#say({ kind })
  }

  /** Every other tab of this user closes its client. */
  sayLeaving(): void {
    this.#say({ kind: 'leaving' })
  }

  /** Resolves when every page that came is applied. */
  idle(): Promise<void> {
    return this.#applying
  }

  #choose(chosen: Chosen): void {
    if (chosen.kind === 'mode') this.#rooms.connectivity.mirrorMode(chosen.mode)
    else this.#rooms.sync.mirrorScopes(chosen.scopes)
  }

  #hear(news: QueueNews): void {
    const { queue, templates, settlePorts, report } = this.#rooms
    const answered = (news.answers ?? []).flatMap(({ id, ...said }): Answered[] => {
      const entry = queue.get(id)
      try {
        return entry ? [{ ...said, entry, template: templates.get(entry.document) }] : []
      } catch (error) {
        report(new LayoverError('UPDATE_FAILED', `The answer to ${entry?.name} could not be shown in this tab.`, error))
        return []
      }
    })
    this.#queue.hear(news, answered.length > 0 ? applyAnswers(settlePorts, answered) : undefined)
    tellAnswers(settlePorts, answered)
  }

  async #apply({ before, pulled }: Extract<News, { kind: 'page' }>): Promise<void> {
    const { cache, sync } = this.#rooms
    if (before !== groupsIn(cache)) {
      this.#isBehind = true
      return
    }
    await sync.applyPage(pulled)
  }

  /** This tab has missed a page: it reads what it lacks by itself. */
  #catchUp(): void {
    this.#inTurn(async () => {
      if (!this.#isBehind || this.#tabs.isLeading) return
      this.#isBehind = false
      this.#isBehind = !(await this.#rooms.sync.catchUp())
    })
  }

  #inTurn(run: () => Promise<void>): void {
    this.#applying = this.#applying.then(run).catch(() => {
      this.#isBehind = true // Tried again with the next news.
    })
  }

  #reach(isReached: boolean): void {
    if (isReached) this.#rooms.connectivity.answered()
    else this.#rooms.connectivity.failed(true)
  }

  #tellReach(): void {
    const { isProven } = this.#rooms.connectivity
    if (isProven !== this.#wasReached) this.#tell({ kind: 'reach', isReached: isProven })
    this.#wasReached = isProven
  }

  #tellPaused(): void {
    const { why } = this.#rooms.replay.standstill
    if (why !== this.#wasPaused) this.#tell({ kind: 'paused', by: why })
    this.#wasPaused = why
  }

  #tell(news: News): void {
    this.#tabs.tell(news)
  }

  #say(word: Word): void {
    this.#tabs.say(word)
  }
}

/** What only the leading tab may do is done there, wherever it is asked for. */
export function throughLeader(
  tabs: Tabs,
  sharing: Sharing,
  { outbox, sync, conflicts }: { outbox: OutboxDoor; sync: SyncLoop; conflicts: Conflicts },
): void {
  const lead = <T extends object, K extends keyof T & string>(room: string, own: T, names: readonly K[]): void => {
    for (const name of names) {
      const run = own[name] as (...args: never[]) => Promise<unknown>
      Object.assign(own, { [name]: tabs.commands.serve(`${room}.${name}`, run.bind(own)) })
    }
  }
  lead('outbox', outbox, ['retry', 'edit', 'discard', 'cancel', 'import', 'applySuggestion'])
  lead('conflicts', conflicts, ['resolve'])
  lead('sync', sync, ['pull', 'push', 'purge'])
  for (const kind of ['pause', 'resume'] as const) {
    const run = outbox[kind].bind(outbox)
    outbox[kind] = () => {
      run()
      sharing.sayPaused(kind)
    }
  }
  const pull = sync.pull
  sync.pull = async () => {
    const result = await pull()
    await sharing.idle() // Its pages are here; they have to be applied, too.
    return result
  }
}
