/**
 * Codes on the wire. Errors are told apart by these and by type, never by their text.
 * What each means and what a client does about it: the two tables in README.md beside this file.
 */

/** `extensions.code` of a GraphQL error. */
export const ERROR_CODES = {
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  FORBIDDEN: 'FORBIDDEN',
  BAD_USER_INPUT: 'BAD_USER_INPUT',
  NOT_IMPLEMENTED: 'NOT_IMPLEMENTED',
  NOT_FOUND: 'NOT_FOUND',
  TOO_MANY_TASKS: 'TOO_MANY_TASKS',
  DOCUMENT_TOO_COMPLEX: 'DOCUMENT_TOO_COMPLEX',
  RATE_LIMITED: 'RATE_LIMITED',
  PREDECESSOR_MISSING: 'PREDECESSOR_MISSING',
  NOT_ATTEMPTED: 'NOT_ATTEMPTED',
  STORE_UNAVAILABLE: 'STORE_UNAVAILABLE',
  INTERNAL_SERVER_ERROR: 'INTERNAL_SERVER_ERROR',
} as const
export type ErrorCode = keyof typeof ERROR_CODES

/** `Rejection.code` of a task that the protocol itself refuses; a domain adds its own beside these. */
export const REJECTION_CODES = {
  ID_REUSED: 'ID_REUSED',
  EXPIRED: 'EXPIRED',
  DEPENDENCY_FAILED: 'DEPENDENCY_FAILED',
  INVALID_INPUT: 'INVALID_INPUT',
  NOT_FOUND: 'NOT_FOUND',
  ALREADY_EXISTS: 'ALREADY_EXISTS',
  FORBIDDEN: 'FORBIDDEN',
  UNAVAILABLE: 'UNAVAILABLE',
  NOT_IN_CONFLICT: 'NOT_IN_CONFLICT',
  CONFLICT_CHANGED: 'CONFLICT_CHANGED',
  NOT_IN_REVIEW: 'NOT_IN_REVIEW',
  CHECKED_OUT: 'CHECKED_OUT',
  UNDONE_BY_OPERATOR: 'UNDONE_BY_OPERATOR',
} as const

/** Errors after which the same task may be sent again: nothing of it was applied, or the gateway will say so by its id. */
const RETRYABLE: ReadonlySet<string> = new Set([
  ERROR_CODES.NOT_ATTEMPTED,
  ERROR_CODES.PREDECESSOR_MISSING,
  ERROR_CODES.RATE_LIMITED,
  ERROR_CODES.STORE_UNAVAILABLE,
  ERROR_CODES.INTERNAL_SERVER_ERROR,
])

/** Of those, the ones that say that nothing was run. */
const UNTOUCHED: ReadonlySet<string> = new Set([
  ERROR_CODES.NOT_ATTEMPTED,
  ERROR_CODES.PREDECESSOR_MISSING,
  ERROR_CODES.RATE_LIMITED,
])

/** Whether the task was certainly not run. */
export const isUntouched = (code: string | undefined): boolean => code !== undefined && UNTOUCHED.has(code)

export const isRetryableCode = (code: unknown): boolean => typeof code === 'string' && RETRYABLE.has(code)

/** `code` of a GraphQL error as it came over the wire, or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('extensions' in error)) return undefined
  const { extensions } = error
  if (typeof extensions !== 'object' || extensions === null || !('code' in extensions)) return undefined
  return typeof extensions.code === 'string' ? extensions.code : undefined
}

/** Milliseconds that a GraphQL error as it came over the wire asks to wait, at most an hour, or undefined. */
export function retryAfterMs(error: { readonly extensions?: Readonly<Record<string, unknown>> }): number | undefined {
  const seconds = error.extensions?.['retryAfterSeconds']
  return typeof seconds === 'number' ? Math.min(seconds, 3600) * 1000 : undefined
}
