/** Which offer a wish comes down to: itself, its successor, or none; and what lies near it. */
import type { EntityRecord, TaskTransaction } from 'layover/server'
import { OFFER_TYPES } from './collections.ts'
import type { Money, SupplierKind, SupplierOffer } from './suppliers/suppliers.ts'

export interface Offer {
  readonly id: string
  readonly name: string
  readonly place: string
  readonly price: Money
  /** RFC 3339, UTC. */
  readonly validUntil: string
  readonly discontinued: boolean
  readonly replacedBy: string | null
}

/** Offers of one kind: the gateway's copy, or what the supplier has just said. */
export interface OfferList {
  find(id: string): Promise<Offer | undefined>
  at(place: string): Promise<readonly Offer[]>
}

const MOST_AT_ONE_PLACE = 1_000

export function copiedOffers(kind: SupplierKind, transaction: TaskTransaction): OfferList {
  const type = OFFER_TYPES[kind]
  return {
    async find(id) {
      const record = await transaction.find(type, id)
      return record && offerOf(record)
    },
    async at(place) {
      const records = await transaction.list(type, { equals: { place }, first: MOST_AT_ONE_PLACE })
      return records.map(offerOf)
    },
  }
}

export function freshOffers(offers: readonly SupplierOffer[]): OfferList {
  const all = offers.map((offer): Offer => ({ ...offer, replacedBy: offer.replacedBy ?? null }))
  return {
    find: async id => all.find(offer => offer.id === id),
    at: async place => all.filter(offer => offer.place === place),
  }
}

/** importRecords took it from a supplier's answer, so it has the shape of one. */
function offerOf(record: EntityRecord): Offer {
  const { id, name, place, price, validUntil, discontinued, replacedBy } = record as unknown as Offer
  return { id, name, place, price, validUntil, discontinued, replacedBy: replacedBy ?? null }
}

export type Choice =
  | { readonly kind: 'offer'; readonly offer: Offer }
  | { readonly kind: 'discontinued'; readonly offer: Offer; readonly successor: Offer | undefined }
  | { readonly kind: 'unknown' }

/** The offer as wanted or, if that is discontinued and the person accepts it, its successor. */
export async function chooseOffer(offers: OfferList, id: string, acceptReplacement: boolean): Promise<Choice> {
  const offer = await offers.find(id)
  if (offer === undefined) return { kind: 'unknown' }
  if (!offer.discontinued) return { kind: 'offer', offer }
  const successor = await successorOf(offers, offer)
  if (successor !== undefined && acceptReplacement) return { kind: 'offer', offer: successor }
  return { kind: 'discontinued', offer, successor }
}

/** The first one on the chain that is still sold; none if the chain ends before, or runs in a circle. */
async function successorOf(offers: OfferList, offer: Offer): Promise<Offer | undefined> {
  const seen = new Set<string>()
  let current: Offer | undefined = offer
  while (current?.discontinued) {
    if (current.replacedBy === null || seen.has(current.id)) return undefined
    seen.add(current.id)
    current = await offers.find(current.replacedBy)
  }
  return current
}

/** How many others are looked at when one can't be had. */
export const MOST_ALTERNATIVES = 4

/** Others at the place: those of the same house first, then by price. */
export async function alternativesTo(
  offers: OfferList,
  { id, name, place }: { readonly id: string; readonly name?: string; readonly place: string },
): Promise<Offer[]> {
  const house = name === undefined ? undefined : houseOf(name)
  const isElsewhere = (other: Offer): number => (houseOf(other.name) === house ? 0 : 1)
  const others = await offers.at(place)
  return others
    .filter(other => other.id !== id && !other.discontinued)
    .sort((left, right) => isElsewhere(left) - isElsewhere(right) || left.price.amount - right.price.amount)
    .slice(0, MOST_ALTERNATIVES)
}

/**
 * Whose offer it is: suppliers name the hotel, airline or rental company first, and after a comma, or as a number, which
 * of its offers it is ("Tejo Wheels, estate", "Northgull 214").
 */
const houseOf = (name: string): string => name.replace(/(?:,.*| \d+)$/s, '').trim()
