/** The gateway on Fastify. Door: `layover/server/fastify`. */
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Gateway } from '../gateway.ts'
import { type ApolloOptions, apolloServer, takeBytes } from './apollo.ts'
import { serveWebSocket, type WebSocketOptions } from './ws.ts'

/**
 * Serves `gateway` on `app`: HTTP and WebSocket on `/graphql`. Call it before `app.listen`; `app.close()` drains both. The
 * gateway itself is started and stopped by whoever made it.
 */
export async function serveGateway(
  app: FastifyInstance,
  gateway: Gateway,
  options: ApolloOptions & WebSocketOptions = {},
): Promise<void> {
  const path = options.path ?? '/graphql'
  const apollo = apolloServer(gateway, options)
  await apollo.start()
  const sockets = serveWebSocket(app.server, gateway, options)
  const ready = new WeakMap<FastifyRequest, () => Uint8Array | undefined>()
  const handler = fastifyApolloHandler(apollo, {
    async context(request) {
      const context = await gateway.context(request.headers)
      ready.set(request, takeBytes(context))
      return context
    },
  })
  app.route({
    url: path,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: async (request, reply) => {
      const body: unknown = await handler.call(app, request, reply)
      return ready.get(request)?.() ?? body
    },
  })
  app.addHook('preClose', () => sockets.close())
  // Not the integration's drain plugin: it closes the app from within the server's stop, and here it is the other way round.
  app.addHook('onClose', () => apollo.stop())
}
