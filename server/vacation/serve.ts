/** The whole example in one process: gateway, pages, and stand-ins for whatever outside is not named. */
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { type Clock, systemClock, systemRandom } from 'layover/protocol'
import { createGateway, type Gateway, jwtAuthenticator } from 'layover/server'
import { httpLimits, serveGateway } from 'layover/server/fastify'
import { prometheusMetrics } from 'layover/server/metrics'
import { openTelemetry } from 'layover/server/opentelemetry'
import { clientOperations } from './__generated__/client-operations.ts'
import { vacationSdl } from './__generated__/vacation-sdl.ts'
import type { Backend } from './backend.ts'
import { bookVacation } from './book-vacation.ts'
import { cancelVacation } from './cancel-vacation.ts'
import { changeVacation } from './change-vacation.ts'
import { collections } from './collections.ts'
import type { Config } from './config.ts'
import { customerTasks } from './customers.ts'
import { serveDemoFaults } from './demo-faults.ts'
import { addDemoData, demoKey, demoSupervisor, serveDemo } from './demo-mode.ts'
import { logger } from './logger.ts'
import { serveMetrics } from './metrics.ts'
import { refreshOffers } from './offers.ts'
import { connectOutside } from './outside.ts'
import { resolvers } from './resolvers.ts'
import { answerError, serveWeb } from './web.ts'

export interface Served {
  /** Without a slash at its end. */
  readonly url: string
  readonly gateway: Gateway
  /** What stands in for the outside, and where, for people. */
  readonly standIns: readonly string[]
  /**
   * Half of `ms` it serves on, but is not ready, so that balancers notice; then its WebSockets are sent elsewhere, over the
   * other half at most. `signal` cuts it short. `stop` comes after it.
   */
  drain(ms: number, signal: AbortSignal): Promise<void>
  /** Stops taking requests, answers those under way, and closes everything that `serve` opened, the store too. */
  stop(): Promise<void>
}

/** Throws what the store or the port says when it can't be had; nothing stays open then. */
export async function serve(config: Config, backend: Backend, clock: Clock = systemClock): Promise<Served> {
  const log = logger(config.logLevel)
  const metrics = prometheusMetrics()
  const outside = await connectOutside(config, clock, globalThis.fetch)
  const demo = config.key === undefined
  const key = config.key ?? demoKey(config.dataDirectory)
  const gateway = createGateway({
    ...backend,
    typeDefs: vacationSdl,
    resolvers,
    tasks: [
      bookVacation(outside),
      changeVacation(outside.suppliers),
      cancelVacation(outside.suppliers),
      ...customerTasks,
    ],
    collections,
    changesDocument: clientOperations,
    authenticate: jwtAuthenticator(key),
    taskWaitMs: config.taskWaitMs,
    taskRetentionDays: config.taskRetentionDays,
    syncHorizonDays: config.syncHorizonDays,
    rateLimit: config.rateLimit,
    clock,
    random: systemRandom,
    log,
    // Without an OpenTelemetry SDK in the process its spans go nowhere and cost nothing.
    observers: [metrics, openTelemetry()],
  })
  let ready = false
  const app: FastifyInstance = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    ...httpLimits,
    frameworkErrors: answerError,
  })
  app.setErrorHandler(answerError)
  try {
    await gateway.start()
    serveMetrics(app, metrics, { log, token: config.metricsToken, open: demo })
    const routes = await serveGateway(app, gateway, {
      introspection: config.introspection,
      allowedOrigins: config.allowedOrigins,
    })
    await serveWeb(app, gateway, {
      playground: config.playground,
      introspection: config.introspection,
      isReady: async () => ready && gateway.ready(),
    })
    if (demo && 'secret' in key) {
      serveDemo(app, key, clock)
      serveDemoFaults(app, {
        gateway,
        control: outside.control,
        isSandboxed: outside.isSandboxed,
        supervisor: () => demoSupervisor(key, clock),
      })
      await addDemoData(gateway, key, clock)
    }
    const offers = await refreshOffers({
      gateway,
      suppliers: outside.suppliers,
      clock,
      everyMs: config.offersRefreshMs,
      log,
    })
    const address = await app.listen({ port: config.port, host: demo ? '127.0.0.1' : '0.0.0.0' })
    ready = true
    return {
      url: address.replace('0.0.0.0', '127.0.0.1'),
      gateway,
      standIns: outside.standIns,
      async drain(ms, signal) {
        ready = false
        if (ms > 0) await routes.drain({ noticeMs: ms / 2, socketsMs: ms / 2, signal })
      },
      async stop() {
        ready = false
        await app.close()
        await offers.stop()
        await gateway.stop()
        await outside.close()
      },
    }
  } catch (error) {
    await app.close()
    await gateway.stop()
    await outside.close()
    throw error
  }
}
