import type { ApolloServerPlugin } from '@apollo/server'
import type { GatewayContext } from '../context.ts'

/** Errors of a well-formed request whose document cannot be run. */
const OF_DOCUMENT = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT'])

/**
 * The statuses of GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/, "Status Codes") where Apollo Server
 * has others: a client that takes only `application/json` gets 200 for a document that cannot be run, since for it another
 * status could come from anything between; and an answer with data is 200, whatever one of its fields says.
 */
export function statusOfHttp(): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ request, response: { body, http } }) {
          if (body.kind !== 'single') return
          const { data, errors = [] } = body.singleResult
          if (data !== undefined && data !== null) http.status = 200
          const accepted = request.http?.headers.get('accept') ?? ''
          if (http.status !== 400 || accepted.includes('application/graphql-response+json')) return
          if (errors.some(({ extensions }) => OF_DOCUMENT.has(String(extensions?.['code'])))) http.status = 200
        },
      }
    },
  }
}
