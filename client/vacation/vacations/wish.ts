import type { OutboxEntry } from 'layover/client'
import type { BookVacationInput } from '../__generated__/graphql.ts'
import { knownTask } from '../device/tasks.ts'

/** The booking among the entries about a vacation. */
export const bookingAmong = (entries: readonly OutboxEntry[]): OutboxEntry | undefined =>
  entries.find(({ name }) => name === 'BookVacation')

/** What was asked for, while the booking is in the outbox. */
export function wishOf(entries: readonly OutboxEntry[]): BookVacationInput | undefined {
  const entry = bookingAmong(entries)
  const known = entry && knownTask(entry)
  return known?.name === 'BookVacation' ? known.variables.input : undefined
}
