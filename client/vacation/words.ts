/** What the page says. A thing that is only on this device is never called done, booked or confirmed. */
import {
  type ConflictEntry,
  type Connection,
  LayoverError,
  type LayoverErrorCode,
  type OutboxEntry,
} from 'layover/client'
import type { Records } from './records.ts'
import { knownTask } from './tasks.ts'

export type StateWord =
  | 'Saved on this device'
  | 'Queued'
  | 'Sending'
  | 'Confirmed'
  | 'Needs review'
  | 'Failed'
  | 'Paused'

interface Circumstances {
  entries: readonly OutboxEntry[]
  paused: boolean
  connection: Pick<Connection, 'mode' | 'state'>
}

/** The state of one entry, in the seven words. */
export function stateWord(entry: OutboxEntry, { paused, connection }: Omit<Circumstances, 'entries'>): StateWord {
  switch (entry.status) {
    case 'queued':
    case 'blocked':
      if (paused) return 'Paused'
      return connection.state === 'online' ? 'Queued' : 'Saved on this device'
    case 'sending':
    case 'in-doubt':
    case 'accepted':
      return 'Sending'
    case 'confirmed':
      return 'Confirmed'
    case 'conflict':
      return 'Needs review'
    case 'rejected':
      return 'Failed'
    case 'parked':
      return 'Paused'
  }
}

const isWaiting = ({ status }: OutboxEntry): boolean => ['queued', 'blocked'].includes(status)
const isUnderWay = ({ status }: OutboxEntry): boolean => ['sending', 'in-doubt', 'accepted'].includes(status)

/** The change is only a wish so far: the gateway has not said what became of it. */
export const isUnsettled = (entry: OutboxEntry): boolean => isWaiting(entry) || isUnderWay(entry)

/** How many changes have not reached the gateway's verdict. */
function unsettledCount(entries: readonly OutboxEntry[]): number {
  return entries.filter(isUnsettled).length
}

/** The one line about everything: it leads with what keeps the changes from leaving. */
export function chipText({ entries, paused, connection }: Circumstances): string {
  const unsettled = unsettledCount(entries)
  const underWay = entries.filter(isUnderWay).length
  const count = (status: OutboxEntry['status']): number => entries.filter(entry => entry.status === status).length
  const waits = unsettled > 0 ? `, ${unsettled} waiting` : ''
  const parts: string[] = []
  if (connection.state === 'offline') parts.push(`Offline${waits}`)
  else if (connection.state === 'unreachable') parts.push(`Can't reach server${waits}`)
  else if (paused) parts.push(`Paused${waits}`)
  else if (underWay > 0) parts.push(`Sending ${underWay} of ${unsettled}`)
  else if (unsettled > 0) parts.push(`${unsettled} waiting`)
  if (count('conflict') > 0) parts.push(`${count('conflict')} needs review`)
  if (count('rejected') > 0) parts.push(`${count('rejected')} failed`)
  if (count('parked') > 0) parts.push(`${count('parked')} paused`)
  return parts.join(' · ') || 'All changes saved'
}

const PROBLEM_WORDS: Readonly<Partial<Record<LayoverErrorCode, string>>> = {
  OFFLINE: 'Nothing can be sent while you work offline.',
  UNREACHABLE: "The server can't be reached. Everything is still on this device.",
  PAUSED: 'Sending is paused. Resume it first.',
  PENDING_TASKS: 'Some changes could not be sent: the outbox says why. Nothing was removed.',
}

/** Why something could not be done, for the person who asked for it. */
export function problemText(reason: unknown): string {
  const words = reason instanceof LayoverError ? PROBLEM_WORDS[reason.code] : undefined
  return words ?? (reason instanceof Error ? reason.message : String(reason))
}

const FIELD_WORDS: Readonly<Record<string, string>> = {
  startsOn: 'From',
  endsOn: 'To',
  ownerId: 'Agent',
  hotelOfferId: 'Hotel',
  flightOfferId: 'Flight',
  carOfferId: 'Car',
}

/** A record's field as a person calls it. */
export function fieldWord(field: string): string {
  return FIELD_WORDS[field] ?? field.charAt(0).toUpperCase() + field.slice(1)
}

/** What the entry is about, for the person who made it. */
export function entryTitle(entry: Pick<OutboxEntry, 'name' | 'variables'>, records: Records): string {
  const known = knownTask(entry)
  const customerName = (id: string): string => records.customer(id)?.name ?? 'a customer'
  switch (known?.name) {
    case 'BookVacation': {
      const { input } = known.variables
      const place = records.offer(input.hotelOfferId)?.place ?? 'a vacation'
      return `Book ${place} for ${customerName(input.customerId)}, ${dateRange(input.startsOn, input.endsOn)}`
    }
    case 'CancelVacation': {
      const vacation = records.vacation(known.variables.id)
      if (!vacation) return 'Cancel a vacation'
      const dates = dateRange(vacation.startsOn, vacation.endsOn)
      return `Cancel the vacation of ${customerName(vacation.customerId)}, ${dates}`
    }
    case 'CreateCustomer':
      return `New customer ${known.variables.input.name}`
    case 'UpdateCustomer': {
      const fields = Object.keys(known.variables.patch).map(field => fieldWord(field).toLowerCase())
      return `Change ${fields.join(', ')} of ${customerName(known.variables.id)}`
    }
    case 'DeleteCustomer':
      return `Delete customer ${customerName(known.variables.id)}`
    default:
      return entry.name === 'resolveConflict' ? 'Settle a conflict' : entry.name
  }
}

/** A field's value in a conflict. */
export function shownValue(record: ConflictEntry['base'], field: string): string {
  if (record === null || record === undefined) return '(deleted)'
  const value: unknown = record[field]
  if (value === null || value === undefined || value === '') return '(empty)'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const DAY: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }
const dayFormat = new Intl.DateTimeFormat('en-GB', DAY)
const timeFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const momentFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** Two days (YYYY-MM-DD) as "3–8 May 2027". */
export function dateRange(from: string, to: string): string {
  const [start, end] = [new Date(from), new Date(to)]
  return Number.isNaN(start.getTime() + end.getTime()) ? `${from}–${to}` : dayFormat.formatRange(start, end)
}

/** Milliseconds since the epoch as "10:42". */
export const timeOfDay = (moment: number): string => timeFormat.format(moment)

/** RFC 3339 as "3 May 2027, 10:42". */
export const momentOf = (text: string): string => momentFormat.format(new Date(text))

/** Minor units with their currency. */
export function money({ amount, currency }: { amount: number; currency: string }): string {
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency })
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}
