import type { OutboxEntry } from 'layover/client'
import type { OutboxState } from 'layover/react'

/** Bookings that did not come about, and that nobody has dealt with yet. */
export const refusedBookings = ({ entries }: OutboxState): readonly OutboxEntry[] =>
  entries.filter(({ name, status }) => name === 'BookVacation' && (status === 'rejected' || status === 'parked'))
