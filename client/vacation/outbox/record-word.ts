import type { OutboxEntry } from 'layover/client'
import { texts } from '../texts/index.ts'
import { isUnsettled } from './state-word.ts'

const { common, outbox } = texts

/** What a record's entries (`useEntriesAbout`) make of it, in words; undefined: it is as the gateway has it. */
export function recordWord(entries: readonly OutboxEntry[]): string | undefined {
  if (entries.some(({ status }) => status === 'conflict')) return outbox.states.review
  const unsettled = entries.filter(isUnsettled)
  if (unsettled.some(({ name }) => name === 'DeleteCustomer')) return common.willBeDeleted
  if (unsettled.some(({ name }) => name === 'CancelVacation')) return common.willBeCancelled
  if (unsettled.length > 0) return common.waitingToSend
  if (entries.some(({ status }) => status === 'rejected')) return outbox.states.failed
  return entries.some(({ status }) => status === 'parked') ? outbox.states.paused : undefined
}
