import { createGraphiQLFetcher, type Fetcher, type FetcherOpts, type FetcherParams } from '@graphiql/toolkit'
import { type DocumentNode, Kind, parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { CONNECTION_TOKEN } from 'layover/protocol'

const ENDPOINT = '/graphql'

type Headers = Readonly<Record<string, string>>

/** What the Headers pane says, or the signed-in user where it says nothing: introspection runs before the pane exists. */
function authorizationOf(headers: Headers | undefined, signedIn: string | undefined): string | undefined {
  const own = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization')
  return own?.[1] ?? signedIn
}

function webSocketUrl(): string {
  const url = new URL(ENDPOINT, window.location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

function parseOrNothing(query: string): DocumentNode | undefined {
  try {
    return parse(query)
  } catch {
    return undefined // The gateway says what is wrong with it, and where.
  }
}

/** GraphiQL learns an operation's name and kind a moment after a tab is opened; who runs it at once would run the tab before. */
function ofThisText(parameters: FetcherParams, options: FetcherOpts | undefined): [FetcherParams, FetcherOpts] {
  const documentAST = parseOrNothing(parameters.query)
  if (!documentAST) return [parameters, options ?? {}]
  const names = documentAST.definitions.flatMap(each =>
    each.kind === Kind.OPERATION_DEFINITION ? [each.name?.value ?? null] : [],
  )
  const asked = parameters.operationName ?? null
  const operationName = names.includes(asked) ? asked : (names[0] ?? null)
  return [
    { ...parameters, operationName },
    { ...options, documentAST },
  ]
}

/**
 * Queries and mutations over HTTP, subscriptions over graphql-transport-ws, both at the gateway that served the page.
 * A socket belongs to one token, so every token gets its own; an idle socket closes by itself.
 */
export function createPlaygroundFetcher(signedIn: string | undefined): Fetcher {
  const byAuthorization = new Map<string | undefined, Fetcher>()
  return (parameters, options) => {
    const authorization = authorizationOf(options?.headers, signedIn)
    let fetcher = byAuthorization.get(authorization)
    if (!fetcher) {
      const credentials: Record<string, string> = authorization === undefined ? {} : { authorization }
      fetcher = createGraphiQLFetcher({
        url: ENDPOINT,
        headers: credentials,
        wsClient: createClient({
          url: webSocketUrl(),
          connectionParams: authorization === undefined ? {} : { [CONNECTION_TOKEN]: authorization },
        }),
      })
      byAuthorization.set(authorization, fetcher)
    }
    return fetcher(...ofThisText(parameters, options))
  }
}
