/**
 * `changeVacation`: new dates or travellers are reserved anew under this task's own keys, beside the old reservations;
 * then the vacation changes hands in one transaction, and the old ones are given back. Whatever fails before that leaves
 * the vacation as it was. Notes alone concern nobody outside.
 */
import {
  type Conflicted,
  confirmed,
  defineTask,
  done,
  type EntityRecord,
  type Outcome,
  type Rejected,
  rejected,
  type SagaTask,
  type Step,
  type StepResults,
  type TaskTransaction,
} from 'layover/server'
import type { MutationChangeVacationArgs, VacationPatch } from './__generated__/resolvers.ts'
import {
  type BookedReservation,
  booked,
  bookedPrices,
  checkTotal,
  conflictAbout,
  isSamePrice,
  KINDS,
  reservationsOf,
  totalOf,
} from './booking.ts'
import { checkStay, dayOf } from './dates.ts'
import { checkText, checkTravellers, firstOf, invalid } from './input.ts'
import { reserveOffer } from './reserve.ts'
import type { ReserveRequest, Supplier, SupplierKind } from './suppliers/suppliers.ts'
import { refuseFinished } from './vacation-rules.ts'

interface ChangePlan {
  readonly id: string
  readonly baseVersion: number
  readonly patch: VacationPatch
  /** What to reserve anew; null: nothing that a supplier would have to know. */
  readonly stay: Omit<ReserveRequest, 'offerId'> | null
  /** The reservations that the vacation holds, to be given back when it holds others. */
  readonly before: Readonly<Record<SupplierKind, BookedReservation | null>>
}

/** What suppliers reserve for, in the order in which a refusal is put down to it. */
const STAY_FIELDS = ['startsOn', 'endsOn', 'travellers'] as const

const stayField = (patch: VacationPatch): string => `patch.${STAY_FIELDS.find(name => name in patch) ?? 'startsOn'}`

export function changeVacation(
  suppliers: Readonly<Record<SupplierKind, Supplier>>,
): SagaTask<MutationChangeVacationArgs, ChangePlan> {
  return defineTask<MutationChangeVacationArgs, ChangePlan>('changeVacation', {
    touches: ({ id }) => [{ type: 'Vacation', id }],
    prepare,
    steps: KINDS.map(kind => reserveAnew(kind, suppliers[kind])),
    settle,
    afterwards: KINDS.map(kind => ({
      name: `release-${kind}`,
      attempts: 'forever' as const,
      skip: isUnaffected(kind),
      run: async ({ before }: ChangePlan, { signal }) => {
        await suppliers[kind].release(before[kind]?.key ?? '', signal)
        return done(null)
      },
    })),
  })
}

const isUnaffected =
  (kind: SupplierKind) =>
  ({ stay, before }: ChangePlan): boolean =>
    stay === null || before[kind] === null

async function prepare(
  { id, baseVersion, patch }: MutationChangeVacationArgs,
  transaction: TaskTransaction,
): Promise<{ kind: 'plan'; plan: ChangePlan } | Rejected | Conflicted> {
  const vacation = await transaction.find('Vacation', id)
  const refusal = checkPatch(patch) ?? refuseFinished(vacation, transaction.now)
  if (refusal !== undefined) return refusal
  // A trial: what the vacation would be, before anybody outside is asked.
  const written = await applyPatch({ id, baseVersion, patch }, vacation, transaction)
  if (written.kind !== 'written') return written
  const stay = stayOf(written.entity)
  const { hotel, flight, car } = reservationsOf(vacation)
  const plan: ChangePlan = { id, baseVersion, patch: { ...patch }, stay: null, before: { hotel, flight, car } }
  if (vacation === undefined || STAY_FIELDS.every(field => written.entity[field] === vacation[field]))
    return { kind: 'plan', plan }
  const hasBegun = stay.startsOn === vacation['startsOn']
  const complaint = checkStay('patch', stay, dayOf(transaction.now), hasBegun)
  return complaint ?? { kind: 'plan', plan: { ...plan, stay } }
}

function checkPatch(patch: VacationPatch): Rejected | undefined {
  if (Object.keys(patch).length === 0) return invalid('patch', 'patch is empty: name at least one field to change.')
  const emptied = STAY_FIELDS.find(field => patch[field] === null)
  return firstOf(
    emptied === undefined
      ? undefined
      : invalid(`patch.${emptied}`, `${emptied} must not be empty: leave it out instead.`),
    patch.travellers == null ? undefined : checkTravellers('patch.travellers', patch.travellers),
    checkText('patch.notes', patch.notes),
  )
}

const stayOf = (vacation: EntityRecord): Omit<ReserveRequest, 'offerId'> => ({
  startsOn: String(vacation['startsOn']),
  endsOn: String(vacation['endsOn']),
  guests: Number(vacation['travellers']),
})

/** Merges the patch. The reservations are named as they are, since a vacation's dates are never written without them. */
async function applyPatch(
  { id, baseVersion, patch }: Pick<ChangePlan, 'id' | 'baseVersion' | 'patch'>,
  vacation: EntityRecord | undefined,
  transaction: TaskTransaction,
): ReturnType<TaskTransaction['update']> {
  const written = await transaction.update('Vacation', id, baseVersion, { ...patch, ...reservationsOf(vacation) })
  return written.kind === 'conflict' ? conflictAbout(written, { ...patch }) : written
}

/** The same offer for the new dates and travellers. A refusal leaves the old reservation standing. */
function reserveAnew(kind: SupplierKind, supplier: Supplier): Step<ChangePlan> {
  return {
    name: kind,
    timeoutMs: 6_000,
    skip: isUnaffected(kind),
    run: async ({ stay, before, patch }, call) => {
      const held = before[kind]
      if (stay === null || held === null) throw new Error('a step that is skipped was run')
      const answer = await reserveOffer(supplier, call, { offerId: held.offerId, ...stay }, false)
      if (answer.kind === 'reserved') return done(answer.reservation)
      const message = `The ${kind} can't be had so: ${answer.message} The vacation stays as it was.`
      return rejected(answer.code, message, { field: stayField(patch) })
    },
    undo: (_plan, { key, signal }) => supplier.release(key, signal),
  }
}

async function settle(plan: ChangePlan, results: StepResults, transaction: TaskTransaction): Promise<Outcome> {
  const { id, stay, before } = plan
  const complaint = stay === null ? undefined : checkTotal(bookedPrices(results))
  if (complaint !== undefined) {
    const message = `${complaint.message} The vacation stays as it was.`
    return rejected(complaint.code, message, { field: stayField(plan.patch) })
  }
  const written = await applyPatch(plan, await transaction.find('Vacation', id), transaction)
  if (written.kind !== 'written') return written
  if (stay !== null) {
    const [hotel, flight, car] = KINDS.map(kind => booked(results, kind))
    const { version } = written.entity
    const reserved = await transaction.update('Vacation', id, version, { hotel, flight, car, total: totalOf(results) })
    if (reserved.kind !== 'written') return reserved
    for (const kind of KINDS) reconcilePrice(kind, before[kind], booked(results, kind), transaction)
  }
  return confirmed({ vacation: { type: 'Vacation', id } })
}

function reconcilePrice(
  kind: SupplierKind,
  before: BookedReservation | null,
  now: BookedReservation | null,
  transaction: TaskTransaction,
): void {
  if (before === null || now === null || isSamePrice(before.price, now.price)) return
  transaction.reconcile({
    field: `${kind}.price`,
    from: before.price,
    to: now.price,
    rule: 'PRICE_UPDATED',
    message: `The ${kind} has another price now, and was reserved anew at that.`,
  })
}
