import { type Customer, type Records, useRecords } from '../device/records.ts'
import { dateRange } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import type { Compared } from './choices.ts'

/** The records of this device, and of a conflict the one that this device no longer has, as far as the conflict tells. */
function withConflict(records: Records, { type, entityId, base, mine }: Compared): Records {
  if (type !== 'Customer') return records
  const name = base?.['name'] ?? mine?.['name']
  return {
    ...records,
    customer: id =>
      records.customer(id) ?? (id === entityId && typeof name === 'string' ? ({ id, name } as Customer) : undefined),
  }
}

/** What a person calls the record: "North Choir"; "North Choir, 3–8 May 2027". */
export function useRecordName(conflict: Compared | undefined): string {
  const { customer, vacation } = useRecordsOf(conflict)
  if (!conflict) return ''
  const { type, entityId } = conflict
  if (type === 'Customer') return customer(entityId)?.name ?? texts.outbox.someCustomer
  const found = vacation(entityId)
  if (!found) return texts.conflicts.types[type] ?? type
  return `${customer(found.customerId)?.name ?? texts.outbox.someCustomer}, ${dateRange(found.startsOn, found.endsOn)}`
}

export function useRecordsOf(conflict: Compared | undefined): Records {
  const records = useRecords()
  return conflict ? withConflict(records, conflict) : records
}
