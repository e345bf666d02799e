/**
 * One request to the gateway through the application's own link, and what kind of answer came. Told apart by type and code,
 * never by text: a time-out is a time-out even if it says 401 somewhere.
 */
import { type ApolloClient, ApolloLink, CombinedGraphQLErrors, ServerError, ServerParseError } from '@apollo/client'
import { type DocumentNode, type GraphQLFormattedError, parse } from 'graphql'
import { type Subscription, tap } from 'rxjs'
import { ERROR_CODES, errorCode } from '../protocol/errors.ts'
import type { Clock } from '../protocol/ports.ts'
import { EXTENSION_KEY, FOLLOWS_KEY, VIEWER_KEY } from '../protocol/protocol.ts'
import type { Connectivity } from './connectivity.ts'
import { LayoverError } from './layover-error.ts'

export type Answer =
  | {
      kind: 'answer'
      data: Record<string, unknown> | null
      errors: readonly GraphQLFormattedError[]
      /** The gateway has read what the document follows. */
      keepsOrder: boolean
    }
  /** 'none': nothing is known of what became of it. 'busy': refused for now (HTTP 429), and nothing of it was run. */
  | { kind: 'none' | 'busy'; cause: unknown; retryAfterMs: number | undefined }
  | { kind: 'unauthenticated'; cause: unknown }
  /** The document does not fit; nothing of it was read. */
  | { kind: 'too-large'; cause: unknown }

const PROBE: DocumentNode = parse('query LayoverProbe { __typename }', { noLocation: true })
/** Milliseconds. */
const REQUEST_TIMEOUT = 30_000
/** Longest waiting that a gateway can ask for. */
const LONGEST_RETRY_AFTER = 3_600_000
/** Statuses with which gateways and proxies say "not now"; a body that is GraphQL changes nothing about it. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])
const TOO_MANY_REQUESTS = 429

/** Whose the device is, as the gateway names him: what was queued for one user never leaves with another's token. */
export interface DeviceViewer {
  get(): string | undefined
  learn(viewer: string): void
}

export class Wire {
  readonly #client: ApolloClient
  readonly #clock: Clock
  readonly #connectivity: Connectivity
  readonly #viewer: DeviceViewer
  readonly #timeoutMs: number
  readonly #open = new Set<() => void>()
  #closed = false

  constructor(
    client: ApolloClient,
    clock: Clock,
    connectivity: Connectivity,
    viewer: DeviceViewer,
    timeoutMs: number = REQUEST_TIMEOUT,
  ) {
    this.#viewer = viewer
    this.#client = client
    this.#clock = clock
    this.#connectivity = connectivity
    this.#timeoutMs = timeoutMs
  }

  /**
   * Never rejects.
   * @param follows the task that must have been taken before; null: none
   */
  async send(document: DocumentNode, variables: Record<string, unknown>, follows?: string | null): Promise<Answer> {
    const { isProven } = this.#connectivity
    const answer = await this.#exchange(document, variables, follows)
    if (answer.kind === 'none') this.#connectivity.failed(!isProven)
    else this.#connectivity.answered()
    return answer
  }

  /** Any answer says that the gateway is there. Sent after a failure, before tasks that never were, so that those stay unsent, and can be cancelled, while it is not. */
  probe(): Promise<Answer> {
    return this.send(PROBE, {})
  }

  /** Ends what is under way as not answered. */
  close(): void {
    this.#closed = true
    for (const end of [...this.#open]) end()
  }

  #exchange(document: DocumentNode, variables: Record<string, unknown>, follows?: string | null): Promise<Answer> {
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
      const { defaultContext } = this.#client
      const ours = {
        [VIEWER_KEY]: this.#viewer.get() ?? null,
        ...(follows === undefined ? {} : { [FOLLOWS_KEY]: follows }),
      }
      // HttpLink sends extensions only if it is told to.
      const context = { ...defaultContext, http: { ...defaultContext['http'], includeExtensions: true } }
      subscription = ApolloLink.execute(
        noteResponse.concat(this.#client.link),
        { query: document, variables, context, extensions: { [EXTENSION_KEY]: ours } },
        { client: this.#client },
      ).subscribe({
        next: ({ data, errors, extensions }) => {
          const said: unknown = extensions?.[EXTENSION_KEY]
          const heard = isFields(said) ? said : {}
          const keepsOrder = follows !== undefined && heard[FOLLOWS_KEY] === follows
          const viewer = heard[VIEWER_KEY]
          if (typeof viewer === 'string' && data) this.#viewer.learn(viewer)
          finish(ofResult(data, errors ?? [], response, keepsOrder))
        },
        error: error => finish(ofError(error)),
        complete: () => finish(noAnswer(new LayoverError('UNREACHABLE', 'The link ended without an answer.'))),
      })
    })
  }
}

function ofResult(
  data: unknown,
  errors: readonly GraphQLFormattedError[],
  response?: Response,
  keepsOrder = false,
): Answer {
  const usable = isFields(data) ? data : null
  const whole = usable === null ? errors.filter(error => error.path === undefined).map(errorCode) : []
  const isEarly = whole.includes(ERROR_CODES.PREDECESSOR_MISSING)
  if (usable === null && response && NOT_NOW.has(response.status) && !isEarly) {
    return noAnswer(new CombinedGraphQLErrors({ data: usable, errors: [...errors] }), response)
  }
  if (whole.includes(ERROR_CODES.UNAUTHENTICATED)) {
    return { kind: 'unauthenticated', cause: new CombinedGraphQLErrors({ data: usable, errors: [...errors] }) }
  }
  if (usable === null && errors.length === 0) {
    return noAnswer(new LayoverError('UNREACHABLE', 'The answer carried neither data nor errors.'))
  }
  return { kind: 'answer', data: usable, errors, keepsOrder }
}

function ofError(error: unknown): Answer {
  if (CombinedGraphQLErrors.is(error)) return ofResult(error.data, error.errors)
  if (ServerError.is(error)) {
    if (error.statusCode === 401) return { kind: 'unauthenticated', cause: error }
    if (error.statusCode === 413) return { kind: 'too-large', cause: error }
    const body = graphqlBody(error.bodyText)
    return body ? ofResult(body.data, body.errors, error.response) : noAnswer(error, error.response)
  }
  return noAnswer(error, ServerParseError.is(error) ? error.response : undefined)
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

/** RFC 9110, Retry-After: seconds, or a date, which is held against the sender's own: the device's clock may be wrong. */
function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  if (!text) return undefined
  const seconds = Number(text)
  const ms = Number.isNaN(seconds) ? Date.parse(text) - Date.parse(headers.get('date') ?? '') : seconds * 1000
  return ms >= 0 ? Math.min(ms, LONGEST_RETRY_AFTER) : undefined
}

const noAnswer = (cause: unknown, response?: Response): Answer => ({
  kind: response?.status === TOO_MANY_REQUESTS ? 'busy' : 'none',
  cause,
  retryAfterMs: response && retryAfterMs(response.headers),
})

const isResponse = (value: unknown): value is Response =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
