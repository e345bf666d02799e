import type { OutboxEntry } from 'layover/client'
import type { Records } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { dateRange, fieldWord } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

const words = texts.outbox
const fieldsOf = (patch: object): string =>
  Object.keys(patch)
    .map(field => fieldWord(field).toLowerCase())
    .join(', ')

/** What the entry is about, for the person who made it: "Book Lisbon for North Choir, 3–8 May 2027". */
export function entryTitle(
  entry: Pick<OutboxEntry, 'name'> & { variables?: OutboxEntry['variables'] },
  records: Records,
): string {
  const known = entry.variables && knownTask({ name: entry.name, variables: entry.variables })
  const customerName = (id: string): string => records.customer(id)?.name ?? words.someCustomer
  const ofVacation = (id: string): string => customerName(records.vacation(id)?.customerId ?? '')
  switch (known?.name) {
    case 'BookVacation': {
      const { input } = known.variables
      const place = records.offer(input.hotelOfferId)?.place ?? words.someVacation
      return words.bookVacation(place, customerName(input.customerId), dateRange(input.startsOn, input.endsOn))
    }
    case 'ChangeVacation':
      return words.changeVacation(fieldsOf(known.variables.patch), ofVacation(known.variables.id))
    case 'CancelVacation': {
      const vacation = records.vacation(known.variables.id)
      const dates = vacation ? dateRange(vacation.startsOn, vacation.endsOn) : ''
      return words.cancelVacation(ofVacation(known.variables.id), dates)
    }
    case 'CreateCustomer':
      return words.createCustomer(known.variables.input.name)
    case 'UpdateCustomer':
      return words.updateCustomer(fieldsOf(known.variables.patch), customerName(known.variables.id))
    case 'DeleteCustomer':
      return words.deleteCustomer(customerName(known.variables.id))
    case 'CheckOut':
      return words.checkOut(customerName(known.variables.id))
    case 'CheckIn':
      return words.checkIn(customerName(known.variables.id))
    case 'ReviewConflict':
      return words.reviewConflict
    case undefined:
      return entry.name === 'ResolveConflict' || entry.name === 'resolveConflict'
        ? words.resolveConflict
        : words.unknownTask(entry.name)
  }
}
