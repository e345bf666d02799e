/** What is served beside /graphql: pages, schema and health, and what browsers are told to keep to. */
import { existsSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyHelmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { printSchema } from 'graphql'
import type { Gateway } from 'layover/server'

const BUILT = fileURLToPath(new URL('../../dist/', import.meta.url))

const PAGE_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'worker-src': ["'self'"],
  'manifest-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
}

/** The editor of the playground writes style elements and brings its icons along as data. */
const PLAYGROUND_POLICY = {
  ...PAGE_POLICY,
  'style-src': ["'self'", "'unsafe-inline'"],
  'font-src': ["'self'", 'data:'],
}

const policyText = (policy: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
    .join(';')

const ONE_YEAR_SECONDS = 31_536_000

export async function serveWeb(
  app: FastifyInstance,
  gateway: Gateway,
  options: { playground: boolean; introspection: boolean; isReady: () => Promise<boolean> },
): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { useDefaults: false, directives: PAGE_POLICY },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false,
  })
  // Only where TLS is in use, here or at the proxy before it: a gateway on plain HTTP must stay reachable.
  app.addHook('onRequest', async (request, reply) => {
    if (request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https')
      reply.header('strict-transport-security', `max-age=${ONE_YEAR_SECONDS}`)
  })
  app.get('/health/live', () => ({ status: 'live' }))
  app.get('/health/ready', async (_, reply) =>
    (await options.isReady()) ? { status: 'ready' } : reply.code(503).send({ status: 'unavailable' }),
  )
  if (options.introspection) {
    const schema = printSchema(gateway.schema)
    app.get('/schema.graphql', (_, reply) => reply.type('text/plain; charset=utf-8').send(schema))
  }
  app.setNotFoundHandler((request, reply) =>
    isNavigation(request) && existsSync(join(BUILT, 'web', 'index.html'))
      ? reply.sendFile('index.html')
      : reply.code(404).send({ code: 'NOT_FOUND', message: 'There is nothing at this address.' }),
  )
  const pages = [
    { folder: 'web', prefix: '/' },
    ...(options.playground ? [{ folder: 'playground', prefix: '/playground/' }] : []),
  ]
  let decorateReply = true
  for (const { folder, prefix } of pages) {
    const root = join(BUILT, folder)
    if (!existsSync(root)) continue
    await app.register(fastifyStatic, {
      root,
      prefix,
      decorateReply,
      setHeaders,
      redirect: true,
      preCompressed: true,
    })
    decorateReply = false
  }
  if (options.playground) app.get('/playground', (_, reply) => reply.redirect('/playground/'))
}

const NOT_OF_THE_PAGE = /^\/(?:assets|demo|graphql|health|metrics|playground)(?:\/|$)|\.\w+$/

/** A browser that opens one of the page's own addresses, which only the page knows: `/customers/…`. */
function isNavigation({ method, headers, url }: FastifyRequest): boolean {
  const [path = ''] = url.split('?')
  return method === 'GET' && headers.accept?.includes('text/html') === true && !NOT_OF_THE_PAGE.test(path)
}

function setHeaders(reply: FastifyReply, path: string): void {
  // Built assets carry a hash in their name; the pages that name them don't.
  reply.header('cache-control', /\/assets\//.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (path.startsWith(join(BUILT, 'playground') + sep))
    reply.header('content-security-policy', policyText(PLAYGROUND_POLICY))
}

/** JSON, whatever went wrong, and nothing of the request or of our code in it. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const given = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  const status = typeof given === 'number' && given >= 400 && given < 500 ? given : 500
  if (status === 500) request.log.error({ error }, 'an unexpected error')
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(
      status === 500
        ? { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong in the gateway; it is in its log.' }
        : { code: 'BAD_REQUEST', message: 'This request cannot be read.' },
    )
}
