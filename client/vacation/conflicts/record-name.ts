import { useRecords } from '../device/records.ts'
import { dateRange } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

/** What a person calls the record: "North Choir"; "North Choir, 3–8 May 2027". */
export function useRecordName(type: string, id: string): string {
  const { customer, vacation } = useRecords()
  if (type === 'Customer') return customer(id)?.name ?? texts.outbox.someCustomer
  const found = vacation(id)
  if (!found) return texts.conflicts.types[type] ?? type
  return `${customer(found.customerId)?.name ?? texts.outbox.someCustomer}, ${dateRange(found.startsOn, found.endsOn)}`
}
