/** graphql-transport-ws for any node:http server. Door: `layover/server/ws`. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, getOperationAST, parse, validate } from 'graphql'
import { useServer as serveProtocol } from 'graphql-ws/use/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Credentials } from '../context.ts'
import type { Gateway } from '../gateway.ts'

export interface WebSocketOptions {
  /** Default `/graphql`. */
  readonly path?: string
  /** Largest frame; default 256 KiB. */
  readonly maxPayloadBytes?: number
}

export interface WebSocketAdapter {
  /** Sockets are told to go (1001) and come back elsewhere. */
  close(): Promise<void>
}

/** Answers upgrades on `path`; the token stands in the connection_init payload as `authorization`. */
export function serveWebSocket(server: Server, gateway: Gateway, options: WebSocketOptions = {}): WebSocketAdapter {
  const path = options.path ?? '/graphql'
  const sockets = new WebSocketServer({ noServer: true, maxPayload: options.maxPayloadBytes ?? 256 * 1024 })
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?')[0] !== path) return
    sockets.handleUpgrade(request, socket, head, (accepted: WebSocket) => sockets.emit('connection', accepted, request))
  }
  server.on('upgrade', upgrade)
  const masked = (error: GraphQLError): GraphQLFormattedError => gateway.formatError(error.toJSON(), error)
  const adapter = serveProtocol<Credentials>(
    {
      schema: gateway.schema,
      onConnect: async context => {
        try {
          await gateway.context(credentialsOf(context.connectionParams))
          return true
        } catch (error) {
          if (error instanceof GraphQLError) return false
          throw error
        }
      },
      // Each operation has a context of its own: its waiting time starts with it, and its token is read anew.
      onSubscribe: async (connection, _id, payload) => {
        try {
          const document = parse(payload.query)
          const problems = validate(gateway.schema, document, undefined, { maxErrors: 5 })
          if (problems.length > 0) return problems
          const operation = getOperationAST(document, payload.operationName)
          if (operation == null) return [new GraphQLError('Name one of the operations of the document.')]
          const context = await gateway.context(credentialsOf(connection.connectionParams))
          await gateway.admit({ document, operation, extensions: payload.extensions, context })
          const args: ExecutionArgs = {
            schema: gateway.schema,
            document,
            operationName: payload.operationName ?? null,
            variableValues: payload.variables ?? null,
            contextValue: context,
          }
          return args
        } catch (error) {
          if (error instanceof GraphQLError) return [error]
          throw error
        }
      },
      onError: (_context, _id, _payload, errors) => errors.map(masked),
      onNext: (_context, _id, _payload, _args, result) =>
        result.errors === undefined ? undefined : { data: result.data ?? null, errors: result.errors.map(masked) },
    },
    sockets,
  )
  return {
    async close() {
      server.off('upgrade', upgrade)
      for (const socket of sockets.clients) socket.close(1001, 'Going away')
      await adapter.dispose()
    },
  }
}

/** Like header fields: whatever the case they were written in. */
const credentialsOf = (parameters: Credentials = {}): Credentials =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), value]))
