/** Checks of what people type: each says which field, and how to mend it. */
import { isClientId, REJECTION_CODES } from 'layover/protocol'
import { type Rejected, rejected } from 'layover/server'

const MOST_CHARACTERS = 10_000
const MOST_TRAVELLERS = 99
// One address, and nothing that a mail header could read as a second line or recipient.
const EMAIL = /^[^\s<>()[\]\\,;:"@]{1,64}@[^\s<>()[\]\\,;:"@]{1,189}$/u

export const invalid = (field: string, message: string): Rejected =>
  rejected(REJECTION_CODES.INVALID_INPUT, message, { field })

/** The first refusal among checks, in order. */
export const firstOf = (...checks: readonly (Rejected | undefined)[]): Rejected | undefined =>
  checks.find(check => check !== undefined)

export function checkId(field: string, value: string): Rejected | undefined {
  return isClientId(value)
    ? undefined
    : invalid(field, `${field} must be 1 to 128 letters, digits or "._~-"; a UUID is best.`)
}

/** Left out is fine; null and blank are not. */
export function checkRequiredText(field: string, value: unknown, mostCharacters?: number): Rejected | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.trim() === '') return invalid(field, `${field} must not be empty.`)
  return checkText(field, value, mostCharacters)
}

/** Left out and null are fine. */
export function checkText(field: string, value: unknown, mostCharacters = MOST_CHARACTERS): Rejected | undefined {
  if (value == null) return undefined
  if (typeof value !== 'string') return invalid(field, `${field} must be text.`)
  return value.length > mostCharacters
    ? invalid(field, `${field} is longer than ${mostCharacters} characters.`)
    : undefined
}

export function checkTravellers(field: string, value: number): Rejected | undefined {
  return Number.isInteger(value) && value >= 1 && value <= MOST_TRAVELLERS
    ? undefined
    : invalid(field, `travellers must be from 1 to ${MOST_TRAVELLERS}.`)
}

export function checkEmail(field: string, value: unknown): Rejected | undefined {
  if (value == null || value === '') return undefined
  return typeof value === 'string' && EMAIL.test(value)
    ? undefined
    : invalid(field, `${field} must be one address such as name@example.com.`)
}
