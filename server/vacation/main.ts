/** The whole example in one process: `npm start`. The only place that names the store and reads the environment. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { systemClock as clock, systemRandom } from 'layover/protocol'
import { createGateway, jwtAuthenticator, StoreError } from 'layover/server'
import { serveGateway } from 'layover/server/fastify'
import { sqlite } from 'layover/server/sqlite'
import { pino } from 'pino'
import { bookVacation } from './book-vacation.ts'
import { cancelVacation } from './cancel-vacation.ts'
import { collections } from './collections.ts'
import { type Config, ConfigInvalid, readConfig } from './config.ts'
import { customerTasks } from './customers.ts'
import { addDemoData, demoKey, serveDemo } from './demo-mode.ts'
import { refreshOffers } from './offers.ts'
import { connectOutside } from './outside.ts'
import { resolvers } from './resolvers.ts'
import { serveWeb } from './web.ts'

const BODY_LIMIT_BYTES = 1024 * 1024

async function serve(config: Config): Promise<() => Promise<void>> {
  mkdirSync(config.dataDirectory, { recursive: true })
  const log = pino({ level: config.logLevel, serializers: { error: pino.stdSerializers.err } })
  const outside = await connectOutside(config, clock, globalThis.fetch)
  const demo = config.key === undefined
  const key = config.key ?? demoKey(config.dataDirectory)
  const gateway = createGateway({
    store: sqlite(join(config.dataDirectory, 'layover.db')),
    typeDefs: readFileSync(new URL('./vacation.graphql', import.meta.url), 'utf8'),
    resolvers,
    tasks: [bookVacation(outside), cancelVacation(outside.suppliers), ...customerTasks],
    collections,
    authenticate: jwtAuthenticator(key),
    taskWaitMs: config.taskWaitMs,
    taskRetentionDays: config.taskRetentionDays,
    syncHorizonDays: config.syncHorizonDays,
    clock,
    random: systemRandom,
    log,
  })
  let ready = false
  const app: FastifyInstance = fastify({
    loggerInstance: log as FastifyBaseLogger,
    disableRequestLogging: true,
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
  })
  try {
    await gateway.start()
    await serveGateway(app, gateway, { introspection: config.introspection })
    await serveWeb(app, gateway, { playground: config.playground, isReady: () => ready })
    if (demo && 'secret' in key) {
      serveDemo(app, key, clock)
      await addDemoData(gateway, key, clock)
    }
    const offers = await refreshOffers({ gateway, suppliers: outside.suppliers, clock, everyMs: config.offersRefreshMs, log })
    const address = await app.listen({ port: config.port, host: demo ? '127.0.0.1' : '0.0.0.0' })
    ready = true
    announce(address.replace('0.0.0.0', '127.0.0.1'), config, demo, outside.standIns)
    return async () => {
      ready = false
      await app.close()
      await offers.stop()
      await gateway.stop()
      await outside.close()
    }
  } catch (error) {
    await app.close()
    await gateway.stop()
    await outside.close()
    throw error
  }
}

function announce(address: string, config: Config, demo: boolean, standIns: readonly string[]): void {
  const lines = [
    `Layover is at ${address}/`,
    `  playground   ${config.playground ? `${address}/playground/` : 'off'}`,
    `  GraphQL      ${address}/graphql (HTTP and WebSocket), schema at /schema.graphql`,
    `  data         ${join(config.dataDirectory, 'layover.db')}`,
    `  sign-in      ${demo ? 'demo mode: pick a user, this machine only (set AUTH_SECRET for real tokens)' : 'by token'}`,
    ...standIns.map(standIn => `  stand-in     ${standIn}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

try {
  const stop = await serve(readConfig(process.env))
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      void stop().then(() => process.exit(0))
    })
  }
} catch (error) {
  // What the person who starts it can mend is said in one line, without a stack.
  const expected = error instanceof ConfigInvalid || error instanceof StoreError || isListenError(error)
  process.stderr.write(`${expected && error instanceof Error ? error.message : String((error as Error)?.stack ?? error)}\n`)
  process.exit(1)
}

function isListenError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')
}
