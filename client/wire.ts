/**
 * One request to the gateway through the application's own link, and what kind of answer came. Told apart by type and code,
 * never by text: a time-out is a time-out even if it says 401 somewhere.
 */
import { type ApolloClient, ApolloLink, CombinedGraphQLErrors, ServerError, ServerParseError } from '@apollo/client'
import type { DocumentNode, GraphQLFormattedError } from 'graphql'
import { type Subscription, tap } from 'rxjs'
import { ERROR_CODES, errorCode } from '../protocol/errors.ts'
import type { Clock } from '../protocol/ports.ts'
import type { Connectivity } from './connectivity.ts'
import { LayoverError } from './layover-error.ts'

export type Answer =
  | { kind: 'answer'; data: Record<string, unknown> | null; errors: readonly GraphQLFormattedError[] }
  /** Nothing is known of what became of it. */
  | { kind: 'none'; cause: unknown; retryAfterMs: number | undefined }
  | { kind: 'unauthenticated'; cause: unknown }
  /** The document does not fit; nothing of it was read. */
  | { kind: 'too-large'; cause: unknown }

/** Milliseconds. */
const REQUEST_TIMEOUT = 30_000
/** Statuses with which gateways and proxies say "not now"; a body that is GraphQL changes nothing about it. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

export class Wire {
  readonly #client: ApolloClient
  readonly #clock: Clock
  readonly #connectivity: Connectivity
  readonly #timeoutMs: number
  readonly #open = new Set<() => void>()
  #closed = false

  constructor(client: ApolloClient, clock: Clock, connectivity: Connectivity, timeoutMs: number = REQUEST_TIMEOUT) {
    this.#client = client
    this.#clock = clock
    this.#connectivity = connectivity
    this.#timeoutMs = timeoutMs
  }

  /** Never rejects. */
  async send(document: DocumentNode, variables: Record<string, unknown>): Promise<Answer> {
    const answer = await this.#exchange(document, variables)
    if (answer.kind === 'none') this.#connectivity.failed()
    else this.#connectivity.answered()
    return answer
  }

  /** Ends what is under way as not answered. */
  close(): void {
    this.#closed = true
    for (const end of [...this.#open]) end()
  }

  #exchange(document: DocumentNode, variables: Record<string, unknown>): Promise<Answer> {
    if (this.#closed) return Promise.resolve(noAnswer(new LayoverError('CLOSED', 'The client was closed.')))
    let response: Response | undefined
    const noteResponse = new ApolloLink((operation, forward) =>
      forward(operation).pipe(
        tap(() => {
          const noted: unknown = operation.getContext()['response']
          if (isResponse(noted)) response = noted
        }),
      ),
    )
    return new Promise(resolve => {
      let subscription: Subscription | undefined
      const finish = (answer: Answer): void => {
        this.#open.delete(abort)
        withdraw()
        resolve(answer)
        subscription?.unsubscribe() // HttpLink aborts the fetch.
      }
      const abort = (): void => finish(noAnswer(new LayoverError('CLOSED', 'The client was closed.')))
      const withdraw = this.#clock.after(this.#timeoutMs, () =>
        finish(noAnswer(new LayoverError('UNREACHABLE', `The gateway did not answer within ${this.#timeoutMs} ms.`))),
      )
      this.#open.add(abort)
      const context = { ...this.#client.defaultContext }
      subscription = ApolloLink.execute(
        noteResponse.concat(this.#client.link),
        { query: document, variables, context },
        { client: this.#client },
      ).subscribe({
        next: result => finish(ofResult(result.data, result.errors ?? [], response)),
        error: error => finish(ofError(error)),
        complete: () => finish(noAnswer(new LayoverError('UNREACHABLE', 'The link ended without an answer.'))),
      })
    })
  }
}

function ofResult(data: unknown, errors: readonly GraphQLFormattedError[], response: Response | undefined): Answer {
  const usable = isFields(data) ? data : null
  if (usable === null && response && NOT_NOW.has(response.status)) {
    return noAnswer(new CombinedGraphQLErrors({ data: usable, errors: [...errors] }), retryAfterMs(response))
  }
  const whole = errors.filter(error => error.path === undefined)
  if (usable === null && whole.some(error => errorCode(error) === ERROR_CODES.UNAUTHENTICATED)) {
    return { kind: 'unauthenticated', cause: new CombinedGraphQLErrors({ data: usable, errors: [...errors] }) }
  }
  if (usable === null && errors.length === 0) {
    return noAnswer(new LayoverError('UNREACHABLE', 'The answer carried neither data nor errors.'))
  }
  return { kind: 'answer', data: usable, errors }
}

function ofError(error: unknown): Answer {
  if (CombinedGraphQLErrors.is(error)) return ofResult(error.data, error.errors, undefined)
  if (ServerError.is(error)) {
    if (error.statusCode === 401) return { kind: 'unauthenticated', cause: error }
    if (error.statusCode === 413) return { kind: 'too-large', cause: error }
    const body = NOT_NOW.has(error.statusCode) ? undefined : graphqlBody(error.bodyText)
    return body ? ofResult(body.data, body.errors, undefined) : noAnswer(error, retryAfterMs(error.response))
  }
  if (ServerParseError.is(error)) return noAnswer(error, retryAfterMs(error.response))
  return noAnswer(error)
}

/** A gateway that answers 400 as application/json: HttpLink takes any such status for a failure of the server. */
function graphqlBody(text: string): { data: unknown; errors: readonly GraphQLFormattedError[] } | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return undefined // A proxy's page. The answer is none, whatever it says.
  }
  if (!isFields(body) || !Array.isArray(body['errors'])) return undefined
  const errors = body['errors'].filter(isFields).map(error => error as unknown as GraphQLFormattedError)
  return { data: body['data'], errors }
}

/** RFC 9110, Retry-After: seconds or a date. A date is not read: the device's clock may be wrong. */
function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

const noAnswer = (cause: unknown, retryAfter?: number): Answer => ({ kind: 'none', cause, retryAfterMs: retryAfter })

const isResponse = (value: unknown): value is Response =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
