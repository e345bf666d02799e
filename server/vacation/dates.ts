/** The dates of a stay. Days are `YYYY-MM-DD` and compare as text; "today" is the gateway's, in UTC. */
import { REJECTION_CODES } from 'layover/protocol'
import { type Rejected, rejected, type Suggestion } from 'layover/server'

export interface Stay {
  readonly startsOn: string
  readonly endsOn: string
}

const MOST_NIGHTS = 365
const MOST_DAYS_AHEAD = 3 * 365
const DAY_MS = 86_400_000

/** The day of a moment (RFC 3339, UTC). */
export const dayOf = (moment: string): string => moment.slice(0, 10)

const addDays = (day: string, days: number): string => dayOf(new Date(Date.parse(day) + days * DAY_MS).toISOString())

const nights = ({ startsOn, endsOn }: Stay): number => (Date.parse(endsOn) - Date.parse(startsOn)) / DAY_MS

type Complaint = readonly [code: string, field: 'startsOn' | 'endsOn', message: string]

function complaintAbout(stay: Stay, today: string, hasBegun: boolean): Complaint | undefined {
  if (stay.endsOn < stay.startsOn)
    return [REJECTION_CODES.INVALID_INPUT, 'endsOn', 'The vacation ends before it starts.']
  if (nights(stay) > MOST_NIGHTS)
    return [REJECTION_CODES.INVALID_INPUT, 'endsOn', `A vacation has at most ${MOST_NIGHTS} nights.`]
  if (stay.startsOn > addDays(today, MOST_DAYS_AHEAD))
    return [REJECTION_CODES.INVALID_INPUT, 'startsOn', 'A vacation can be booked at most three years ahead.']
  const [first, field] = hasBegun ? ([stay.endsOn, 'endsOn'] as const) : ([stay.startsOn, 'startsOn'] as const)
  return first < today ? ['DATE_IN_PAST', field, `${field} is in the past: today is ${today}.`] : undefined
}

/**
 * INVALID_INPUT or DATE_IN_PAST with dates that would do, or undefined. `hasBegun`: the start has been there before and
 * stays, so only the end must not lie in the past. `prefix` is the path of the dates in the input.
 */
export function checkStay(prefix: string, stay: Stay, today: string, hasBegun = false): Rejected | undefined {
  const complaint = complaintAbout(stay, today, hasBegun)
  if (complaint === undefined) return undefined
  const [code, field, message] = complaint
  return rejected(code, message, { field: `${prefix}.${field}`, suggestions: datesInstead(stay, today, hasBegun) })
}

function datesInstead({ startsOn, endsOn }: Stay, today: string, hasBegun: boolean): Suggestion[] {
  const tomorrow = addDays(today, 1)
  const length = Math.min(MOST_NIGHTS, Math.abs(nights({ startsOn, endsOn })))
  const candidates: readonly (readonly [string, Stay])[] = [
    ['Swap the two dates', { startsOn: endsOn, endsOn: startsOn }],
    [`At most ${MOST_NIGHTS} nights`, { startsOn, endsOn: addDays(startsOn, MOST_NIGHTS) }],
    ['As long, from tomorrow', { startsOn: tomorrow, endsOn: addDays(tomorrow, length) }],
    ['Until tomorrow', { startsOn, endsOn: tomorrow }],
  ]
  const [swap, shorten, shift, extend] = candidates
  const fitting = endsOn < startsOn ? [swap, shift] : length === MOST_NIGHTS ? [shorten, shift] : [shift]
  return (hasBegun ? [extend] : fitting).flatMap(candidate => {
    if (candidate === undefined) return []
    const [label, stay] = candidate
    if (complaintAbout(stay, today, hasBegun) !== undefined) return []
    return [{ label: `${label}: ${stay.startsOn} to ${stay.endsOn}`, patch: { ...stay } }]
  })
}
