/** The changes of a report as a person reads them. */
import type { Customer, Offer, Records, Vacation } from '../device/records.ts'
import { dateRange, fieldWord, money, shownValue } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import type { Change } from './absence.ts'

const words = texts.report

export const vacationName = ({ customerId, startsOn, endsOn }: Vacation, { customer }: Records): string =>
  `${customer(customerId)?.name ?? texts.outbox.someCustomer}, ${dateRange(startsOn, endsOn)}`

/** What happened to the record as a whole, and who did it. */
export function whatHappened({ kind, record }: Change<Customer | Vacation>): string {
  if (kind === 'gone') return words.gone
  const verb = kind === 'new' ? words.added : words.edited
  return record.updatedBy ? words.by(verb, record.updatedBy) : verb
}

/** "Phone: +351 555 1234 → +351 555 8888", one for each field. */
export function fieldChanges({ before, record, fields }: Change<Customer | Vacation>): string[] {
  return fields.map(field => words.field(fieldWord(field), valueWord(before, field), valueWord(record, field)))
}

function valueWord(record: object | undefined, field: string): string {
  const values = record as Readonly<Record<string, unknown>>
  const value = values[field]
  if (field === 'status' && typeof value === 'string') {
    return (texts.vacations.states as Readonly<Record<string, string>>)[value] ?? value
  }
  if (typeof value !== 'object' || value === null) return shownValue(values, field)
  const { amount, currency, confirmation } = value as { amount?: number; currency?: string; confirmation?: string }
  if (amount !== undefined && currency !== undefined) return money({ amount, currency })
  return confirmation ?? shownValue(values, field)
}

export function offerWords({ kind, record, before, fields }: Change<Offer>): string {
  const name = `${record.name}, ${record.place}`
  if (kind === 'new') return words.newOffer(name)
  if (kind === 'gone') return words.goneOffer(name)
  if (fields.includes('discontinued') && record.discontinued) return words.discontinued(name)
  if (!fields.includes('price')) return words.offeredAgain(name)
  return words.price(name, money((before ?? record).price), money(record.price))
}
