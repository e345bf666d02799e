/** What a booking knows while it is under way. */
import {
  type Conflicted,
  type EntityRecord,
  type Rejected,
  rejected,
  type StepResults,
  type Suggestion,
} from 'layover/server'
import type { BookVacationInput } from './__generated__/resolvers.ts'
import type { Offer } from './choose-offer.ts'
import { priceText } from './suggest.ts'
import { MAX_AMOUNT } from './suppliers/contract.ts'
import type { Money, SupplierKind } from './suppliers/suppliers.ts'

export const KINDS = ['hotel', 'flight', 'car'] as const

export const offerField = (kind: SupplierKind): `${SupplierKind}OfferId` => `${kind}OfferId`

export interface BookedReservation {
  readonly offerId: string
  readonly confirmation: string
  readonly price: Money
  /** Under which the supplier knows it; it is released by this. */
  readonly key: string
}

export interface BookingPlan {
  readonly input: BookVacationInput
  readonly taskId: string
  readonly customer: { readonly name: string; readonly email: string | null }
  /** What the gateway's copy says of the offer to reserve, after replacement; null: it knows none, or no car is wanted. */
  readonly known: Readonly<Record<SupplierKind, Offer | null>>
  /** Kinds whose copy can't be trusted: past its time, discontinued or gone. They are asked of the supplier anew. */
  readonly asked: readonly SupplierKind[]
  readonly alternatives: Readonly<Record<SupplierKind, readonly Offer[]>>
  /** Where it goes, as far as the copy knows any of its offers. */
  readonly place: string | null
}

/** What the supplier said of an offer that was asked anew; without an offer: why it goes on without. */
export interface Checked {
  readonly offer: Offer | null
  readonly code?: string
}

export const OFFERS_STEP = 'offers'

export const checkedOf = (results: StepResults, kind: SupplierKind): Checked | undefined =>
  (results[OFFERS_STEP] as Partial<Record<SupplierKind, Checked>> | undefined)?.[kind]

/** The offer to reserve: as just read from the supplier, else as the gateway knows it; null for none. */
export function offerToReserve(plan: BookingPlan, results: StepResults, kind: SupplierKind): Offer | null {
  const checked = checkedOf(results, kind)
  return checked === undefined ? plan.known[kind] : checked.offer
}

/** The booking is better made without it than not made. */
export const isOptional = ({ input }: BookingPlan, kind: SupplierKind): boolean =>
  kind === 'car' && (input.carOptional ?? true)

export const booked = (results: StepResults, kind: SupplierKind): BookedReservation | null =>
  (results[kind] as BookedReservation | undefined) ?? null

export const totalOf = (results: StepResults): Money => sumOf(KINDS.flatMap(kind => booked(results, kind)?.price ?? []))

export function sumOf(prices: readonly Money[]): Money {
  return { amount: prices.reduce((sum, { amount }) => sum + amount, 0), currency: prices[0]?.currency ?? 'EUR' }
}

export const isSamePrice = (left: Money, right: Money): boolean =>
  left.amount === right.amount && left.currency === right.currency

export type Prices = Readonly<Record<SupplierKind, Money | null>>

export const bookedPrices = (results: StepResults): Prices => ({
  hotel: booked(results, 'hotel')?.price ?? null,
  flight: booked(results, 'flight')?.price ?? null,
  car: booked(results, 'car')?.price ?? null,
})

/** What is reserved is paid in one currency, and its sum is an amount; else: why not, and whose price it is. */
export function checkTotal(prices: Prices): { code: string; message: string; kind: SupplierKind } | undefined {
  const priced = KINDS.flatMap(kind => (prices[kind] === null ? [] : [{ kind, ...prices[kind] }]))
  const currency = priced[0]?.currency
  const other = priced.find(price => price.currency !== currency)
  if (other !== undefined) {
    const message = `The price of the ${other.kind} is in ${other.currency}, the others are in ${currency}: choose offers of one currency.`
    return { code: 'CURRENCIES_DIFFER', message, kind: other.kind }
  }
  const [dearest] = priced.toSorted((left, right) => right.amount - left.amount)
  if (dearest === undefined || sumOf(priced).amount <= MAX_AMOUNT) return undefined
  return { code: 'TOTAL_TOO_LARGE', message: 'The total is larger than an amount can be.', kind: dearest.kind }
}

/** The refusal of what has no total, or PRICE_CHANGED if it is more than the person wants to spend; each with what would do. */
export function checkPrice(input: BookVacationInput, prices: Prices): Rejected | undefined {
  const complaint = checkTotal(prices)
  if (complaint !== undefined) {
    const { code, message, kind } = complaint
    const isForCar = prices.car !== null && checkTotal({ ...prices, car: null }) === undefined
    const suggestions = isForCar ? [{ label: 'Book without a car', patch: { carOfferId: null } }] : []
    return rejected(code, message, { field: `input.${offerField(kind)}`, suggestions })
  }
  const total = sumOf(KINDS.flatMap(kind => prices[kind] ?? []))
  const { car } = prices
  const limit = input.priceLimit
  if (limit == null || total.amount <= limit) return undefined
  const withoutCar = total.amount - (car?.amount ?? 0)
  const suggestions: Suggestion[] = [{ label: `Accept ${priceText(total)}`, patch: { priceLimit: total.amount } }]
  if (car !== null && withoutCar <= limit) {
    const price = priceText({ ...total, amount: withoutCar })
    suggestions.push({ label: `Book without a car, for ${price}`, patch: { carOfferId: null } })
  }
  const message = `The price is ${priceText(total)}, above your limit of ${priceText({ ...total, amount: limit })}.`
  return rejected('PRICE_CHANGED', message, { field: 'input.priceLimit', suggestions })
}

/** The reservations of a vacation as it stands, by the fields that hold them. */
export function reservationsOf(
  vacation: EntityRecord | undefined,
): Readonly<Record<SupplierKind, BookedReservation | null>> & { readonly total: Money | null } {
  const of = (field: string): unknown => vacation?.[field] ?? null
  return { hotel: of('hotel'), flight: of('flight'), car: of('car'), total: of('total') } as ReturnType<
    typeof reservationsOf
  >
}

/** A conflict as the person is to see and settle it: about what the task was to change, without the reservations beside it. */
export function conflictAbout(
  { conflict, contested }: Conflicted,
  patch: Readonly<Record<string, unknown>>,
): Conflicted {
  const named = (state: Readonly<Record<string, unknown>> | null): Readonly<Record<string, unknown>> | null =>
    state && Object.fromEntries(Object.entries(state).filter(([field]) => field in patch))
  return {
    kind: 'conflict',
    conflict: {
      ...conflict,
      fields: conflict.fields.filter(field => field in patch),
      base: named(conflict.base),
      mine: patch,
      theirs: named(conflict.theirs),
    },
    contested: { ...contested, patch },
  }
}
