/** Numbers, moments and fields as people read them. */
import { outboxTexts } from './outbox.ts'

const LOCALE = 'en-GB'
const DAY: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }
const dayFormat = new Intl.DateTimeFormat(LOCALE, DAY)
const timeFormat = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })
const momentFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' })
const relativeFormat = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' })

/** Two days (YYYY-MM-DD) as "3–8 May 2027". */
export function dateRange(from: string, to: string): string {
  const [start, end] = [new Date(from), new Date(to)]
  return Number.isNaN(start.getTime() + end.getTime()) ? `${from}–${to}` : dayFormat.formatRange(start, end)
}

/** Milliseconds since the epoch as "10:42". */
export const timeOfDay = (moment: number): string => timeFormat.format(moment)

/** RFC 3339 as "3 May 2027, 10:42". */
export const momentOf = (text: string): string => momentFormat.format(new Date(text))

const UNITS: readonly [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** Milliseconds, negative for the past, as "2 hours ago"; less than a minute is "this minute". */
export function relative(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? (['minute', Number.POSITIVE_INFINITY] as const)
  return relativeFormat.format(Math.trunc(ms / size), unit)
}

/** Minor units with their currency. */
export function money({ amount, currency }: { amount: number; currency: string }): string {
  const format = new Intl.NumberFormat(LOCALE, { style: 'currency', currency })
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

/** A record's field as a person calls it. */
export function fieldWord(field: string): string {
  return outboxTexts.fields[field] ?? field.charAt(0).toUpperCase() + field.slice(1)
}

/** A field's value. */
export function shownValue(record: Readonly<Record<string, unknown>> | null | undefined, field: string): string {
  if (record === null || record === undefined) return outboxTexts.deleted
  const value = record[field]
  if (value === null || value === undefined || value === '') return outboxTexts.empty
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
