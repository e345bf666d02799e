/**
 * `bookVacation`: hotel, flight, car and mail as one atomic task (one service request per user task, after Microsoft's guide
 * to occasionally connected smart clients). It ends booked whole or with nothing reserved anywhere. Every rule is held
 * against what is true when it is carried out: a task may have waited in an outbox for days.
 */
import { REJECTION_CODES } from 'layover/protocol'
import {
  confirmed,
  defineTask,
  done,
  type Outcome,
  type Reconciliation,
  type Rejected,
  rejected,
  type SagaTask,
  type Step,
  type StepResults,
  type TaskTransaction,
} from 'layover/server'
import type { BookVacationInput, MutationBookVacationArgs } from './__generated__/resolvers.ts'
import {
  type BookedReservation,
  type BookingPlan,
  booked,
  bookedPrices,
  checkedOf,
  checkPrice,
  isOptional,
  isSamePrice,
  KINDS,
  offerField,
  offerToReserve,
  sumOf,
  totalOf,
} from './booking.ts'
import { checkOffers } from './check-offers.ts'
import { alternativesTo, chooseOffer, copiedOffers, type Offer } from './choose-offer.ts'
import { OFFER_TYPES } from './collections.ts'
import { confirmationMail } from './confirmation-mail.ts'
import { checkStay, dayOf } from './dates.ts'
import { checkId, checkText, checkTravellers, firstOf, invalid } from './input.ts'
import { type Mailer, MailNotSent } from './mail.ts'
import { type Reserved, reserveOffer } from './reserve.ts'
import { type Candidate, releaseTrials, suggestFree } from './suggest.ts'
import type { Supplier, SupplierKind } from './suppliers/suppliers.ts'

export interface BookingOutside {
  readonly suppliers: Readonly<Record<SupplierKind, Supplier>>
  readonly mailer: Mailer
}

export function bookVacation({ suppliers, mailer }: BookingOutside): SagaTask<MutationBookVacationArgs, BookingPlan> {
  return defineTask<MutationBookVacationArgs, BookingPlan>('bookVacation', {
    touches: ({ input }) => [{ type: 'Vacation', id: input.vacationId }],
    reads: ({ input }) => [{ type: 'Customer', id: input.customerId }],
    prepare,
    steps: [checkOffers(suppliers), ...KINDS.map(kind => reservation(kind, suppliers[kind]))],
    settle,
    afterwards: [
      {
        name: 'mail',
        attempts: 'forever',
        skip: plan => plan.customer.email === null,
        run: async (plan, { signal }, results) => {
          try {
            await mailer.send(confirmationMail(plan, results), signal)
            return done(null)
          } catch (error) {
            // A lasting no: the booking stands, and the step says why nobody was told.
            if (!(error instanceof MailNotSent) || error.code === 'UNAVAILABLE') throw error
            return rejected(error.code, 'The mail server will not take this message.')
          }
        },
      },
    ],
  })
}

async function prepare(
  { input }: MutationBookVacationArgs,
  transaction: TaskTransaction,
): Promise<{ kind: 'plan'; plan: BookingPlan } | Rejected> {
  const refusal = checkInput(input, dayOf(transaction.now))
  if (refusal !== undefined) return refusal
  const customer = await transaction.find('Customer', input.customerId)
  if (customer === undefined) return noSuchCustomer
  if ((await transaction.find('Vacation', input.vacationId)) !== undefined) {
    return rejected(REJECTION_CODES.ALREADY_EXISTS, 'There is a vacation with this id already.', {
      field: 'input.vacationId',
    })
  }
  const { name, email } = customer
  return {
    kind: 'plan',
    plan: {
      input,
      taskId: transaction.taskId,
      customer: { name: String(name), email: typeof email === 'string' && email !== '' ? email : null },
      ...(await consultCopy(input, transaction)),
    },
  }
}

function checkInput(input: BookVacationInput, today: string): Rejected | undefined {
  const { vacationId, travellers, notes, priceLimit } = input
  return firstOf(
    checkId('input.vacationId', vacationId),
    checkStay('input', input, today),
    checkTravellers('input.travellers', travellers),
    checkText('input.notes', notes),
    ...KINDS.map(kind => checkText(`input.${offerField(kind)}`, input[offerField(kind)], 200)),
    priceLimit != null && priceLimit < 0 ? invalid('input.priceLimit', 'priceLimit must not be negative.') : undefined,
  )
}

const noSuchCustomer = rejected(REJECTION_CODES.NOT_FOUND, 'There is no such customer, or it is not yours to see.', {
  field: 'input.customerId',
})

/** What the gateway's own copy of the offers says, and of which of them it can't speak. */
async function consultCopy(
  input: BookVacationInput,
  transaction: TaskTransaction,
): Promise<Pick<BookingPlan, 'known' | 'asked' | 'alternatives' | 'place'>> {
  const known: Record<SupplierKind, Offer | null> = { hotel: null, flight: null, car: null }
  const alternatives: Record<SupplierKind, Offer[]> = { hotel: [], flight: [], car: [] }
  const asked: SupplierKind[] = []
  const isCurrent = ({ validUntil }: Offer): boolean => validUntil >= transaction.now
  for (const kind of KINDS) {
    const wanted = input[offerField(kind)]
    if (wanted == null) continue
    const copy = copiedOffers(kind, transaction)
    const offer = await copy.find(wanted)
    const choice = await chooseOffer(copy, wanted, input.acceptReplacement ?? false)
    const taken = choice.kind === 'offer' ? choice.offer : undefined
    known[kind] = taken ?? offer ?? null
    if (offer === undefined || taken === undefined || !isCurrent(offer) || !isCurrent(taken)) asked.push(kind)
    if (offer !== undefined) alternatives[kind] = await alternativesTo(copy, taken ?? offer)
  }
  const place = KINDS.map(kind => known[kind]?.place).find(name => name !== undefined) ?? null
  return { known, asked, alternatives, place }
}

/** Reserves at one supplier; undone by key, so that also an answer that never came leaves nothing behind. */
function reservation(kind: SupplierKind, supplier: Supplier): Step<BookingPlan> {
  return {
    name: kind,
    timeoutMs: 15_000,
    skip: ({ input }) => input[offerField(kind)] == null,
    optional: plan => isOptional(plan, kind),
    run: async (plan, call, results) => {
      const { startsOn, endsOn, travellers, acceptReplacement } = plan.input
      const offer = offerToReserve(plan, results, kind)
      if (offer === null) return rejected(checkedOf(results, kind)?.code ?? 'NOT_AVAILABLE', 'It is not to be had.')
      const request = { offerId: offer.id, startsOn, endsOn, guests: travellers }
      const answer = await reserveOffer(supplier, call, request, acceptReplacement ?? false)
      if (answer.kind === 'reserved') return done(answer.reservation)
      const suggestions = isOptional(plan, kind)
        ? []
        : await suggestFree({
            kind,
            supplier,
            key: call.key,
            stay: { startsOn, endsOn, guests: travellers },
            candidates: candidatesAfter(answer, plan.alternatives[kind]),
            restAmount: sumOf(KINDS.flatMap(other => (other === kind ? [] : priceOf(plan, results, other)))).amount,
            priceLimit: plan.input.priceLimit ?? null,
            signal: call.signal,
          })
      return rejected(answer.code, answer.message, { field: `input.${offerField(kind)}`, suggestions })
    },
    undo: async (_plan, { key, signal }, results) => {
      await supplier.release(key, signal)
      // Only what was not reserved can have been looked for elsewhere.
      if (results[kind] === undefined) await releaseTrials(supplier, key, signal)
    },
  }
}

function candidatesAfter(refused: Reserved & { kind: 'refused' }, alternatives: readonly Offer[]): Candidate[] {
  const { offerId, replacement } = refused
  const others = alternatives.filter(({ id }) => id !== offerId && id !== replacement)
  if (replacement === undefined) return others
  const known = alternatives.find(({ id }) => id === replacement)
  return [{ id: replacement, ...known, isSuccessor: true }, ...others]
}

const priceOf = (plan: BookingPlan, results: StepResults, kind: SupplierKind) =>
  (booked(results, kind) ?? offerToReserve(plan, results, kind))?.price ?? []

/** On what is true now, not on what was true when the task was queued or prepared. */
async function settle(plan: BookingPlan, results: StepResults, transaction: TaskTransaction): Promise<Outcome> {
  const { input } = plan
  const customer = await transaction.find('Customer', input.customerId)
  if (customer === undefined) return noSuchCustomer
  const total = totalOf(results)
  const tooDear = checkPrice(input, bookedPrices(results))
  if (tooDear !== undefined) return tooDear
  const written = await transaction.create('Vacation', input.vacationId, {
    ownerId: customer['ownerId'],
    customerId: input.customerId,
    status: 'BOOKED',
    startsOn: input.startsOn,
    endsOn: input.endsOn,
    travellers: input.travellers,
    notes: input.notes ?? null,
    hotel: booked(results, 'hotel'),
    flight: booked(results, 'flight'),
    car: booked(results, 'car'),
    total,
  })
  if (written.kind !== 'written') return written
  for (const kind of KINDS) reconcile(plan, results, kind, transaction)
  return confirmed({ vacation: { type: 'Vacation', id: input.vacationId } })
}

/** Tells the person what is otherwise than they chose it. */
function reconcile(plan: BookingPlan, results: StepResults, kind: SupplierKind, transaction: TaskTransaction): void {
  const wanted = plan.input[offerField(kind)]
  if (wanted == null) return
  const reserved = booked(results, kind)
  if (reserved === null) {
    transaction.reconcile(withoutCar(wanted, checkedOf(results, kind)?.code ?? 'NOT_AVAILABLE'))
    return
  }
  const offers = [offerToReserve(plan, results, kind), plan.known[kind], ...plan.alternatives[kind]]
  const name = offers.find(offer => offer?.id === reserved.offerId)?.name
  if (reserved.offerId !== wanted) transaction.reconcile(replaced(kind, wanted, reserved, name))
  const known = plan.known[kind]
  if (known?.id === reserved.offerId && !isSamePrice(known.price, reserved.price))
    transaction.reconcile(priceUpdated(kind, known, reserved))
}

const withoutCar = (wanted: string, why: string): Reconciliation => ({
  field: 'input.carOfferId',
  from: wanted,
  to: null,
  rule: 'CAR_OPTIONAL',
  message: `Booked without a car: there was none to be had (${why}).`,
})

const replaced = (
  kind: SupplierKind,
  wanted: string,
  { offerId }: BookedReservation,
  name = offerId,
): Reconciliation => ({
  field: `input.${offerField(kind)}`,
  from: wanted,
  to: offerId,
  rule: 'ACCEPT_REPLACEMENT',
  message: `${OFFER_TYPES[kind]} ${wanted} is discontinued; its successor ${name} was booked instead.`,
})

const priceUpdated = (kind: SupplierKind, known: Offer, { price }: BookedReservation): Reconciliation => ({
  field: `${kind}.price`,
  from: known.price,
  to: price,
  rule: 'PRICE_UPDATED',
  message: `The price of ${known.name} has changed since the offer was read; the new one was booked.`,
})
