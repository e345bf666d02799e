import { createHash } from 'node:crypto'
import Database from 'better-sqlite3'
import type { CatalogueOffer } from './catalogue.ts'
import type { Money, ReserveRequest, SupplierKind, SupplierOffer, SupplierReservation } from './suppliers.ts'

export interface HeldReservation {
  readonly supplier: SupplierKind
  readonly key: string
  readonly offerId: string
  readonly confirmation: string
}

/** What became of one attempt to reserve. `released` and `key-reused` are mistakes of the caller, not refusals. */
export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly fresh: boolean; readonly reservation: SupplierReservation }
  | { readonly kind: 'sold-out' }
  | { readonly kind: 'discontinued'; readonly replacedBy: string | null }
  | { readonly kind: 'released' }
  | { readonly kind: 'key-reused' }

/** What the suppliers remember. Every method is one transaction; the setters say whether there is such an offer. */
export interface SandboxStore {
  /** In the order of the catalogue; `nowMs` decides the day that `validUntil` and `departs` are counted from. */
  offers(supplier: SupplierKind, nowMs: number): SupplierOffer[]
  reserve(supplier: SupplierKind, key: string, request: ReserveRequest): ReserveOutcome
  find(supplier: SupplierKind, key: string): SupplierReservation | undefined
  release(supplier: SupplierKind, key: string): void
  /** In the order in which they were made. */
  reservations(): HeldReservation[]
  hasOffer(offerId: string): boolean
  setStock(offerId: string, stock: number): boolean
  discontinue(offerId: string, replacedBy: string | null): boolean
  setPrice(offerId: string, amount: number): boolean
  close(): void
}

interface OfferRow {
  id: string
  name: string
  place: string
  amount: number
  currency: string
  stock: number
  discontinued: number
  replaced_by: string | null
  stars: number | null
  seats: number | null
  departs_at: string | null
}

interface ReservationRow {
  offer_id: string
  starts_on: string
  ends_on: string
  guests: number
  confirmation: string
  amount: number
  currency: string
}

const tables = `
  create table if not exists offers (
    position integer primary key, id text not null unique, supplier text not null, name text not null, place text not null,
    amount integer not null, currency text not null, stock integer not null check (stock >= 0),
    discontinued integer not null, replaced_by text, stars integer, seats integer, departs_at text
  ) strict;
  create table if not exists reservations (
    position integer primary key, supplier text not null, key text not null, offer_id text not null,
    starts_on text not null, ends_on text not null, guests integer not null,
    confirmation text not null, amount integer not null, currency text not null, unique (supplier, key)
  ) strict;
  create table if not exists released (
    supplier text not null, key text not null, primary key (supplier, key)
  ) strict, without rowid;`

const dayMs = 86_400_000

/**
 * Opens the suppliers' memory, and creates what is missing in it. Offers of the catalogue that are already there keep
 * their stock and price. Throws what better-sqlite3 throws if the file cannot be opened.
 */
export function openSandboxStore(file: string, catalogue: readonly CatalogueOffer[]): SandboxStore {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  // An answered reservation must outlive the machine, as a real supplier's would; NORMAL may lose the last commits.
  database.pragma('synchronous = FULL')
  database.exec(tables)
  seed(database, catalogue)

  const selectOffers = database.prepare<[SupplierKind], OfferRow>(
    'select * from offers where supplier = ? order by position',
  )
  const selectOffer = database.prepare<[SupplierKind, string], OfferRow>(
    'select * from offers where supplier = ? and id = ?',
  )
  const selectReservation = database.prepare<[SupplierKind, string], ReservationRow>(
    'select * from reservations where supplier = ? and key = ?',
  )
  const selectReservations = database.prepare<[], HeldReservation>(
    'select supplier, key, offer_id as offerId, confirmation from reservations order by position',
  )
  const selectReleased = database.prepare<[SupplierKind, string]>(
    'select 1 from released where supplier = ? and key = ?',
  )
  const selectAnyOffer = database.prepare<[string]>('select 1 from offers where id = ?')
  const takeOne = database.prepare<[string]>('update offers set stock = stock - 1 where id = ? and stock > 0')
  const giveOneBack = database.prepare<[string]>('update offers set stock = stock + 1 where id = ?')
  const insertReservation = database.prepare<
    [SupplierKind, string, string, string, string, number, string, number, string]
  >(
    `insert into reservations (supplier, key, offer_id, starts_on, ends_on, guests, confirmation, amount, currency)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const deleteReservation = database.prepare<[SupplierKind, string]>(
    'delete from reservations where supplier = ? and key = ?',
  )
  const insertReleased = database.prepare<[SupplierKind, string]>(
    'insert or ignore into released (supplier, key) values (?, ?)',
  )
  const updateStock = database.prepare<[number, string]>('update offers set stock = ? where id = ?')
  const updateDiscontinued = database.prepare<[string | null, string]>(
    'update offers set discontinued = 1, replaced_by = ? where id = ?',
  )
  const updatePrice = database.prepare<[number, string]>('update offers set amount = ? where id = ?')

  const reserve = database.transaction(
    (supplier: SupplierKind, key: string, request: ReserveRequest): ReserveOutcome => {
      if (selectReleased.get(supplier, key)) return { kind: 'released' }
      const held = selectReservation.get(supplier, key)
      if (held) {
        if (!sameRequest(held, request)) return { kind: 'key-reused' }
        return { kind: 'reserved', fresh: false, reservation: reservationOf(key, held) }
      }
      const offer = selectOffer.get(supplier, request.offerId)
      if (!offer || offer.discontinued === 1) return { kind: 'discontinued', replacedBy: offer?.replaced_by ?? null }
      if (takeOne.run(offer.id).changes === 0) return { kind: 'sold-out' }
      const { amount, currency } = offer
      const confirmation = confirmationOf(supplier, key)
      const { startsOn, endsOn, guests } = request
      insertReservation.run(supplier, key, offer.id, startsOn, endsOn, guests, confirmation, amount, currency)
      return { kind: 'reserved', fresh: true, reservation: { key, confirmation, price: { amount, currency } } }
    },
  )

  const release = database.transaction((supplier: SupplierKind, key: string): void => {
    insertReleased.run(supplier, key)
    const held = selectReservation.get(supplier, key)
    if (!held) return
    deleteReservation.run(supplier, key)
    giveOneBack.run(held.offer_id)
  })

  return {
    offers: (supplier, nowMs) => selectOffers.all(supplier).map(row => offerOf(row, nowMs)),
    reserve: (supplier, key, request) => reserve.immediate(supplier, key, request),
    find(supplier, key) {
      const held = selectReservation.get(supplier, key)
      return held && reservationOf(key, held)
    },
    release: (supplier, key) => release.immediate(supplier, key),
    reservations: () => selectReservations.all(),
    hasOffer: offerId => selectAnyOffer.get(offerId) !== undefined,
    setStock: (offerId, stock) => updateStock.run(stock, offerId).changes > 0,
    discontinue: (offerId, replacedBy) => updateDiscontinued.run(replacedBy, offerId).changes > 0,
    setPrice: (offerId, amount) => updatePrice.run(amount, offerId).changes > 0,
    close: () => void database.close(),
  }
}

function seed(database: Database.Database, catalogue: readonly CatalogueOffer[]): void {
  const insert = database.prepare(
    `insert or ignore into offers
       (id, supplier, name, place, amount, currency, stock, discontinued, replaced_by, stars, seats, departs_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertAll = database.transaction(() => {
    for (const {
      id,
      supplier,
      name,
      place,
      price,
      stock,
      discontinued,
      replacedBy,
      stars,
      seats,
      departsAt,
    } of catalogue) {
      const optional = [replacedBy ?? null, stars ?? null, seats ?? null, departsAt ?? null]
      insert.run(id, supplier, name, place, price.amount, price.currency, stock, discontinued ? 1 : 0, ...optional)
    }
  })
  insertAll.immediate()
}

/**
 * An offer is valid until the end of the next day and its flight leaves on the day after that, both in UTC: they move
 * once a day, so that reading the offers again does not make every one of them look changed.
 */
function offerOf(row: OfferRow, nowMs: number): SupplierOffer {
  const dayAfterNextMs = (Math.floor(nowMs / dayMs) + 2) * dayMs
  const price: Money = { amount: row.amount, currency: row.currency }
  const departureDay = new Date(dayAfterNextMs).toISOString().slice(0, 10)
  return {
    id: row.id,
    name: row.name,
    place: row.place,
    price,
    validUntil: new Date(dayAfterNextMs - 1).toISOString(),
    discontinued: row.discontinued === 1,
    replacedBy: row.replaced_by,
    ...(row.stars === null ? {} : { stars: row.stars }),
    ...(row.seats === null ? {} : { seats: row.seats }),
    ...(row.departs_at === null ? {} : { departs: `${departureDay}T${row.departs_at}:00.000Z` }),
  }
}

function reservationOf(key: string, { confirmation, amount, currency }: ReservationRow): SupplierReservation {
  return { key, confirmation, price: { amount, currency } }
}

function sameRequest(held: ReservationRow, { offerId, startsOn, endsOn, guests }: ReserveRequest): boolean {
  return held.offer_id === offerId && held.starts_on === startsOn && held.ends_on === endsOn && held.guests === guests
}

/** Crockford's base 32 (crockford.com/base32): no letter that reads like a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** For example `H-7K2P4Q`. The same key has the same number after every restart; two keys may share one, about once in 10⁹. */
function confirmationOf(supplier: SupplierKind, key: string): string {
  const bytes = createHash('sha256').update(key).digest().subarray(0, 6)
  const characters = Array.from(bytes, byte => alphabet[byte % alphabet.length])
  return `${supplier.charAt(0).toUpperCase()}-${characters.join('')}`
}
