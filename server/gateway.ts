import type { ApolloServerPlugin } from '@apollo/server'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import { type Clock, ERROR_CODES, type Random, systemClock, systemRandom } from '../protocol/index.ts'
import { checkViewer, DocumentRun, predecessorMissing, predecessorOf } from './batch.ts'
import type { Credentials, GatewayContext } from './context.ts'
import { definitionName, type EngineMaker } from './engine/engine.ts'
import { journalEngine } from './engine/journal.ts'
import { maskError, refuse } from './errors.ts'
import { type Guard, guardOf } from './guard/guard.ts'
import { type DocumentLimits, limitsOf } from './guard/limits.ts'
import { guardPlugin } from './guard/plugin.ts'
import { carefulLog, type Log, silentLog } from './log.ts'
import { storeProbe } from './observe/health.ts'
import { type Observer, observers } from './observe/observer.ts'
import { plainFieldsOf } from './plain-fields.ts'
import { presenterOf } from './present.ts'
import { pruningOf } from './pruning.ts'
import { type RateLimits, rateLimiter } from './rate-limit.ts'
import { recordsFor } from './records.ts'
import { gatewayResolvers } from './resolvers.ts'
import { buildSchema, type Resolvers } from './schema.ts'
import { type Store, StoreError } from './store/store.ts'
import type { Bus } from './sync/bus.ts'
import { type Collection, taskCollection } from './sync/collection.ts'
import type { DeltaOptions } from './sync/delta.ts'
import { type Lookout, lookoutOf } from './sync/lookout.ts'
import { pokesOf } from './sync/notify.ts'
import { type ReadyAnswer, type ReadyPages, type ReadyRequest, readyPagesOf } from './sync/ready-pages.ts'
import { readyPokesOf } from './sync/ready-pokes.ts'
import { importRecords } from './sync/reference.ts'
import { taskResolvers } from './task-fields.ts'
import { checkInTask, checkOutTask } from './tasks/check-out.ts'
import type { TaskDefinition } from './tasks/define-task.ts'
import { resolveConflictTask } from './tasks/resolve-conflict.ts'
import { reviewConflictTask } from './tasks/review.ts'
import { TaskRunner } from './tasks/runner.ts'
import type { Viewer } from './viewer.ts'

export interface GatewayOptions {
  readonly store: Store
  /** Makes tasks with outside steps go on after a crash. Default: a journal in the store, for one process. */
  readonly engine?: EngineMaker
  /** The domain's SDL: extends Query and Mutation, its task fields return types that implement TaskPayload. */
  readonly typeDefs: string
  /** The domain's resolvers; task fields need none. */
  readonly resolvers?: Resolvers
  readonly tasks: readonly TaskDefinition[]
  readonly collections: readonly Collection[]
  /**
   * The document with which the application's devices ask for `changes` (other operations beside it do no harm). Records then
   * keep their text as this document shows it, and answering it costs a tenth. Any other document is executed normally.
   */
  readonly changesDocument?: string | DocumentNode
  /** Who asks; undefined for nobody, which is answered UNAUTHENTICATED. */
  readonly authenticate: (credentials: Credentials) => Promise<Viewer | undefined>
  /** Role that sees the whole tenant. Default `supervisor`. */
  readonly supervisorRole?: string
  /** How long one document waits in all for its tasks; default 2000. They go on afterwards. */
  readonly taskWaitMs?: number
  /** How long an outcome is answered again; default 400. */
  readonly taskRetentionDays?: number
  /** How long a device may stay away and still get only what changed; default 30. */
  readonly syncHorizonDays?: number
  /** How much one document may ask for; each limit has its default. */
  readonly limits?: Partial<DocumentLimits>
  /** How much one user may ask for; default null, no limit. Kept in memory, by each process for itself. */
  readonly rateLimit?: RateLimits | null
  /**
   * Where several gateways share the store: how they tell each other what they committed, such as `postgresBus(url)`. One made
   * for this gateway alone. Default none: this is the only process.
   */
  readonly bus?: Bus
  /**
   * With a bus: how often the store is looked at for commits that the bus has lost, in milliseconds, give or take a quarter;
   * default 5000, at least 50.
   */
  readonly lookEveryMs?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Log
  /** Who is told what happens: `layover/server/metrics`, `layover/server/opentelemetry`. Default nobody. */
  readonly observers?: readonly Observer[]
}

export interface Gateway {
  readonly schema: GraphQLSchema
  readonly clock: Clock
  /** What a document must pass before `admit`. The plugin sees to it; roads without Apollo Server ask it themselves. */
  readonly guard: Guard
  /** For `new ApolloServer({ schema, plugins })`: lets a document in, or refuses it, before anything of it runs. */
  plugin(): ApolloServerPlugin<GatewayContext>
  /** Who asks, before any of it is read; counts as one request of theirs. Throws UNAUTHENTICATED or RATE_LIMITED. */
  identify(credentials: Credentials): Promise<Viewer>
  /** Context of one document, whose waiting time begins now. */
  contextOf(viewer: Viewer): GatewayContext
  /** Both at once: what `context` of `new ApolloServer` needs. */
  context(credentials: Credentials): Promise<GatewayContext>
  /** Lets a validated document in, or throws the GraphQLError that refuses it as a whole. For every road alike. */
  admit(request: Admission): Promise<void>
  /**
   * The answer to an admitted document as ready JSON, or undefined: then it is to be executed. Checks the same rights in the
   * same code; for servers that can send text.
   */
  readyAnswer(request: ReadyRequest & { readonly context: GatewayContext }): Promise<ReadyAnswer | undefined>
  /**
   * The answers to an admitted subscription as ready JSON, one for each poke, or undefined: then it is to be executed. For
   * roads that can send text.
   */
  readyPokes(request: Pick<Admission, 'operation' | 'context'>): AsyncIterableIterator<string> | undefined
  /** What of an error may leave the gateway; surprises are masked and logged. For every road alike. */
  formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError
  /** True while the gateway is started and its store can be read and written, asked with a time-out of a second. */
  ready(): Promise<boolean>
  /** For the adapters: every error is made loggable on its way. */
  readonly log: Log
  /** Opens the store and goes on with what was left unfinished. */
  start(): Promise<void>
  /** Leaves the steps under way, which the next start repeats under the same keys, and closes the store. */
  stop(): Promise<void>
  /** Makes these the reference data of a type: new, changed and gone ones reach every device. Returns how many changed. */
  importRecords(
    type: string,
    records: readonly { readonly id: string; readonly [field: string]: unknown }[],
  ): Promise<number>
}

/** A parsed and validated document with what came beside it. */
export interface Admission {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  /** The request's `extensions`, as sent. */
  readonly extensions: unknown
  readonly context: GatewayContext
}

const DAY_MS = 86_400_000

/** The offline gateway of a domain. Nothing happens before `start()`. */
export function createGateway(options: GatewayOptions): Gateway {
  const { store, clock = systemClock, random = systemRandom } = options
  const log = carefulLog(options.log ?? silentLog)
  const observer = observers(options.observers ?? [], log)
  const supervisorRole = options.supervisorRole ?? 'supervisor'
  const all = [...options.collections, taskCollection(supervisorRole)]
  const collections: ReadonlyMap<string, Collection> = new Map(all.map(collection => [collection.type, collection]))
  const definitions = [
    ...options.tasks,
    resolveConflictTask(),
    reviewConflictTask(supervisorRole),
    checkOutTask(),
    checkInTask(supervisorRole),
  ]
  const presenter = presenterOf(store, collections)
  const retentionMs = (options.taskRetentionDays ?? 400) * DAY_MS
  const horizonMs = (options.syncHorizonDays ?? 30) * DAY_MS
  const engine = (options.engine ?? journalEngine)({
    store,
    clock,
    random,
    log,
    definitions: definitions.map(({ name, version }) => definitionName(name, version)),
  })
  const runner = new TaskRunner({
    store,
    engine,
    definitions,
    collections,
    clock,
    random,
    log,
    observer,
    retentionMs,
  })
  const pokes = pokesOf({ store, collections, clock, observer, log })
  const lookout = lookoutFor(options, {
    store,
    partitions: () => pokes.partitions(),
    hear(news) {
      pokes.poke(news)
      runner.heard(news)
    },
    observer,
    clock,
    random,
    log,
  })
  observer.watch({ tasks: definitions.map(watchedTask), backlog: () => store.view.backlog() })
  const probe = storeProbe(store, clock)
  let started = false
  const setting = {
    store,
    collections,
    presenter,
    clock,
    supervisorRole,
    runner,
    pokes,
    delta: (): DeltaOptions => ({
      store,
      collections,
      fields,
      presenter,
      observer,
      clock,
      horizonMs,
      now: clock.now(),
    }),
  }
  const ownResolvers = gatewayResolvers(setting)
  const schema = buildSchema({
    typeDefs: options.typeDefs,
    resolvers: [
      ownResolvers,
      taskResolvers(definitions, { store, presenter, supervisorRole, clock, random, runner }),
      options.resolvers ?? {},
    ],
  })
  const guard = guardOf(schema, limitsOf(options.limits))
  const limiter = rateLimiter(options.rateLimit, clock)
  const admit = async ({ document, operation, extensions, context }: Admission): Promise<void> => {
    const tasks = guard.weigh(document, operation)
    context.document.admitted = { operation: operation.name?.value, tasks }
    checkViewer(extensions, context.viewer)
    const predecessor = predecessorOf(extensions)
    limiter.tasks(context.viewer, tasks)
    if (predecessor === undefined || operation.operation !== 'mutation') return
    const wasTaken = await runner.wasTaken(context.viewer, predecessor, context.document.timeLeftMs())
    if (!wasTaken) throw predecessorMissing(predecessor)
  }
  const identify = async (credentials: Credentials): Promise<Viewer> => {
    const viewer = await options.authenticate(credentials)
    if (viewer === undefined) {
      throw refuse(ERROR_CODES.UNAUTHENTICATED, 'Sign in: send a valid token as "authorization: Bearer …".')
    }
    limiter.request(viewer)
    return viewer
  }
  const contextOf = (viewer: Viewer): GatewayContext => ({
    viewer,
    document: new DocumentRun(clock, options.taskWaitMs ?? 2000),
    records: recordsFor({ store, collections, presenter }, viewer),
  })
  const fields = plainFieldsOf(schema)
  const readyPokes = readyPokesOf({ schema, fields, resolvers: ownResolvers.Subscription.changesAvailable })
  const ready = readyPages(options, { schema, fields, presenter, types: [...collections.keys()] }, log)
  const pruning = pruningOf({ store, clock, log, horizonMs, retentionMs })
  return {
    schema,
    clock,
    guard,
    plugin: () => guardPlugin(guard, admit),
    admit,
    identify,
    contextOf,
    context: async credentials => contextOf(await identify(credentials)),
    async readyAnswer({ context: { viewer }, ...request }) {
      try {
        return await ready?.answer(viewer, request, setting.delta())
      } catch (error) {
        // Execution does the same again and says it in the right place of the answer.
        if (!(error instanceof GraphQLError || error instanceof StoreError)) {
          log.error({ error }, 'a page could not be made of ready texts')
        }
        return undefined
      }
    },
    readyPokes({ operation, context: { viewer } }) {
      const text = readyPokes(operation)
      return text && pokes.subscribe(viewer, () => text(new Date(clock.now()).toISOString()))
    },
    formatError: (formatted, error) => maskError(formatted, error, log),
    ready: async () => started && (await probe()) && started,
    log,
    async start() {
      await store.open({ clock, log, ...(ready === undefined ? {} : { renderer: ready.renderer }) })
      await lookout?.start()
      await runner.recover()
      pruning.start()
      started = true
    },
    async stop() {
      started = false
      pokes.close()
      runner.stop()
      await pruning.stop()
      await engine.stop()
      await lookout?.stop()
      await store.close()
    },
    importRecords: (type, records) => importRecords({ store, collections, now: clock.now() }, type, records),
  }
}

const watchedTask = (definition: TaskDefinition): { name: string; steps: string[] } => ({
  name: definition.name,
  steps: definition.kind === 'saga' ? [...definition.steps, ...definition.afterwards].map(({ name }) => name) : [],
})

function lookoutFor(
  { bus, lookEveryMs }: GatewayOptions,
  setting: Omit<Parameters<typeof lookoutOf>[0], 'bus' | 'lookEveryMs'>,
): Lookout | undefined {
  if (bus === undefined) return undefined
  return lookoutOf({ bus, ...(lookEveryMs === undefined ? {} : { lookEveryMs }), ...setting })
}

function readyPages(
  { changesDocument }: GatewayOptions,
  setting: Omit<Parameters<typeof readyPagesOf>[0], 'document'>,
  log: Log,
): ReadyPages | undefined {
  if (changesDocument === undefined) return undefined
  const pages = readyPagesOf({ document: changesDocument, ...setting })
  if (pages === undefined) {
    log.warn({}, 'changesDocument asks for more than stored fields, so its pages are not made ahead')
  }
  return pages
}
