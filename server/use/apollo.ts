import { ApolloServer, type ApolloServerOptions, type ApolloServerPlugin, HeaderMap } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import type { FormattedExecutionResult } from 'graphql'
import type { GatewayContext } from '../context.ts'
import type { Gateway } from '../gateway.ts'
import { MAX_ERRORS } from '../guard/guard.ts'
import type { Log } from '../log.ts'
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

/** Texts of `data` that are ready. Found by the object, which nothing that a client sends can be. */
const texts = new WeakMap<object, string>()

/** Answers known documents without executing them. */
const readyAnswers = (gateway: Gateway): ApolloServerPlugin<GatewayContext> => ({
  async requestDidStart() {
    return {
      async responseForOperation({ document, request: { variables = {} }, contextValue: context }) {
        const answer = await gateway.readyAnswer({ document, variables, context })
        if (answer === undefined) return null
        // For other plugins it is the data itself, at the price of parsing.
        const data = Object.defineProperty({}, answer.key, { enumerable: true, get: () => JSON.parse(answer.text) })
        texts.set(data, `{${JSON.stringify(answer.key)}:${answer.text}}`)
        return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult: { data } } }
      },
    }
  },
})

async function stringifyResult(result: FormattedExecutionResult): Promise<string> {
  const text = result.data == null ? undefined : texts.get(result.data)
  if (text === undefined || result.errors !== undefined || result.extensions !== undefined)
    return JSON.stringify(result)
  return `{"data":${text}}`
}
