/** A request as a gateway gets it, and what it answers: the seam between the network and whatever stands behind it. */
import { EXTENSION_KEY, FOLLOWS_KEY, TASK_ARGUMENT, VIEWER_KEY } from '../../protocol/protocol.ts'

export interface GatewayRequest {
  readonly operationName: string | undefined
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly extensions: Readonly<Record<string, unknown>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** What it carries of the outbox, in order; empty for queries and other mutations. */
  readonly tasks: readonly RequestedTask[]
}

export interface RequestedTask {
  readonly id: string
  /** The mutation field. */
  readonly field: string
  /** Place in the outbox of `client`. */
  readonly sequence: number | undefined
  readonly client: string | undefined
}

export interface GatewayResponse {
  /** HTTP. */
  readonly status: number
  /** Sent as JSON, or as it stands if it is text. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What a simulated network leads to: `memoryGateway`, or any GraphQL server that is called instead of listened to. */
export interface SimulatedGateway {
  execute(request: GatewayRequest): Promise<GatewayResponse>
  /** Calls back when a pull by whoever has these headers would bring something: the `changesAvailable` subscription. */
  subscribe?(headers: Readonly<Record<string, string>>, poke: () => void): () => void
}

/** Of a POST as Apollo's HttpLink makes it. Throws for anything else. */
export function readRequest(init: RequestInit | undefined): GatewayRequest {
  const body: unknown = JSON.parse(String(init?.body ?? '{}'))
  if (!isFields(body) || typeof body['query'] !== 'string') {
    throw new Error(
      'simulatedNetwork takes POST requests with a GraphQL `query` in a JSON body: use HttpLink without useGETForQueries.',
    )
  }
  const { query, operationName } = body
  const variables = isFields(body['variables']) ? body['variables'] : {}
  return {
    operationName: typeof operationName === 'string' ? operationName : undefined,
    query,
    variables,
    extensions: isFields(body['extensions']) ? body['extensions'] : {},
    headers: Object.fromEntries(new Headers(init?.headers)),
    tasks: tasksOf(query, variables),
  }
}

/** The task after which the document wants to be run. */
export function followedBy(request: GatewayRequest): string | undefined {
  const follows = oursIn(request)[FOLLOWS_KEY]
  return typeof follows === 'string' ? follows : undefined
}

/** Whether it comes from a device of somebody else's. */
export function isOfAnother(request: GatewayRequest, user: string): boolean {
  const viewer = oursIn(request)[VIEWER_KEY]
  return typeof viewer === 'string' && viewer !== user
}

/** What an answer says in its own extensions, as protocol/README.md has it. */
export function heardOf(request: GatewayRequest, user: string): { extensions?: Record<string, unknown> } {
  const ours = oursIn(request)
  const heard = {
    ...(FOLLOWS_KEY in ours ? { [FOLLOWS_KEY]: ours[FOLLOWS_KEY] } : {}),
    ...(VIEWER_KEY in ours ? { [VIEWER_KEY]: user } : {}),
  }
  return Object.keys(heard).length === 0 ? {} : { extensions: { [EXTENSION_KEY]: heard } }
}

function oursIn({ extensions }: GatewayRequest): Record<string, unknown> {
  const ours = extensions[EXTENSION_KEY]
  return isFields(ours) ? ours : {}
}

/** By the fixed aliases and variables of a replayed document. */
function tasksOf(query: string, variables: Readonly<Record<string, unknown>>): RequestedTask[] {
  return [...query.matchAll(/^\s*(m\d+): ?(\w+)/gm)].flatMap(([, alias, field]) => {
    const task = variables[`${alias}_${TASK_ARGUMENT}`]
    if (!isFields(task) || typeof task['id'] !== 'string') return []
    const { id, sequence, client } = task
    return {
      id,
      field: field!,
      sequence: typeof sequence === 'number' ? sequence : undefined,
      client: typeof client === 'string' ? client : undefined,
    }
  })
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
