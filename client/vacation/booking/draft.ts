/** What a person has put together so far. It outlives a reload of the tab. */
import { systemClock, systemRandom } from 'layover/protocol'
import type { BookVacationInput } from '../__generated__/graphql.ts'
import type { Offer, Offers } from '../device/records.ts'
import { texts } from '../texts/index.ts'

export interface Draft {
  /** An existing customer's id; empty: none, or a new one. */
  customerId: string
  /** Of a customer that is made together with the booking. */
  newCustomer: string
  place: string
  /** YYYY-MM-DD; empty: not chosen. */
  startsOn: string
  endsOn: string
  travellers: number
  hotelOfferId: string
  flightOfferId: string
  /** Empty: no car. */
  carOfferId: string
  carOptional: boolean
  acceptReplacement: boolean
  /** In whole units, as typed; empty: none. */
  priceLimit: string
  notes: string
}

export const STEPS = ['who', 'hotel', 'flight', 'car', 'check'] as const
export type Step = (typeof STEPS)[number]

export type DraftProblems = Readonly<Partial<Record<keyof typeof texts.booking.problems, string>>>

const DAY_MS = 24 * 60 * 60 * 1000
const dayIn = (days: number): string => new Date(systemClock.now() + days * DAY_MS).toISOString().slice(0, 10)

/** What most bookings begin with: somebody has only to choose who travels. */
export function freshDraft(): Draft {
  return {
    customerId: '',
    newCustomer: '',
    place: '',
    startsOn: dayIn(30),
    endsOn: dayIn(35),
    travellers: 2,
    hotelOfferId: '',
    flightOfferId: '',
    carOfferId: '',
    carOptional: true,
    acceptReplacement: true,
    priceLimit: '',
    notes: '',
  }
}

/** A booking that waits, or was refused, to be changed. */
export function draftOf(input: BookVacationInput, place: string): Draft {
  return {
    ...freshDraft(),
    customerId: input.customerId,
    place,
    startsOn: input.startsOn,
    endsOn: input.endsOn,
    travellers: input.travellers,
    hotelOfferId: input.hotelOfferId,
    flightOfferId: input.flightOfferId,
    carOfferId: input.carOfferId ?? '',
    carOptional: input.carOptional ?? true,
    acceptReplacement: input.acceptReplacement ?? false,
    priceLimit: input.priceLimit ? String(input.priceLimit / 100) : '',
    notes: input.notes ?? '',
  }
}

const atPlace = <O extends Offer>(offers: readonly O[], place: string): readonly O[] =>
  offers.filter(offer => offer.place === place)
const firstOf = (offers: readonly Offer[]): string => offers.find(({ discontinued }) => !discontinued)?.id ?? ''

/** The draft with a place, and with offers of that place: the first of the list, unless others were chosen. */
export function completed(draft: Draft, { hotels, flights, cars, places }: Offers): Draft {
  const place = draft.place || (places[0] ?? '')
  const chosen = (id: string, offers: readonly Offer[]): string =>
    atPlace(offers, place).some(offer => offer.id === id) ? id : ''
  return {
    ...draft,
    place,
    hotelOfferId: chosen(draft.hotelOfferId, hotels) || firstOf(atPlace(hotels, place)),
    flightOfferId: chosen(draft.flightOfferId, flights) || firstOf(atPlace(flights, place)),
    carOfferId: chosen(draft.carOfferId, cars),
  }
}

/** What keeps the step from being left, by field. */
export function problemsOf(draft: Draft, step: Step): DraftProblems {
  const words = texts.booking.problems
  const problems: Partial<Record<keyof typeof words, string>> = {}
  if (step === 'who') {
    if (!draft.customerId && !draft.newCustomer.trim()) problems.customer = words.customer
    if (!draft.place) problems.place = words.place
    if (!draft.startsOn || !draft.endsOn) problems.dates = words.dates
    if (!(draft.travellers >= 1 && draft.travellers <= 20)) problems.travellers = words.travellers
  }
  if (step === 'hotel' && !draft.hotelOfferId) problems.hotel = words.hotel
  if (step === 'flight' && !draft.flightOfferId) problems.flight = words.flight
  if (step === 'check' && draft.priceLimit !== '' && !(Number(draft.priceLimit) > 0)) {
    problems.priceLimit = words.priceLimit
  }
  return problems
}

/** Amounts are asked in whole units and sent in cents. */
export function inputOf(draft: Draft, customerId: string, vacationId: string = systemRandom.uuid()): BookVacationInput {
  return {
    vacationId,
    customerId,
    startsOn: draft.startsOn,
    endsOn: draft.endsOn,
    travellers: draft.travellers,
    notes: draft.notes.trim() || null,
    hotelOfferId: draft.hotelOfferId,
    flightOfferId: draft.flightOfferId,
    carOfferId: draft.carOfferId || null,
    carOptional: draft.carOptional,
    acceptReplacement: draft.acceptReplacement,
    priceLimit: draft.priceLimit === '' ? null : Math.round(Number(draft.priceLimit) * 100),
  }
}

const KEY = 'layover-page:booking'

/** What was left unfinished in this tab. */
export function keptDraft(): Draft | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Draft> | null
    return kept ? { ...freshDraft(), ...kept } : undefined
  } catch {
    return undefined
  }
}

/** null: it was booked, or given up. */
export function keepDraft(kept: Draft | null): void {
  try {
    if (kept) sessionStorage.setItem(KEY, JSON.stringify(kept))
    else sessionStorage.removeItem(KEY)
  } catch {
    // Then it is gone with the tab.
  }
}
