import { ApolloServer, type ApolloServerOptions, type ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import type { GatewayContext } from '../context.ts'
import type { Gateway } from '../gateway.ts'
import type { Log } from '../log.ts'

export interface ApolloOptions {
  /** Default true. */
  readonly introspection?: boolean
  readonly plugins?: readonly ApolloServerPlugin<GatewayContext>[]
}

/**
 * Apollo Server with the settings that suit a gateway: the cache-control plugin is off (it doubles the cost of lists), errors
 * are masked, persisted queries and HTTP batching are off, and signals are left to the process.
 */
export function apolloServer(
  gateway: Gateway,
  { introspection = true, plugins = [] }: ApolloOptions = {},
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    schema: gateway.schema,
    introspection,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: false,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    formatError: gateway.formatError,
    logger: quietLogger(gateway.log),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      gateway.plugin(),
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
