/**
 * `bookVacation`: hotel, flight, car and mail as one atomic task (one service request per user task, after Microsoft's guide
 * to occasionally connected smart clients). It ends booked whole or with nothing reserved anywhere.
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
import { type BookedReservation, type BookingPlan, booked, KINDS, totalOf } from './booking.ts'
import { OFFER_TYPES } from './collections.ts'
import { confirmationMail } from './confirmation-mail.ts'
import { checkId, firstOf, invalid } from './input.ts'
import { type Mailer, MailNotSent } from './mail.ts'
import { type Alternative, alternativesTo, chooseOffer, suggestionsFor } from './offers.ts'
import type { Supplier, SupplierKind } from './suppliers/suppliers.ts'

export interface BookingOutside {
  readonly suppliers: Readonly<Record<SupplierKind, Supplier>>
  readonly mailer: Mailer
}

export const offerField = (kind: SupplierKind): `${SupplierKind}OfferId` => `${kind}OfferId`

export function bookVacation({ suppliers, mailer }: BookingOutside): SagaTask<MutationBookVacationArgs, BookingPlan> {
  return defineTask<MutationBookVacationArgs, BookingPlan>('bookVacation', {
    touches: ({ input }) => [{ type: 'Vacation', id: input.vacationId }],
    reads: ({ input }) => [{ type: 'Customer', id: input.customerId }],
    prepare,
    steps: KINDS.map(kind => reservation(kind, suppliers[kind])),
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
  const refusal = checkInput(input)
  if (refusal !== undefined) return refusal
  const customer = await transaction.find('Customer', input.customerId)
  if (customer === undefined) return noSuchCustomer
  if ((await transaction.find('Vacation', input.vacationId)) !== undefined) {
    return rejected(REJECTION_CODES.ALREADY_EXISTS, 'There is a vacation with this id already.', {
      field: 'input.vacationId',
    })
  }
  const offers: Record<SupplierKind, string | null> = { hotel: null, flight: null, car: null }
  const alternatives: Record<SupplierKind, readonly Alternative[]> = { hotel: [], flight: [], car: [] }
  const reconciliation: Reconciliation[] = []
  for (const kind of KINDS) {
    const wanted = input[offerField(kind)]
    if (wanted == null) continue
    const choice = await chooseOffer(kind, wanted, input.acceptReplacement ?? false, transaction)
    if (choice.kind === 'rejected') {
      if (kind !== 'car' || !(input.carOptional ?? true)) return choice
      reconciliation.push(withoutCar(wanted, choice.code))
      continue
    }
    offers[kind] = choice.offer.id
    alternatives[kind] = await alternativesTo(kind, choice.offer, transaction)
    if (choice.offer.id !== wanted) reconciliation.push(replaced(kind, wanted, choice.offer))
  }
  return {
    kind: 'plan',
    plan: {
      input,
      taskId: transaction.taskId,
      owner: String(customer['ownerId']),
      customer: {
        name: String(customer['name']),
        email: typeof customer['email'] === 'string' && customer['email'] !== '' ? customer['email'] : null,
      },
      offers,
      alternatives,
      reconciliation,
    },
  }
}

function checkInput(input: BookVacationInput): Rejected | undefined {
  return firstOf(
    checkId('input.vacationId', input.vacationId),
    input.endsOn < input.startsOn ? invalid('input.endsOn', 'The vacation ends before it starts.') : undefined,
    input.travellers < 1 || input.travellers > 99
      ? invalid('input.travellers', 'travellers must be from 1 to 99.')
      : undefined,
    input.priceLimit != null && input.priceLimit < 0
      ? invalid('input.priceLimit', 'priceLimit must not be negative.')
      : undefined,
  )
}

const noSuchCustomer = rejected(REJECTION_CODES.NOT_FOUND, 'There is no such customer, or it is not yours to see.', {
  field: 'input.customerId',
})

/** Reserves at one supplier; undone by key, so that also an answer that never came leaves nothing behind. */
function reservation(kind: SupplierKind, supplier: Supplier): Step<BookingPlan> {
  return {
    name: kind,
    timeoutMs: 6_000,
    skip: plan => plan.offers[kind] === null,
    optional: plan => kind === 'car' && (plan.input.carOptional ?? true),
    run: async (plan, { key, signal }) => {
      const { startsOn, endsOn, travellers, acceptReplacement } = plan.input
      let offerId = plan.offers[kind] ?? ''
      for (let replacements = 0; ; replacements += 1) {
        const answer = await supplier.reserve(key, { offerId, startsOn, endsOn, guests: travellers }, signal)
        if (answer.kind === 'reserved') {
          return done({
            offerId,
            confirmation: answer.confirmation,
            price: answer.price,
            key,
          } satisfies BookedReservation)
        }
        const { code, message, replacement } = answer
        // The supplier knows of a successor that our offers don't show yet.
        if (code !== 'DISCONTINUED' || !acceptReplacement || replacement === undefined || replacements > 0) {
          const suggestions = suggestionsFor(kind, replacement, plan.alternatives[kind])
          return rejected(code, message, { field: `input.${offerField(kind)}`, suggestions })
        }
        offerId = replacement
      }
    },
    undo: (_plan, { key, signal }) => supplier.release(key, signal),
  }
}

/** On what is true now, not on what was true when the task was queued or prepared. */
async function settle(plan: BookingPlan, results: StepResults, transaction: TaskTransaction): Promise<Outcome> {
  const { input, offers, owner } = plan
  if ((await transaction.find('Customer', input.customerId)) === undefined) return noSuchCustomer
  const total = totalOf(results)
  if (input.priceLimit != null && total.amount > input.priceLimit) {
    return rejected(
      'PRICE_CHANGED',
      `The price is ${total.amount}, above your limit of ${input.priceLimit} (in minor units of ${total.currency}).`,
      {
        field: 'input.priceLimit',
        suggestions: [
          { label: `Accept ${(total.amount / 100).toFixed(2)} ${total.currency}`, patch: { priceLimit: total.amount } },
        ],
      },
    )
  }
  const written = await transaction.create('Vacation', input.vacationId, {
    ownerId: owner,
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
  for (const entry of plan.reconciliation) transaction.reconcile(entry)
  for (const kind of KINDS) {
    const reserved = booked(results, kind)
    const wanted = offers[kind]
    if (wanted === null) continue
    if (reserved === null) transaction.reconcile(withoutCar(wanted, 'NOT_AVAILABLE'))
    else if (reserved.offerId !== wanted) transaction.reconcile(replaced(kind, wanted, { id: reserved.offerId }))
  }
  return confirmed({ vacation: { type: 'Vacation', id: input.vacationId } })
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
  offer: { readonly id: string; readonly name?: unknown },
): Reconciliation => ({
  field: `input.${offerField(kind)}`,
  from: wanted,
  to: offer.id,
  rule: 'ACCEPT_REPLACEMENT',
  message: `${OFFER_TYPES[kind]} ${wanted} is discontinued; its successor ${String(offer.name ?? offer.id)} was booked instead.`,
})
