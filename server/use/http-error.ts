/** What is answered when a request never reached Apollo Server: JSON, in the shape of GraphQL, without anything of the request. */
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import type { HttpHead } from '../errors.ts'
import type { Gateway } from '../gateway.ts'

export interface HttpRefusal extends HttpHead {
  readonly body: { readonly errors: readonly GraphQLFormattedError[] }
}

const TEXT: Readonly<Record<number, string>> = {
  400: 'This request cannot be read: its body must be a JSON object with a "query".',
  405: 'GraphQL is asked with GET or POST.',
  413: 'The body is too large: send less of it at a time.',
  415: 'The content-type of the body must be application/json.',
}
const CODES: Readonly<Record<number, string>> = { 413: 'PAYLOAD_TOO_LARGE' }

/** `error` as Fastify or the gateway threw it. Surprises are masked and logged, as everywhere. */
export function httpRefusal(gateway: Gateway, error: unknown): HttpRefusal {
  const status = statusOf(error)
  if (status !== undefined && status < 500) return refusal(status)
  const known =
    error instanceof GraphQLError
      ? error
      : new GraphQLError('', { originalError: error instanceof Error ? error : new Error(String(error)) })
  const { status: given = 500, headers = new Map() } = (known.extensions['http'] ?? {}) as Partial<HttpHead>
  return { status: given, headers, body: { errors: [gateway.formatError(known.toJSON(), known)] } }
}

export function refusal(status: number, headers: ReadonlyMap<string, string> = new Map()): HttpRefusal {
  const message = TEXT[status] ?? 'This request cannot be read.'
  return { status, headers, body: { errors: [{ message, extensions: { code: CODES[status] ?? 'BAD_REQUEST' } }] } }
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  return typeof error.statusCode === 'number' && error.statusCode >= 400 ? error.statusCode : undefined
}
