import { ApolloServer, type ApolloServerOptions, type ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
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
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      gateway.plugin(),
      statusOfHttp(),
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
