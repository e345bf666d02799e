import type { Offer } from '../device/records.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

const words = texts.booking

/** What distinguishes an offer from others of its kind: "4 stars", "5 seats", "departs 3 May 2027, 10:42". */
export function offerDetails(offer: Offer): string {
  if ('stars' in offer && offer.stars) return words.stars(offer.stars)
  if ('seats' in offer && offer.seats) return words.seats(offer.seats)
  return 'departs' in offer && offer.departs ? words.departs(momentOf(offer.departs)) : ''
}
