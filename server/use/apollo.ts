import { ApolloServer, type ApolloServerOptions, type ApolloServerPlugin, HeaderMap } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import type { FormattedExecutionResult } from 'graphql'
import type { DocumentRun } from '../batch.ts'
import type { GatewayContext } from '../context.ts'
import type { Gateway } from '../gateway.ts'
import { MAX_ERRORS } from '../guard/guard.ts'
import type { Log } from '../log.ts'
import type { ReadyAnswer } from '../sync/ready-pages.ts'
import { statusOfHttp } from './http-status.ts'

export interface ApolloOptions {
  /** Default true. Without it nothing tells of the schema: no suggestions in errors either. */
  readonly introspection?: boolean
  readonly plugins?: readonly ApolloServerPlugin<GatewayContext>[]
}

/**
 * Apollo Server with the settings that suit a gateway: the cache-control plugin is off (it doubles the cost of lists), errors
 * are masked and few, persisted queries and HTTP batching are off, and signals are left to the process. Nothing depends on
 * NODE_ENV.
 */
export function apolloServer(
  gateway: Gateway,
  { introspection = true, plugins = [] }: ApolloOptions = {},
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    schema: gateway.schema,
    introspection,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: !introspection,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: gateway.guard.limits.tokens },
    validationOptions: { maxErrors: MAX_ERRORS },
    formatError: gateway.formatError,
    logger: quietLogger(gateway.log),
    stringifyResult,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      gateway.plugin(),
      statusOfHttp(),
      readyAnswers(gateway),
      ...plugins,
    ],
  })
}

/** Apollo Server pastes errors into its sentences. What was wrong is logged by `formatError`; here only that it spoke. */
function quietLogger(log: Log): NonNullable<ApolloServerOptions<GatewayContext>['logger']> {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: () => log.warn({}, 'Apollo Server warned of something'),
    error: () => log.error({}, 'Apollo Server reported an error'),
  }
}

interface ReadyBody extends ReadyAnswer {
  readonly context: GatewayContext
}

/** Answers that are ready, by the `data` that stands for them: nothing that a client sends can be that object. */
const readyBodies = new WeakMap<object, ReadyBody>()

/** Requests, by their contexts' documents, whose server can send bytes; the bytes once they are there. */
const bytesWanted = new WeakMap<DocumentRun, { bytes: Uint8Array | undefined }>()

/** From now on a ready answer to this request is no string; the returned function gives its body, if it was one. */
export function takeBytes({ document }: GatewayContext): () => Uint8Array | undefined {
  const wanted: { bytes: Uint8Array | undefined } = { bytes: undefined }
  bytesWanted.set(document, wanted)
  return () => wanted.bytes
}

/** Answers known documents without executing them. */
const readyAnswers = (gateway: Gateway): ApolloServerPlugin<GatewayContext> => ({
  async requestDidStart() {
    return {
      async responseForOperation({ document, request: { variables = {} }, contextValue: context }) {
        const answer = await gateway.readyAnswer({ document, variables, context })
        if (answer === undefined) return null
        // For other plugins it is the data itself, at the price of parsing.
        const parsed = (): unknown => JSON.parse(Buffer.concat(answer.json).toString())
        const data = Object.defineProperty({}, answer.key, { enumerable: true, get: parsed })
        readyBodies.set(data, { ...answer, context })
        return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult: { data } } }
      },
    }
  },
})

async function stringifyResult(result: FormattedExecutionResult): Promise<string> {
  const ready = result.data == null ? undefined : readyBodies.get(result.data)
  if (ready === undefined || result.errors !== undefined || result.extensions !== undefined)
    return JSON.stringify(result)
  const bytes = Buffer.concat([Buffer.from(`{"data":{${JSON.stringify(ready.key)}:`), ...ready.json, Buffer.from('}}')])
  const wanted = bytesWanted.get(ready.context.document)
  if (wanted === undefined) return bytes.toString()
  wanted.bytes = bytes
  return ''
}
