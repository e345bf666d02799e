import type { Outcome } from 'layover/client'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

const MOMENT = /\d{4}-\d\d-\d\dT[\d:.]+Z/g

/** Why the gateway did not do it, for the person who wanted it; empty for what it did. */
export function refusalText(outcome: Outcome | undefined): string {
  if (outcome?.status === 'parked') return outcome.reason
  if (outcome?.status === 'conflict') return texts.outbox.conflict
  if (outcome?.status !== 'rejected') return ''
  if (outcome.code === 'CUSTOMER_HAS_VACATIONS') return texts.customers.hasVacations
  return outcome.message.replaceAll(MOMENT, momentOf)
}
