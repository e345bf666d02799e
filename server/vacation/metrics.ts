/** What is told of every HTTP request: a line for the log, a count for the metrics; and where the metrics are read. */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { admittedOf } from 'layover/server/fastify'
import type { Metrics } from 'layover/server/metrics'
import type { Logger } from 'pino'

export interface MetricsRoute {
  readonly log: Logger
  /** What a scraper must show as "authorization: Bearer …". */
  readonly token: string | undefined
  /** Without a token: open to everybody who reaches the port (demo mode, loopback), or closed. */
  readonly open: boolean
}

/** Asked for every few seconds by machines: their lines would bury the others. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/health/live', '/health/ready', '/metrics'])
const OPERATION = /^\w{1,64}$/

/** Call it before the other routes, so that they are all told of. */
export function serveMetrics(app: FastifyInstance, metrics: Metrics, { log, token, open }: MetricsRoute): void {
  app.addHook('onResponse', async (request, reply) => {
    const event = {
      method: request.method,
      // The pattern, never the address: that may hold a query.
      route: request.routeOptions.url,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    }
    metrics.answered?.(event)
    log[PROBES.has(event.route) ? 'debug' : 'info']({ ...event, ...documentOf(request) }, 'request')
  })
  app.get('/metrics', async (request, reply) => {
    if (token === undefined && !open) {
      return reply.code(403).send({
        code: 'METRICS_CLOSED',
        message: 'Metrics are closed. Set METRICS_TOKEN, and let the scraper send it as "authorization: Bearer …".',
      })
    }
    if (token !== undefined && !isSame(request.headers.authorization, `Bearer ${token}`)) {
      return reply.code(401).header('www-authenticate', 'Bearer').send({
        code: 'UNAUTHENTICATED',
        message: 'Send METRICS_TOKEN as "authorization: Bearer …".',
      })
    }
    return reply.type(metrics.contentType).send(await metrics.text())
  })
}

function documentOf(request: FastifyRequest): object {
  const admitted = admittedOf(request)
  if (admitted === undefined) return {}
  const { operation = '', tasks } = admitted
  return OPERATION.test(operation) ? { operation, tasks } : { tasks }
}

/** In a time that says nothing of how much of it was right. */
function isSame(given: string | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
