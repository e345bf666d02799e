/** `cancelVacation`: gives every reservation back, then marks the vacation cancelled. There is no way back, so each step goes on until it is done. */
import { type Conflicted, confirmed, defineTask, done, type Rejected, type SagaTask } from 'layover/server'
import type { MutationCancelVacationArgs } from './__generated__/resolvers.ts'
import type { BookedReservation } from './booking.ts'
import type { Supplier, SupplierKind } from './suppliers/suppliers.ts'

interface CancelPlan {
  readonly id: string
  readonly baseVersion: number
  /** What the suppliers know the reservations by. */
  readonly keys: Readonly<Record<SupplierKind, string | null>>
}

export function cancelVacation(
  suppliers: Readonly<Record<SupplierKind, Supplier>>,
): SagaTask<MutationCancelVacationArgs, CancelPlan> {
  return defineTask<MutationCancelVacationArgs, CancelPlan>('cancelVacation', {
    touches: ({ id }) => [{ type: 'Vacation', id }],
    prepare: async (
      { id, baseVersion },
      transaction,
    ): Promise<{ kind: 'plan'; plan: CancelPlan } | Rejected | Conflicted> => {
      const vacation = await transaction.find('Vacation', id)
      // A trial: whether it could be marked, before anything is given back.
      const written = await transaction.update('Vacation', id, baseVersion, { status: 'CANCELLED' })
      if (written.kind !== 'written') return written
      const keyOf = (kind: SupplierKind): string | null =>
        (vacation?.[kind] as BookedReservation | null | undefined)?.key ?? null
      return {
        kind: 'plan',
        plan: { id, baseVersion, keys: { hotel: keyOf('hotel'), flight: keyOf('flight'), car: keyOf('car') } },
      }
    },
    steps: (['car', 'flight', 'hotel'] as const).map(kind => ({
      name: kind,
      attempts: 'forever' as const,
      skip: (plan: CancelPlan) => plan.keys[kind] === null,
      run: async (plan: CancelPlan, { signal }) => {
        await suppliers[kind].release(plan.keys[kind] ?? '', signal)
        return done(null)
      },
    })),
    settle: async ({ id, baseVersion }, _results, transaction) => {
      const written = await transaction.update('Vacation', id, baseVersion, { status: 'CANCELLED' })
      return written.kind === 'written' ? confirmed({ vacation: { type: 'Vacation', id } }) : written
    },
  })
}
