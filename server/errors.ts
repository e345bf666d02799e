import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { ERROR_CODES, type ErrorCode } from '../protocol/index.ts'
import type { Log } from './log.ts'
import { StoreError } from './store/store.ts'

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  PREDECESSOR_MISSING: 425,
}

/** An error that a client may see: stable code, text for people, and the input to mend. */
export function refuse(
  code: ErrorCode,
  message: string,
  details: { field?: string; cause?: unknown } = {},
): GraphQLError {
  const status = HTTP_STATUS[code]
  return new GraphQLError(message, {
    extensions: {
      code,
      ...(details.field === undefined ? {} : { field: details.field }),
      ...(status === undefined ? {} : { http: { status } }),
    },
    ...(details.cause instanceof Error ? { originalError: details.cause } : {}),
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
  const code = formatted.extensions?.['code']
  if (
    typeof code === 'string' &&
    (FOREIGN_CODES.has(code) || (code in ERROR_CODES && code !== ERROR_CODES.INTERNAL_SERVER_ERROR))
  ) {
    const { stacktrace: _, ...extensions } = formatted.extensions ?? {}
    return { message: withoutValues(formatted.message), ...place, extensions }
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

/** What graphql and our scalars may say of a wrong value; anything else could be a piece of the value itself. */
const REASON =
  /(?:(?:Int|Float|String|Boolean|ID) cannot represent [a-z0-9 -]{1,60}|Expected (?:non-nullable )?type "[\w![\]]{1,99}" (?:to be an object|not to be null)|Field "\w{1,99}" (?:of required type "[\w![\]]{1,99}" was not provided|is not defined by type "\w{1,99}")|(?:Date|DateTime|Cursor) must be [\w :.()-]{1,99}|does not exist in "\w{1,99}" enum)/

/** graphql says `Variable "$x" got invalid value <typed> at "x.y"; <reason>: <typed>`. What was typed goes, both times. */
function withoutValues(message: string): string {
  const start = message.indexOf(' got invalid value ')
  if (start < 0) return message
  const place = / at "([\w.[\]]{1,200})"; /.exec(message)?.[1]
  const reason = REASON.exec(message)?.[0]
  return `${message.slice(0, start)} is not valid${place === undefined ? '' : ` at ${place}`}${reason === undefined ? '' : `: ${reason}`}`
}
