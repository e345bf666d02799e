import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql'
import { ERROR_CODES, type ErrorCode } from '../protocol/index.ts'
import type { Log } from './log.ts'
import { StoreError } from './store/store.ts'

/** Of a document that is refused as a whole. */
const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  TOO_MANY_TASKS: 400,
  DOCUMENT_TOO_COMPLEX: 400,
  PREDECESSOR_MISSING: 425,
  RATE_LIMITED: 429,
}

/** What stands in an error's `extensions.http`, the place where Apollo Server looks for it. It never leaves the gateway. */
export interface HttpHead {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
}

/** An error that a client may see: stable code, text for people, the input to mend, and when to come back. */
export function refuse(
  code: ErrorCode,
  message: string,
  details: { field?: string; cause?: unknown; retryAfterSeconds?: number } = {},
): GraphQLError {
  const { field, cause, retryAfterSeconds } = details
  const status = HTTP_STATUS[code]
  const headers = new Map<string, string>()
  if (code === ERROR_CODES.UNAUTHENTICATED) headers.set('www-authenticate', 'Bearer')
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds))
  const http: HttpHead | undefined = status === undefined ? undefined : { status, headers }
  return new GraphQLError(message, {
    extensions: {
      code,
      ...(field === undefined ? {} : { field }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(http === undefined ? {} : { http }),
    },
    ...(cause instanceof Error ? { originalError: cause } : {}),
  })
}

/** Codes that graphql and Apollo Server give of their own. */
const FOREIGN_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_REQUEST',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
])

/**
 * What leaves the gateway of an error: known codes as they are, everything else masked and logged. No stack traces, and no
 * values: what graphql says after "got invalid value" repeats what the person typed.
 */
export function maskError(formatted: GraphQLFormattedError, error: unknown, log: Log): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error
  const place = {
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
  }
  if (original instanceof StoreError) {
    log.error({ error: original, path: loggablePath(formatted.path) }, 'the store did not answer')
    return {
      message: 'The store does not answer just now. Send it again.',
      ...place,
      extensions: { code: ERROR_CODES.STORE_UNAVAILABLE },
    }
  }
  const given = formatted.extensions?.['code']
  const code = isPublic(given) ? given : isWrongInput(error, original) ? ERROR_CODES.BAD_USER_INPUT : undefined
  if (code !== undefined) {
    const { stacktrace: _, http: __, ...extensions } = formatted.extensions ?? {}
    return { message: shortened(withoutValues(formatted.message)), ...place, extensions: { ...extensions, code } }
  }
  log.error({ error: original, path: loggablePath(formatted.path) }, 'an unexpected error')
  return {
    message: 'Something went wrong in the gateway; it is in its log.',
    ...place,
    extensions: { code: ERROR_CODES.INTERNAL_SERVER_ERROR },
  }
}

/** Aliases are the client's words: of any length, but never more than a name. */
const loggablePath = (path: GraphQLFormattedError['path']): string | undefined =>
  path?.map(part => String(part).slice(0, 64)).join('.')
const isPublic = (code: unknown): code is string =>
  typeof code === 'string' &&
  (FOREIGN_CODES.has(code) || (code in ERROR_CODES && code !== ERROR_CODES.INTERNAL_SERVER_ERROR))

/** What graphql itself says of variables and arguments: it points at the place in the document, and has no code. */
function isWrongInput(error: unknown, original: unknown): boolean {
  if (placeOf(error) === Kind.VARIABLE_DEFINITION) return true
  return original instanceof GraphQLError && original.extensions['code'] === undefined && isValue(placeOf(original))
}

const isValue = (kind: Kind | undefined): boolean => kind !== undefined && kind !== Kind.FIELD

const placeOf = (error: unknown): Kind | undefined =>
  error instanceof GraphQLError && error.path === undefined ? error.nodes?.[0]?.kind : undefined

/** graphql repeats names of any length. */
const LONGEST_MESSAGE = 400

const shortened = (message: string): string =>
  message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)}…`

/** What graphql and our scalars may say of a wrong value; anything else could be a piece of the value itself. */
const REASON =
  /(?:(?:Int|Float|String|Boolean|ID) cannot represent [a-z0-9 -]{1,60}|Expected (?:non-nullable )?type "[\w![\]]{1,99}" (?:to be an object|not to be null)|Field "\w{1,99}" (?:of required type "[\w![\]]{1,99}" was not provided|is not defined by type "\w{1,99}")|(?:Date|DateTime|Cursor) must be [\w :.()-]{1,99}|does not exist in "\w{1,99}" enum)/

/** Where graphql begins to repeat what was typed, in a variable or in the document. */
const TYPED = / got invalid value | has invalid (?:default )?value |, found | cannot represent [a-z0-9 -]{1,60}: /

/** graphql says `Variable "$x" got invalid value <typed> at "x.y"; <reason>: <typed>`. What was typed goes, both times. */
function withoutValues(message: string): string {
  const typed = TYPED.exec(message)
  if (typed === null) return message
  const { index: start } = typed
  const reason = REASON.exec(message)?.[0]
  if (typed[0].startsWith(' cannot represent')) return reason ?? 'A value does not fit its type.'
  if (typed[0].startsWith(', found')) {
    const expected = message.slice(0, start)
    return reason === undefined || expected.includes(reason) ? expected : `${expected}: ${reason}`
  }
  const place = / at "([\w.[\]]{1,200})"; /.exec(message)?.[1]
  return `${message.slice(0, start)} is not valid${place === undefined ? '' : ` at ${place}`}${reason === undefined ? '' : `: ${reason}`}`
}
