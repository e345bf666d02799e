/** What is served beside /graphql: pages, schema and health. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { printSchema } from 'graphql'
import type { Gateway } from 'layover/server'

const BUILT = fileURLToPath(new URL('../../dist/', import.meta.url))

export async function serveWeb(
  app: FastifyInstance,
  gateway: Gateway,
  options: { playground: boolean; isReady: () => Promise<boolean> },
): Promise<void> {
  app.get('/health/live', () => ({ status: 'live' }))
  app.get('/health/ready', async (_, reply) =>
    (await options.isReady()) ? { status: 'ready' } : reply.code(503).send({ status: 'unavailable' }),
  )
  app.get('/schema.graphql', (_, reply) => reply.type('text/plain; charset=utf-8').send(printSchema(gateway.schema)))
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ code: 'NOT_FOUND', message: 'There is nothing at this address.' }),
  )
  const pages = [
    { folder: 'web', prefix: '/' },
    ...(options.playground ? [{ folder: 'playground', prefix: '/playground/' }] : []),
  ]
  let decorateReply = true
  for (const { folder, prefix } of pages) {
    const root = join(BUILT, folder)
    if (!existsSync(root)) continue
    await app.register(fastifyStatic, { root, prefix, decorateReply, setHeaders: cacheForever, redirect: true })
    decorateReply = false
  }
  if (options.playground) app.get('/playground', (_, reply) => reply.redirect('/playground/'))
}

/** Built assets carry a hash in their name; the pages that name them don't. */
function cacheForever(reply: FastifyReply, path: string): void {
  reply.header('cache-control', /\/assets\//.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
}
