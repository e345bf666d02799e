/**
 * The port to the outside suppliers of a vacation. What a supplier definitely said is a value; whatever leaves open
 * whether it did anything is thrown, because the caller must then undo by key and never assume.
 */

export type SupplierKind = 'hotel' | 'flight' | 'car'

export interface Money {
  /** Minor units (cents), at least 0. */
  readonly amount: number
  /** ISO 4217. */
  readonly currency: string
}

export interface SupplierOffer {
  /** Stable, and unique within one supplier. */
  readonly id: string
  readonly name: string
  readonly place: string
  /** For the whole stay and the whole party, however long and however many. */
  readonly price: Money
  /** ISO 8601 in UTC. */
  readonly validUntil: string
  readonly discontinued: boolean
  /** The offer that takes the place of a discontinued one. */
  readonly replacedBy?: string | null
  /** Hotels: 0 to 5. */
  readonly stars?: number | null
  /** Cars: at least 1. */
  readonly seats?: number | null
  /** Flights: ISO 8601 in UTC. */
  readonly departs?: string | null
}

export interface ReserveRequest {
  readonly offerId: string
  /** YYYY-MM-DD. */
  readonly startsOn: string
  /** YYYY-MM-DD, not before `startsOn`. */
  readonly endsOn: string
  /** At least 1. */
  readonly guests: number
}

export interface SupplierReservation {
  readonly key: string
  /** What the supplier calls it, e.g. `H-7K2P4Q`. */
  readonly confirmation: string
  readonly price: Money
}

export type RefusalCode = 'SOLD_OUT' | 'DISCONTINUED' | 'PRICE_CHANGED'

/** A definite answer: `refused` says that nothing is reserved under this key. */
export type ReserveAnswer =
  | { readonly kind: 'reserved'; readonly confirmation: string; readonly price: Money }
  | {
      readonly kind: 'refused'
      readonly code: RefusalCode
      readonly message: string
      /** The id of an offer that the supplier proposes instead. */
      readonly replacement?: string
    }

/**
 * One supplier. Every method throws `SupplierUnreachable`, and nothing else, when there is no definite answer; an
 * aborted signal ends the wait, not necessarily the supplier's work.
 */
export interface Supplier {
  /** Everything the supplier has, discontinued offers too. */
  offers(signal?: AbortSignal): Promise<SupplierOffer[]>
  /** Idempotent by `key` (`<task id>:<step>`): the same key and request give the same reservation. */
  reserve(key: string, request: ReserveRequest, signal?: AbortSignal): Promise<ReserveAnswer>
  /** Cancels whatever `key` holds. Idempotent; a key that is still unknown can never be reserved afterwards, so a late `reserve` cannot slip in behind its undo. */
  release(key: string, signal?: AbortSignal): Promise<void>
  /** What `key` holds at this moment, or undefined. */
  find(key: string, signal?: AbortSignal): Promise<SupplierReservation | undefined>
}

/** TIMEOUT and ABORTED: no answer in time. CONNECTION: none at all. STATUS: one outside the contract. MALFORMED: one that cannot be read. */
export type UnreachableCode = 'TIMEOUT' | 'ABORTED' | 'CONNECTION' | 'STATUS' | 'MALFORMED'

/** The outcome is UNKNOWN: the supplier may or may not have done what it was asked. */
export class SupplierUnreachable extends Error {
  readonly code: UnreachableCode
  /** The HTTP status, if there was one. */
  readonly status: number | undefined

  constructor(code: UnreachableCode, message: string, detail: { cause?: unknown; status?: number } = {}) {
    super(message, 'cause' in detail ? { cause: detail.cause } : undefined)
    this.name = 'SupplierUnreachable'
    this.code = code
    this.status = detail.status
  }
}
