/**
 * `cancelVacation`: marks the vacation cancelled, then gives every reservation back. There is no way back from a release, so
 * nothing is released before the mark stands, and each release goes on until it is done.
 */
import { type Conflicted, confirmed, defineTask, done, type Rejected, type SagaTask } from 'layover/server'
import type { MutationCancelVacationArgs } from './__generated__/resolvers.ts'
import { type BookedReservation, conflictAbout, reservationsOf } from './booking.ts'
import type { Supplier, SupplierKind } from './suppliers/suppliers.ts'
import { refusePast } from './vacation-rules.ts'

interface CancelPlan {
  readonly id: string
  readonly baseVersion: number
  /** Cancelled before, by whomever: this task confirms it and has nothing to do. */
  readonly isDone: boolean
  readonly held: Readonly<Record<SupplierKind, BookedReservation | null>>
}

const CANCELLED = { status: 'CANCELLED' }

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
      const isDone = vacation?.['status'] === CANCELLED.status
      const refusal = isDone ? undefined : refusePast(vacation, transaction.now)
      if (refusal !== undefined) return refusal
      const reservations = reservationsOf(vacation)
      // A trial: whether it could be marked.
      const written = await transaction.update('Vacation', id, baseVersion, { ...CANCELLED, ...reservations })
      if (written.kind === 'conflict') return conflictAbout(written, CANCELLED)
      if (written.kind === 'rejected') return written
      const { hotel, flight, car } = reservations
      return { kind: 'plan', plan: { id, baseVersion, isDone, held: { hotel, flight, car } } }
    },
    steps: [],
    settle: async ({ id, baseVersion, isDone }, _results, transaction) => {
      const payload = confirmed({ vacation: { type: 'Vacation', id } })
      if (isDone) return payload
      const reservations = reservationsOf(await transaction.find('Vacation', id))
      const written = await transaction.update('Vacation', id, baseVersion, { ...CANCELLED, ...reservations })
      if (written.kind === 'conflict') return conflictAbout(written, CANCELLED)
      return written.kind === 'written' ? payload : written
    },
    afterwards: (['car', 'flight', 'hotel'] as const).map(kind => ({
      name: kind,
      attempts: 'forever' as const,
      skip: ({ isDone, held }: CancelPlan) => isDone || held[kind] === null,
      run: async ({ held }: CancelPlan, { signal }) => {
        await suppliers[kind].release(held[kind]?.key ?? '', signal)
        return done(null)
      },
    })),
  })
}
