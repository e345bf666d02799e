/** The gateway on Fastify. Door: `layover/server/fastify`. */
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import type { Gateway } from '../gateway.ts'
import { type ApolloOptions, apolloServer } from './apollo.ts'
import { serveWebSocket, type WebSocketOptions } from './ws.ts'

const contexts = new WeakMap<FastifyRequest, GatewayContext>()

/** What a request's document turned out to be, for the log; undefined when none was let in. */
export const admittedOf = (request: FastifyRequest): { operation: string | undefined; tasks: number } | undefined =>
  contexts.get(request)?.document.admitted

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
  app.route({
    url: path,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: fastifyApolloHandler(apollo, {
      async context(request) {
        const context = await gateway.context(request.headers)
        contexts.set(request, context)
        return context
      },
    }),
  })
  app.addHook('preClose', () => sockets.close())
  // Not the integration's drain plugin: it closes the app from within the server's stop, and here it is the other way round.
  app.addHook('onClose', () => apollo.stop())
}
