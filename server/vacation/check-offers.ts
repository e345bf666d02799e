/**
 * The step that asks the suppliers anew what the gateway's copy of an offer can't vouch for. Without an answer the booking
 * ends UNAVAILABLE, before anything is reserved: what was true yesterday is no ground to spend a person's money on.
 */
import { REJECTION_CODES } from 'layover/protocol'
import { done, type Rejected, rejected, type Step, type StepCall } from 'layover/server'
import {
  type BookingPlan,
  type Checked,
  checkPrice,
  isOptional,
  KINDS,
  OFFERS_STEP,
  offerField,
  offerToReserve,
  sumOf,
} from './booking.ts'
import { alternativesTo, type Choice, chooseOffer, freshOffers, type Offer, type OfferList } from './choose-offer.ts'
import { type Candidate, releaseTrials, suggestFree } from './suggest.ts'
import { type Supplier, type SupplierKind, SupplierUnreachable } from './suppliers/suppliers.ts'

type Suppliers = Readonly<Record<SupplierKind, Supplier>>

const ATTEMPTS = 3

export function checkOffers(suppliers: Suppliers): Step<BookingPlan> {
  return {
    name: OFFERS_STEP,
    attempts: ATTEMPTS,
    timeoutMs: 15_000,
    skip: plan => plan.asked.length === 0,
    run: async (plan, call) => {
      const checked: Partial<Record<SupplierKind, Checked>> = {}
      for (const kind of plan.asked) {
        const offers = await readOffers(plan, kind, suppliers[kind], call)
        if (offers === undefined) {
          checked[kind] = { offer: null, code: REJECTION_CODES.UNAVAILABLE }
          continue
        }
        const { input } = plan
        // What the supplier says now is taken whatever `validUntil` stands on it: nobody knows better.
        const choice = await chooseOffer(offers, input[offerField(kind)] ?? '', input.acceptReplacement ?? false)
        if (choice.kind === 'offer') checked[kind] = { offer: choice.offer }
        else if (isOptional(plan, kind)) checked[kind] = { offer: null, code: refusalOf(kind, choice).code }
        else return refuse(plan, kind, { choice, offers, supplier: suppliers[kind] }, call)
      }
      return checkedPrice(plan, checked) ?? done(checked)
    },
    undo: async (plan, { key, signal }) => {
      for (const kind of plan.asked) await releaseTrials(suppliers[kind], reservationKey(key, kind), signal)
    },
  }
}

/** Key of the step that would reserve this kind: the trials are named after it, so that its undo knows them too. */
const reservationKey = (key: string, kind: SupplierKind): string => `${key.slice(0, -OFFERS_STEP.length)}${kind}`

/** undefined: the supplier of an optional car doesn't answer. */
async function readOffers(
  plan: BookingPlan,
  kind: SupplierKind,
  supplier: Supplier,
  { attempt, signal }: StepCall,
): Promise<OfferList | undefined> {
  try {
    return freshOffers(await supplier.offers(signal))
  } catch (error) {
    if (error instanceof SupplierUnreachable && isOptional(plan, kind) && attempt >= ATTEMPTS) return undefined
    throw error
  }
}

function checkedPrice(plan: BookingPlan, checked: Partial<Record<SupplierKind, Checked>>): Rejected | undefined {
  const priceOf = (kind: SupplierKind) => offerToReserve(plan, { [OFFERS_STEP]: checked }, kind)?.price ?? null
  return checkPrice(plan.input, { hotel: priceOf('hotel'), flight: priceOf('flight'), car: priceOf('car') })
}

type Refused = Exclude<Choice, { kind: 'offer' }>

function refusalOf(kind: SupplierKind, choice: Refused): { code: string; message: string } {
  return choice.kind === 'unknown'
    ? { code: REJECTION_CODES.NOT_FOUND, message: `There is no such ${kind} offer, or it is offered no more.` }
    : { code: 'DISCONTINUED', message: `${choice.offer.name} is no longer offered.` }
}

async function refuse(
  plan: BookingPlan,
  kind: SupplierKind,
  { choice, offers, supplier }: { choice: Refused; offers: OfferList; supplier: Supplier },
  { key, signal }: StepCall,
): Promise<Rejected> {
  const { input, known } = plan
  const { startsOn, endsOn, travellers } = input
  const others = KINDS.flatMap(other => (other === kind ? [] : (known[other]?.price ?? [])))
  const suggestions = await suggestFree({
    kind,
    supplier,
    key: reservationKey(key, kind),
    stay: { startsOn, endsOn, guests: travellers },
    candidates: await candidatesFor(plan, kind, choice, offers),
    restAmount: sumOf(others).amount,
    priceLimit: input.priceLimit ?? null,
    signal,
  })
  const { code, message } = refusalOf(kind, choice)
  return rejected(code, message, { field: `input.${offerField(kind)}`, suggestions })
}

/** Its successor first, then others at the same place; of an offer that nobody knows, at the place of the rest of the booking. */
async function candidatesFor(
  { input, known, place }: BookingPlan,
  kind: SupplierKind,
  choice: Refused,
  offers: OfferList,
): Promise<Candidate[]> {
  const gone: Partial<Offer> = choice.kind === 'unknown' ? (known[kind] ?? {}) : choice.offer
  const at = gone.place ?? place
  if (at === null) return []
  const id = gone.id ?? input[offerField(kind)] ?? ''
  const others = await alternativesTo(offers, {
    id,
    place: at,
    ...(gone.name === undefined ? {} : { name: gone.name }),
  })
  const successor = choice.kind === 'discontinued' ? choice.successor : undefined
  if (successor === undefined) return others
  return [{ ...successor, isSuccessor: true }, ...others.filter(other => other.id !== successor.id)]
}
