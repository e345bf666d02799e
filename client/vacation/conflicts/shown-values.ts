import { useOffers, useRecords } from '../device/records.ts'
import { useSignedIn } from '../device/session-context.tsx'
import { dateRange, money, shownValue } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import type { Values } from './choices.ts'

const DAYS: ReadonlySet<string> = new Set(['startsOn', 'endsOn'])
const states: Readonly<Record<string, string>> = texts.vacations.states

/** A field's value as a person reads it: names instead of ids, days and money as they are written. */
export function useShownValue(): (values: Values | null, field: string) => string {
  const { customer } = useRecords()
  const { offer } = useOffers()
  const { session } = useSignedIn()
  return (values, field) => {
    const value = values?.[field]
    if (typeof value === 'string' && value !== '') {
      if (DAYS.has(field)) return dateRange(value, value)
      if (field === 'customerId') return customer(value)?.name ?? value
      if (field.endsWith('OfferId')) return offer(value)?.name ?? value
      if (field === 'ownerId' && value === session.user) return session.label
      if (field === 'status') return states[value] ?? value
    }
    if (typeof value !== 'object' || value === null) return shownValue(values, field)
    const { amount, currency, confirmation } = value as { amount?: number; currency?: string; confirmation?: string }
    if (amount !== undefined && currency !== undefined) return money({ amount, currency })
    return confirmation ?? shownValue(values, field)
  }
}
