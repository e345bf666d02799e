/**
 * Notices absences and makes the report of each: it begins when the connection goes (or the page is opened after a while), and
 * is reported once the device has fetched the news and what waited has its verdicts.
 */
import type { OfflineClient, OutboxEntry, SettledTask } from 'layover/client'
import { type Clock, systemClock } from 'layover/protocol'
import type { Customer, Offer, Vacation } from '../device/records.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { byOthers, type Change, compare } from './absence.ts'
import { type BaseRecords, baseRecords } from './base-records.ts'

export interface AbsenceReport {
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly settled: readonly SettledTask[]
  /** In the outbox, because a person has to see to them. */
  readonly stuck: readonly OutboxEntry[]
  readonly customers: readonly Change<Customer>[]
  readonly vacations: readonly Change<Vacation>[]
  readonly offers: readonly Change<Offer>[]
}

/** Milliseconds without the page after which its start is a return. */
const LONG = 30 * 60_000
/** Milliseconds: a gap that is shorter nobody has noticed. */
const SHORT = 3000

interface Away {
  readonly since: number
  readonly records: BaseRecords
}

export class Absences {
  readonly #client: OfflineClient
  readonly #user: string
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  readonly #stops: (() => void)[]
  #away: Away | undefined
  #report: AbsenceReport | undefined

  /** @param user the own name on the gateway */
  constructor(client: OfflineClient, user: string, clock: Clock = systemClock) {
    this.#client = client
    this.#user = user
    this.#clock = clock
    const { lastSyncedAt } = client.sync
    const synced = lastSyncedAt?.getTime()
    const isReturn = synced !== undefined && (clock.now() - synced > LONG || client.outbox.entries.some(isUnsettled))
    if (isReturn) this.#away = { since: synced, records: baseRecords(client) }
    const look = (): void => this.#look()
    this.#stops = [client.connection.subscribe(look), client.sync.subscribe(look), client.outbox.subscribe(look)]
    look()
  }

  /** Undefined: there is nothing to tell. */
  readonly report = (): AbsenceReport | undefined => this.#report

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly dismiss = (): void => this.#tell(undefined)

  close(): void {
    for (const stop of this.#stops) stop()
  }

  #look(): void {
    const { connection, sync, outbox } = this.#client
    if (connection.state !== 'online') {
      this.#away ??= { since: this.#clock.now(), records: baseRecords(this.#client) }
      return
    }
    const away = this.#away
    const synced = sync.lastSyncedAt?.getTime() ?? 0
    if (!away || synced <= away.since || outbox.entries.some(isUnsettled)) return
    this.#away = undefined
    if (synced - away.since > SHORT || this.#isNews(away)) this.#tell(this.#made(away))
  }

  #isNews({ since }: Away): boolean {
    return this.#client.outbox.history.some(({ settledAt }) => Date.parse(settledAt) >= since)
  }

  #made({ since, records }: Away): AbsenceReport | undefined {
    const { outbox } = this.#client
    const now = baseRecords(this.#client)
    const report: AbsenceReport = {
      since,
      settled: outbox.history.filter(
        ({ settledAt, outcome }) => Date.parse(settledAt) >= since && outcome.status !== 'discarded',
      ),
      stuck: outbox.entries.filter(entry => !isUnsettled(entry)),
      customers: byOthers(compare(records.customers, now.customers), this.#user),
      vacations: byOthers(compare(records.vacations, now.vacations), this.#user),
      offers: compare(records.offers, now.offers).filter(isOfferNews),
    }
    const parts = [report.settled, report.stuck, report.customers, report.vacations, report.offers]
    return parts.some(part => part.length > 0) ? report : undefined
  }

  #tell(report: AbsenceReport | undefined): void {
    this.#report = report
    for (const listener of this.#listeners) listener()
  }
}

/** Offers are dated anew with every reading; news is a price, an end, a beginning. */
const isOfferNews = ({ kind, fields }: Change<Offer>): boolean =>
  kind !== 'changed' || fields.includes('price') || fields.includes('discontinued')
