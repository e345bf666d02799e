import type { VacationStatus } from '../__generated__/graphql.ts'

export const vacationTexts = {
  title: 'Vacations',
  states: { REQUESTED: 'Requested', BOOKED: 'Booked', CANCELLED: 'Cancelled' } satisfies Record<VacationStatus, string>,
}
