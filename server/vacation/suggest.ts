/**
 * What could be had instead. No supplier says what is free, so each alternative is tried: reserved under a key of its own
 * and given back at once. A suggestion that the next booking would find sold out is worth nothing to a person offline.
 *
 * Nothing stays behind, whenever the gateway is killed: before the first trial the reservation's own key is released, and
 * can never be reserved afterwards. So whoever repeats the step meets a refusal again, and gives the trials back.
 */
import type { Suggestion } from 'layover/server'
import { MOST_ALTERNATIVES, type Offer } from './choose-offer.ts'
import {
  type Money,
  type ReserveRequest,
  type Supplier,
  type SupplierKind,
  SupplierUnreachable,
} from './suppliers/suppliers.ts'

/** An offer to try, as far as it is known. */
export type Candidate = Pick<Offer, 'id'> & { readonly name?: string; readonly isSuccessor?: boolean }

export interface Search {
  readonly kind: SupplierKind
  readonly supplier: Supplier
  /** The reservation's, which was refused. */
  readonly key: string
  readonly stay: Omit<ReserveRequest, 'offerId'>
  /** In the order in which they are suggested; the first few are tried. */
  readonly candidates: readonly Candidate[]
  /** Minor units: what the rest of the booking costs, and what it may cost in all. */
  readonly restAmount: number
  readonly priceLimit: number | null
  readonly signal: AbortSignal
}

const MOST_TRIALS = MOST_ALTERNATIVES + 1

const trialKey = (key: string, trial: number): string => `${key}:trial-${trial}`

/** Throws SupplierUnreachable if one of the trials could not be given back: `releaseTrials` has to be called then. */
export async function suggestFree(search: Search): Promise<Suggestion[]> {
  const { kind, supplier, key, signal } = search
  const candidates = search.candidates.slice(0, MOST_TRIALS)
  if (candidates.length > 0) await supplier.release(key, signal)
  const trials = await Promise.allSettled(
    candidates.map((candidate, index) => priceIfFree(search, candidate, trialKey(key, index))),
  )
  const suggestions = trials.flatMap((trial, index) => {
    if (trial.status === 'rejected') throw trial.reason
    const candidate = candidates[index]
    return trial.value === undefined || candidate === undefined ? [] : [suggestionOf(search, candidate, trial.value)]
  })
  return kind === 'car' ? [...suggestions, { label: 'Book without a car', patch: { carOfferId: null } }] : suggestions
}

/** Gives back whatever trials of this reservation may hold. */
export async function releaseTrials(supplier: Supplier, key: string, signal: AbortSignal): Promise<void> {
  const keys = Array.from({ length: MOST_TRIALS }, (_, trial) => trialKey(key, trial))
  await Promise.all(keys.map(trial => supplier.release(trial, signal)))
}

async function priceIfFree(
  { supplier, stay, signal }: Search,
  { id: offerId }: Candidate,
  key: string,
): Promise<Money | undefined> {
  let price: Money | undefined
  try {
    const answer = await supplier.reserve(key, { offerId, ...stay }, signal)
    if (answer.kind === 'refused') return undefined
    price = answer.price
  } catch (error) {
    // Perhaps it is held now: it is given back like one that is, and not suggested.
    if (!(error instanceof SupplierUnreachable)) throw error
  }
  await supplier.release(key, signal)
  return price
}

function suggestionOf({ kind, restAmount, priceLimit }: Search, candidate: Candidate, price: Money): Suggestion {
  const total = restAmount + price.amount
  const { id, name = id, isSuccessor = false } = candidate
  const label = `Take ${isSuccessor ? 'its successor, ' : ''}${name} (${priceText(price)})`
  const patch = { [`${kind}OfferId`]: id }
  if (priceLimit === null || total <= priceLimit) return { label, patch }
  const inAll = priceText({ amount: total, currency: price.currency })
  return { label: `${label}, ${inAll} in all`, patch: { ...patch, priceLimit: total } }
}

export const priceText = ({ amount, currency }: Money): string => `${(amount / 100).toFixed(2)} ${currency}`
