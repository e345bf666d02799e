/** What a booking knows while it is under way. */
import type { Reconciliation, StepResults } from 'layover/server'
import type { BookVacationInput } from './__generated__/resolvers.ts'
import type { Alternative } from './offers.ts'
import type { Money, SupplierKind } from './suppliers/suppliers.ts'

export const KINDS = ['hotel', 'flight', 'car'] as const

export interface BookedReservation {
  readonly offerId: string
  readonly confirmation: string
  readonly price: Money
  /** Under which the supplier knows it; cancelVacation releases it by this. */
  readonly key: string
}

export interface BookingPlan {
  readonly input: BookVacationInput
  readonly taskId: string
  readonly owner: string
  readonly customer: { readonly name: string; readonly email: string | null }
  /** Offers to reserve, after replacement; null: no car is wanted. */
  readonly offers: Readonly<Record<SupplierKind, string | null>>
  readonly alternatives: Readonly<Record<SupplierKind, readonly Alternative[]>>
  readonly reconciliation: readonly Reconciliation[]
}

export const booked = (results: StepResults, kind: SupplierKind): BookedReservation | null =>
  (results[kind] as BookedReservation | undefined) ?? null

export function totalOf(results: StepResults): Money {
  const prices = KINDS.flatMap(kind => booked(results, kind)?.price ?? [])
  return { amount: prices.reduce((sum, { amount }) => sum + amount, 0), currency: prices[0]?.currency ?? 'EUR' }
}
