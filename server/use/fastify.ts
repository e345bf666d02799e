/** The gateway on Fastify. Door: `layover/server/fastify`. */
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { pause, systemClock } from '../../protocol/index.ts'
import type { GatewayContext } from '../context.ts'
import type { Gateway } from '../gateway.ts'
import type { Viewer } from '../viewer.ts'
import { type ApolloOptions, apolloServer, takeBytes } from './apollo.ts'
import { type HttpRefusal, httpRefusal, refusal } from './http-error.ts'
import { type Origins, originsOf } from './origins.ts'
import { serveWebSocket, type WebSocketAdapter, type WebSocketOptions } from './ws.ts'

const contexts = new WeakMap<FastifyRequest, GatewayContext>()

/** What a request's document turned out to be, for the log; undefined when none was let in. */
export const admittedOf = (request: FastifyRequest): { operation: string | undefined; tasks: number } | undefined =>
  contexts.get(request)?.document.admitted

export interface ServeOptions extends ApolloOptions, WebSocketOptions {
  /** How long `app.close()` waits for requests under way before it cuts them off; default 5000. */
  readonly drainMs?: number
}

export interface DrainOptions {
  /** How long everything is served as before; default 10,000. A balancer must have noticed by then. */
  readonly noticeMs?: number
  /** Over how long at most the WebSockets are told to go; default 10,000. */
  readonly socketsMs?: number
  /** Cuts it short. */
  readonly signal?: AbortSignal
}

export interface GatewayRoutes {
  /**
   * For a process that ends while others go on serving: before `app.close()`, after it said that it is not ready. Requests are
   * answered, with `connection: close`; after `noticeMs` no WebSocket is let in and those that are open are told to go (1001).
   * Resolves when they were.
   */
  drain(options?: DrainOptions): Promise<void>
}

/**
 * For `fastify(httpLimits)`: how long a request may take to arrive, and how large it may be. 1 MiB holds a hundred tasks of
 * 10 kB each. Node's own defaults leave a half-sent request open for five minutes.
 */
export const httpLimits = {
  bodyLimit: 1024 * 1024,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16 * 1024 },
} as const

const MAX_HEADERS = 100
const METHODS = 'GET, POST, OPTIONS'

/**
 * Serves `gateway` on `app`: HTTP and WebSocket on `/graphql`. Call it before `app.listen`; `app.close()` drains both. The
 * gateway itself is started and stopped by whoever made it. Who asks is settled before the body is read, so strangers cost
 * little; they are not counted by address, since behind a proxy all of them have the same one.
 */
export async function serveGateway(
  app: FastifyInstance,
  gateway: Gateway,
  options: ServeOptions = {},
): Promise<GatewayRoutes> {
  const path = options.path ?? '/graphql'
  const origins = originsOf(options.allowedOrigins)
  const apollo = apolloServer(gateway, options)
  await apollo.start()
  app.server.maxHeadersCount = MAX_HEADERS
  const sockets = serveWebSocket(app.server, gateway, options)
  const isClosing = cutOffWhenClosed(app, options.drainMs ?? 5000)
  let draining = false
  const viewers = new WeakMap<FastifyRequest, Viewer>()
  const ready = new WeakMap<FastifyRequest, () => Uint8Array | undefined>()
  const route: Pick<RouteOptions, 'url' | 'onRequest' | 'errorHandler'> = {
    url: path,
    onRequest: async (request, reply) => {
      setHeaders(request, reply, origins)
      if (request.method === 'OPTIONS') return
      if (!URL.canParse(`http://${request.headers.host}`)) return send(reply, refusal(400))
      viewers.set(request, await gateway.identify(request.headers))
    },
    errorHandler: (error, _request, reply) => send(reply, httpRefusal(gateway, error)),
  }
  const answer = fastifyApolloHandler(apollo, {
    context: async request => {
      const viewer = viewers.get(request)
      const context = viewer === undefined ? await gateway.context(request.headers) : gateway.contextOf(viewer)
      contexts.set(request, context)
      ready.set(request, takeBytes(context))
      return context
    },
  })
  app.addHook('onSend', async (_request, reply) => {
    if (draining || isClosing()) reply.header('connection', 'close')
  })
  app.route({
    ...route,
    method: ['GET', 'POST'],
    handler: async (request, reply) => {
      const body: unknown = await answer.call(app, request, reply)
      return ready.get(request)?.() ?? body
    },
  })
  app.route({
    ...route,
    method: 'OPTIONS',
    handler: (_request, reply) => reply.code(204).header('allow', METHODS).send(),
  })
  app.route({
    ...route,
    method: ['PUT', 'PATCH', 'DELETE'],
    handler: (_request, reply) => send(reply, refusal(405, new Map([['allow', METHODS]]))),
  })
  app.addHook('preClose', () => sockets.close())
  // Not the integration's drain plugin: it closes the app from within the server's stop, and here it is the other way round.
  app.addHook('onClose', () => apollo.stop())
  return {
    async drain(wanted = {}) {
      draining = true
      await leaveSlowly(sockets, wanted)
    },
  }
}

async function leaveSlowly(sockets: WebSocketAdapter, options: DrainOptions): Promise<void> {
  const { noticeMs = 10_000, socketsMs = 10_000, signal } = options
  try {
    await pause(systemClock, noticeMs, signal)
    await sockets.leave(socketsMs, signal)
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}

function setHeaders({ headers }: FastifyRequest, reply: FastifyReply, origins: Origins): void {
  reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', vary: 'origin' })
  if (!origins.isListed(headers)) return
  reply.headers({
    'access-control-allow-origin': headers.origin,
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': 'authorization, content-type, apollo-require-preflight',
    'access-control-expose-headers': 'retry-after',
    'access-control-max-age': '600',
  })
}

function send(reply: FastifyReply, { status, headers, body }: HttpRefusal): FastifyReply {
  return reply.code(status).headers(Object.fromEntries(headers)).type('application/json; charset=utf-8').send(body)
}

/** From the start of `app.close()`: true. What has not ended by itself after `ms` is cut off, half-sent requests among it. */
function cutOffWhenClosed(app: FastifyInstance, ms: number): () => boolean {
  let withdraw: (() => void) | undefined
  app.addHook('preClose', async () => {
    withdraw = systemClock.after(ms, () => app.server.closeAllConnections())
  })
  app.addHook('onClose', async () => withdraw?.())
  return () => withdraw !== undefined
}
