/**
 * Notices absences and makes the report of each: it begins when the connection goes (or the page is opened after a while), and
 * is reported once the device has fetched the news and what waited has its verdicts.
 */
import type { OfflineClient, OutboxEntry, SettledTask } from 'layover/client'
import { type Clock, systemClock } from 'layover/protocol'
import type { Customer, Offer, Vacation } from '../device/records.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { byOthers, type Change, compare, isOfferNews } from './absence.ts'
import type { AbsenceMemory } from './absence-memory.ts'
import { type BaseRecords, baseRecords } from './base-records.ts'

/** What is known when it ends. */
export interface Absence {
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Ids of the tasks that it is about: those that waited then, and those settled since. */
  readonly own: readonly string[]
  readonly customers: readonly Change<Customer>[]
  readonly vacations: readonly Change<Vacation>[]
  readonly offers: readonly Change<Offer>[]
}

/** With what has become of the tasks up to now. */
export interface AbsenceReport extends Absence {
  /** Newest first. */
  readonly settled: readonly SettledTask[]
  /** In the outbox, because a person has to see to them. */
  readonly stuck: readonly OutboxEntry[]
  /** In the outbox, without a verdict. */
  readonly pending: readonly OutboxEntry[]
}

/** Milliseconds without the page after which its start is a return. */
const LONG = 30 * 60_000
/** Milliseconds: a gap that is shorter nobody has noticed. */
const SHORT = 3000
/** Milliseconds that the report waits for verdicts. */
const PATIENCE = 10_000

interface Away {
  readonly since: number
  /** When the device had last fetched; undefined: never, so nothing can be compared. */
  readonly synced: number | undefined
  readonly records: BaseRecords
  /** Needed a person already. */
  readonly stuck: ReadonlySet<string>
}

type Parts = Pick<OfflineClient, 'connection' | 'sync' | 'outbox' | 'cache' | 'closed'>

export class Absences {
  readonly #client: Parts
  readonly #user: string
  readonly #memory: AbsenceMemory
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #away: Away | undefined
  /** When the first news after the absence was there. */
  #backAt: number | undefined
  #withdrawTimer: (() => void) | undefined
  #report: AbsenceReport | undefined

  /** @param user the own name on the gateway */
  constructor(client: Parts, user: string, memory: AbsenceMemory, clock: Clock = systemClock) {
    this.#client = client
    this.#user = user
    this.#memory = memory
    this.#clock = clock
    const synced = client.sync.lastSyncedAt?.getTime()
    if (synced !== undefined) {
      const seen = memory.seenAt ?? synced
      // Before the first pull of this start: the records are still those of last time.
      if (clock.now() - seen > LONG || client.outbox.entries.some(isUnsettled)) this.#away = this.#leaveAt(seen)
    }
    const kept = memory.absence
    if (kept) this.#report = this.#asOfNow(kept)
  }

  /** Gives the end of it. */
  start(): () => void {
    const look = (): void => this.#look()
    const { connection, sync, outbox, closed } = this.#client
    const stops = [connection.subscribe(look), sync.subscribe(look), outbox.subscribe(look)]
    void closed.then(how => how === 'signed-out' && this.#memory.forget())
    look()
    return () => {
      for (const stop of stops) stop()
      this.#stopWaiting()
    }
  }

  /** Undefined: there is nothing to tell. */
  readonly report = (): AbsenceReport | undefined => this.#report

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly dismiss = (): void => {
    this.#memory.keep(undefined)
    this.#tell(undefined)
  }

  /** The user is here. Who is away sees nothing new: the moment stays that at which the connection went. */
  readonly see = (): void => {
    if (!this.#away) this.#memory.saw(this.#clock.now())
  }

  #leaveAt(since: number): Away {
    const { sync, outbox } = this.#client
    const stuck = outbox.entries.filter(entry => !isUnsettled(entry)).map(({ id }) => id)
    const synced = sync.lastSyncedAt?.getTime()
    return { since, synced, records: baseRecords(this.#client), stuck: new Set(stuck) }
  }

  #look(): void {
    const { connection, sync } = this.#client
    if (this.#report) this.#refresh(this.#report)
    if (connection.state !== 'online') {
      this.#away ??= this.#leaveAt(this.#clock.now())
      this.#stopWaiting()
      return
    }
    const away = this.#away
    if (!away) {
      this.see()
      return
    }
    if (sync.lastSyncedAt === null || sync.lastSyncedAt.getTime() === away.synced || this.#hasToWait()) return
    this.#away = undefined
    this.#stopWaiting()
    const absence = this.#absence(away)
    const report = this.#asOfNow(absence)
    const isLong = this.#clock.now() - away.since > SHORT
    if (hasNews(report) && (isLong || report.settled.length + report.stuck.length > 0)) {
      this.#memory.keep(absence)
      this.#tell(report)
    }
    this.see()
  }

  /** For verdicts that are about to come, and not for suppliers that take their time. */
  #hasToWait(): boolean {
    const { outbox } = this.#client
    if (outbox.paused || !outbox.entries.some(isUnsettled)) return false
    if (this.#backAt === undefined) {
      this.#backAt = this.#clock.now()
      this.#withdrawTimer = this.#clock.after(PATIENCE, () => this.#look())
    }
    return this.#clock.now() - this.#backAt < PATIENCE
  }

  #stopWaiting(): void {
    this.#backAt = undefined
    this.#withdrawTimer?.()
  }

  #absence({ since, synced, records, stuck }: Away): Absence {
    const { outbox } = this.#client
    const settled = outbox.history.filter(({ settledAt }) => Date.parse(settledAt) >= since)
    const inOutbox = outbox.entries.filter(({ id }) => !stuck.has(id))
    const own = [...inOutbox, ...settled].map(({ id }) => id)
    if (synced === undefined) return { since, own, customers: [], vacations: [], offers: [] }
    const now = baseRecords(this.#client)
    return {
      since,
      own,
      customers: byOthers(compare(records.customers, now.customers), this.#user),
      vacations: byOthers(compare(records.vacations, now.vacations), this.#user),
      offers: compare(records.offers, now.offers).filter(isOfferNews),
    }
  }

  #asOfNow(absence: Absence): AbsenceReport {
    const { entries, history } = this.#client.outbox
    const own = new Set(absence.own)
    const left = entries.filter(({ id }) => own.has(id))
    return {
      ...absence,
      settled: history.filter(({ id, outcome }) => own.has(id) && outcome.status !== 'discarded'),
      stuck: left.filter(entry => !isUnsettled(entry)),
      pending: left.filter(isUnsettled),
    }
  }

  /** What it tells of the tasks goes on. */
  #refresh(report: AbsenceReport): void {
    const next = this.#asOfNow(report)
    const fingerprint = ({ settled, stuck, pending }: AbsenceReport): string =>
      JSON.stringify([settled, stuck, pending].map(part => part.map(each => each.id)))
    if (fingerprint(next) !== fingerprint(report)) this.#tell(next)
  }

  #tell(report: AbsenceReport | undefined): void {
    this.#report = report
    for (const listener of this.#listeners) listener()
  }
}

const hasNews = ({ settled, stuck, customers, vacations, offers }: AbsenceReport): boolean =>
  [settled, stuck, customers, vacations, offers].some(part => part.length > 0)
