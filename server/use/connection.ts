/** One socket: who is behind it, what it may ask, and when it ends. */
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, getOperationAST, subscribe } from 'graphql'
import { CloseCode, makeServer, type ServerOptions } from 'graphql-ws'
import type { WebSocket } from 'ws'
import { type Clock, ERROR_CODES, errorCode } from '../../protocol/index.ts'
import { heardOf } from '../batch.ts'
import type { Credentials } from '../context.ts'
import { refuse } from '../errors.ts'
import type { Gateway } from '../gateway.ts'
import { coded } from '../guard/guard.ts'
import { faultOf } from './frames.ts'
import type { WebSocketOptions } from './ws.ts'

interface Connection {
  readonly socket: WebSocket
}

interface OperationArgs extends ExecutionArgs {
  /** Sends its answers by itself and then ends; undefined: it has to be executed. Asked when the operation begins. */
  readonly ready?: () => AsyncIterableIterator<never> | undefined
}

type Handlers = ServerOptions<Credentials, Connection>
type Subscribe = NonNullable<Handlers['onSubscribe']>

/** RFC 6455 registry: come back later. */
const TRY_AGAIN_LATER = 1013

/** Serves the sockets that are handed to what it returns. */
export function connectionsOf(gateway: Gateway, options: WebSocketOptions): (socket: WebSocket) => void {
  const protocol = makeServer<Credentials, Connection>({
    schema: gateway.schema,
    connectionInitWaitTimeout: options.connectionInitWaitMs ?? 3000,
    onConnect: connectorOf(gateway),
    onSubscribe: subscriberOf(gateway, options),
    subscribe: (args: OperationArgs) => args.ready?.() ?? subscribe(args),
    ...masking(gateway),
  })
  return socket => {
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: text => send(socket, text),
        // A reason holds 123 bytes, and some repeat the id of an operation.
        close: (code, reason = '') => socket.close(code, Buffer.byteLength(reason) <= 123 ? reason : ''),
        onMessage: take => {
          socket.on('message', data => void receive(gateway, socket, String(data), take))
        },
      },
      { socket },
    )
    socket.once('close', (code, reason) => void closed(code, String(reason)))
  }
}

async function receive(
  gateway: Gateway,
  socket: WebSocket,
  frame: string,
  take: (frame: string) => Promise<void>,
): Promise<void> {
  if (socket.readyState !== socket.OPEN) return
  const fault = faultOf(frame, gateway.guard.limits.nesting)
  if (fault !== undefined) return socket.close(CloseCode.BadRequest, fault)
  try {
    await take(frame)
  } catch (error) {
    gateway.formatError({ message: '' }, error) // It is logged there.
    socket.close(CloseCode.InternalServerError, 'Internal server error')
  }
}

/** What is sent to a socket that is no longer open is nobody's. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    socket.send(text, error => (error && socket.readyState === socket.OPEN ? reject(error) : resolve()))
  })
}

function connectorOf(gateway: Gateway): NonNullable<Handlers['onConnect']> {
  return async ({ connectionParams, extra: { socket } }) => {
    try {
      const { expiresAt } = await gateway.identify(credentialsOf(connectionParams))
      if (expiresAt === undefined) return true
      if (expiresAt <= gateway.clock.now()) return false
      const withdraw = at(gateway.clock, expiresAt, () => socket.close(CloseCode.Forbidden, 'The token has expired'))
      socket.once('close', withdraw)
      if (socket.readyState !== socket.OPEN) withdraw()
      return true
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      if (errorCode(error) === ERROR_CODES.RATE_LIMITED) socket.close(TRY_AGAIN_LATER, 'Too many requests')
      return false
    }
  }
}

/** Each operation has a context of its own: its waiting time starts with it, and its token is read anew. */
function subscriberOf(gateway: Gateway, { introspection = true, maxOperations = 50 }: WebSocketOptions): Subscribe {
  return async ({ connectionParams, extra: { socket }, subscriptions }, id, payload) => {
    try {
      if (Object.keys(subscriptions).length > maxOperations) {
        const message = `This socket has ${maxOperations} operations under way; complete one of them first.`
        throw refuse(ERROR_CODES.RATE_LIMITED, message)
      }
      const viewer = await gateway.identify(credentialsOf(connectionParams))
      const document = gateway.guard.read(payload, { introspection })
      if (!('kind' in document)) return document
      const operation = getOperationAST(document, payload.operationName)
      if (operation == null) {
        const unknown = new GraphQLError('Name one of the operations of the document.')
        return [coded(unknown, 'OPERATION_RESOLUTION_FAILURE')]
      }
      const context = gateway.contextOf(viewer)
      await gateway.admit({ document, operation, extensions: payload.extensions, context })
      const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
      const args: OperationArgs = {
        schema: gateway.schema,
        document,
        operationName: payload.operationName ?? null,
        variableValues: payload.variables ?? null,
        contextValue: context,
        ready() {
          // What repeats something of the request is not ready.
          if (heardOf(payload.extensions, undefined)) return undefined
          const answers = gateway.readyPokes({ operation, context })
          return answers && sentAnswers(answers, answer => send(socket, `${head}${answer}}`))
        },
      }
      return args
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      if (errorCode(error) === ERROR_CODES.UNAUTHENTICATED) socket.close(CloseCode.Forbidden, 'Forbidden')
      return [error]
    }
  }
}

/** Ready answers go to the socket from here; what is left to the caller is when they end. */
function sentAnswers(
  answers: AsyncIterableIterator<string>,
  send: (answer: string) => Promise<void>,
): AsyncIterableIterator<never> {
  const ended: IteratorResult<never> = { done: true, value: undefined }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      for await (const answer of answers) await send(answer)
      return ended
    },
    async return() {
      await answers.return?.()
      return ended
    },
  }
}

function masking(gateway: Gateway): Pick<Handlers, 'onError' | 'onNext'> {
  const masked = (error: GraphQLError): GraphQLFormattedError => gateway.formatError(error.toJSON(), error)
  return {
    onError: (_context, _id, _payload, errors) => errors.map(error => masked(asError(error))),
    onNext(_context, _id, payload, _args, { data, errors, extensions }) {
      const heard = heardOf(payload.extensions, undefined)
      if (errors === undefined && heard === undefined) return undefined
      return {
        ...(data === undefined ? {} : { data }),
        ...(errors === undefined ? {} : { errors: errors.map(error => masked(asError(error))) }),
        ...(extensions === undefined && heard === undefined ? {} : { extensions: { ...extensions, ...heard } }),
      }
    },
  }
}

const asError = (error: GraphQLError | GraphQLFormattedError): GraphQLError =>
  error instanceof GraphQLError ? error : new GraphQLError(error.message, { extensions: error.extensions ?? {} })

/** Timers hold no more than 24 days. */
const LONGEST_TIMER_MS = 86_400_000

/** Calls back when the clock shows `time`; the returned function withdraws it. */
function at(clock: Clock, time: number, run: () => void): () => void {
  const wait = (): (() => void) => {
    const left = time - clock.now()
    if (left <= LONGEST_TIMER_MS) return clock.after(Math.max(0, left), run)
    return clock.after(LONGEST_TIMER_MS, () => {
      withdraw = wait()
    })
  }
  let withdraw = wait()
  return () => withdraw()
}

/** Like header fields: whatever the case they were written in. */
const credentialsOf = (parameters: Credentials = {}): Credentials =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), value]))
