import type { OutboxEntry } from 'layover/client'
import { texts } from '../texts/index.ts'

const words = texts.outbox

/** What a person calls trying the entry again, where that can help; undefined: it cannot. */
export function retryWord({ status, nextAttemptAt, outcome }: OutboxEntry): string | undefined {
  // What failed because of another one goes again with that one.
  if (outcome?.status === 'rejected') return outcome.failedTask === undefined ? words.sendAgain : undefined
  const isWaited = nextAttemptAt !== undefined && status !== 'conflict' && status !== 'blocked'
  return status === 'parked' || status === 'accepted' || status === 'in-doubt' || isWaited ? words.retry : undefined
}
