/** One reservation at one supplier, as booking and changing a vacation make it. */
import type { StepCall } from 'layover/server'
import type { BookedReservation } from './booking.ts'
import type { RefusalCode, ReserveRequest, Supplier } from './suppliers/suppliers.ts'

export type Reserved =
  | { readonly kind: 'reserved'; readonly reservation: BookedReservation }
  | {
      readonly kind: 'refused'
      readonly code: RefusalCode
      readonly message: string
      /** The offer that was refused: the one asked for or, after replacement, the last of its successors. */
      readonly offerId: string
      readonly replacement: string | undefined
    }

/**
 * Idempotent by the step's key. With `acceptReplacement` it follows the supplier's own replacements, which the gateway's
 * offers need not show yet, to the end of the chain or until it comes round. Throws SupplierUnreachable.
 */
export async function reserveOffer(
  supplier: Supplier,
  { key, signal }: Pick<StepCall, 'key' | 'signal'>,
  request: ReserveRequest,
  acceptReplacement: boolean,
): Promise<Reserved> {
  const refused = new Set<string>()
  let { offerId } = request
  for (;;) {
    const answer = await supplier.reserve(key, { ...request, offerId }, signal)
    if (answer.kind === 'reserved') {
      const { confirmation, price } = answer
      return { kind: 'reserved', reservation: { offerId, confirmation, price, key } }
    }
    refused.add(offerId)
    const { code, message, replacement } = answer
    const next = replacement === undefined || refused.has(replacement) ? undefined : replacement
    if (code !== 'DISCONTINUED' || !acceptReplacement || next === undefined) {
      return { kind: 'refused', code, message, offerId, replacement: next }
    }
    offerId = next
  }
}
