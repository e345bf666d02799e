/** What happened to the records of this device while it was away: two states of them, compared. */
export interface Compared {
  readonly __typename?: string
  readonly id: string
  readonly version: number
  readonly updatedBy?: string | null
}

export interface Change<T extends Compared> {
  readonly kind: 'new' | 'changed' | 'gone'
  /** As it is now; of one that is gone, as it was. */
  readonly record: T
  /** As it was; undefined for a new one. */
  readonly before: T | undefined
  /** Names of the fields that differ. */
  readonly fields: readonly string[]
}

/** Nobody wants to hear of them. */
const SILENT: ReadonlySet<string> = new Set([
  '__typename',
  'id',
  'version',
  'updatedAt',
  'updatedBy',
  'checkedOutUntil',
])

/** In the order of `after`, then what is gone. A record whose fields are the same is no news, whatever its version. */
export function compare<T extends Compared>(before: readonly T[], after: readonly T[]): Change<T>[] {
  const old = new Map(before.map(record => [record.id, record]))
  const changes: Change<T>[] = []
  for (const record of after) {
    const was = old.get(record.id)
    old.delete(record.id)
    if (!was) changes.push({ kind: 'new', record, before: undefined, fields: [] })
    else if (was.version !== record.version) {
      const fields = differing(was, record)
      if (fields.length > 0) changes.push({ kind: 'changed', record, before: was, fields })
    }
  }
  for (const record of old.values()) changes.push({ kind: 'gone', record, before: record, fields: [] })
  return changes
}

function differing(before: object, after: object): string[] {
  const [was, is] = [before as Record<string, unknown>, after as Record<string, unknown>]
  const names = new Set([...Object.keys(was), ...Object.keys(is)])
  return [...names].filter(name => !SILENT.has(name) && JSON.stringify(was[name]) !== JSON.stringify(is[name]))
}

/** What others did: a user's own changes come back under the own name. Where the name is hidden it was somebody else. */
export const byOthers = <T extends Compared>(changes: readonly Change<T>[], me: string): Change<T>[] =>
  changes.filter(({ kind, record }) => kind === 'gone' || record.updatedBy !== me)

interface Priced extends Compared {
  readonly price: { readonly amount: number; readonly currency: string }
  readonly discontinued: boolean
}

/** Offers are dated anew with every reading; news is a price, an end, a beginning. */
export const isOfferNews = ({ kind, fields }: Change<Priced>): boolean =>
  kind !== 'changed' || fields.includes('price') || fields.includes('discontinued')

interface Reserved {
  readonly status: string
  readonly endsOn: string
  readonly hotel: { readonly offerId: string } | null
  readonly flight: { readonly offerId: string } | null
  readonly car: { readonly offerId: string } | null
}

interface Wish {
  readonly hotelOfferId: string
  readonly flightOfferId: string
  readonly carOfferId?: string | null | undefined
}

/**
 * Ids of the offers that bookings in the outbox ask for and that vacations still to come have.
 *
 * @param today YYYY-MM-DD
 */
export function offersInUse(
  vacations: readonly Reserved[],
  wishes: readonly Wish[],
  today: string,
): ReadonlySet<string> {
  const upcoming = vacations.filter(({ status, endsOn }) => status !== 'CANCELLED' && endsOn >= today)
  const ids = [
    ...upcoming.flatMap(({ hotel, flight, car }) => [hotel?.offerId, flight?.offerId, car?.offerId]),
    ...wishes.flatMap(({ hotelOfferId, flightOfferId, carOfferId }) => [hotelOfferId, flightOfferId, carOfferId]),
  ]
  return new Set(ids.filter(id => typeof id === 'string'))
}

/** What concerns somebody's plans comes first. */
export const inUseFirst = <T extends Compared>(
  changes: readonly Change<T>[],
  inUse: ReadonlySet<string>,
): Change<T>[] => [
  ...changes.filter(({ record }) => inUse.has(record.id)),
  ...changes.filter(({ record }) => !inUse.has(record.id)),
]
