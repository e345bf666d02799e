/** The guard for any Apollo Server. */
import type { ApolloServerPlugin } from '@apollo/server'
import { heardOf } from '../batch.ts'
import type { GatewayContext } from '../context.ts'
import type { Admission } from '../gateway.ts'
import type { Guard } from './guard.ts'

/** Valid everywhere, and asks for nothing. */
const HARMLESS = '{ __typename }'

/**
 * Screens the text before Apollo parses it, and lets the operation in afterwards. What a plugin throws before the parser is
 * answered as a fault of the server (500), and nothing it returns stops the parser. So a text that is refused is taken away
 * from it, and the refusal given where Apollo listens: at the resolved operation, before anything runs.
 */
export function guardPlugin(
  guard: Guard,
  admit: (admission: Admission) => Promise<void>,
): ApolloServerPlugin<GatewayContext> {
  return {
    async requestDidStart({ request }) {
      const refusal = request.query === undefined ? undefined : refusalOf(guard, request.query, request.variables)
      if (refusal !== undefined) request.query = HARMLESS
      return {
        async didResolveOperation({ document, operation, request: { extensions }, contextValue: context }) {
          if (refusal !== undefined) throw refusal
          if (operation != null) await admit({ document, operation, extensions, context })
        },
        async willSendResponse({ request: { extensions }, response: { body }, contextValue: context }) {
          const heard = heardOf(extensions, context.viewer)
          if (heard === undefined || body.kind !== 'single') return
          body.singleResult.extensions = { ...body.singleResult.extensions, ...heard }
        },
      }
    },
  }
}

function refusalOf(guard: Guard, query: string, variables: unknown): Error | undefined {
  try {
    guard.screen({ query, variables })
    return undefined
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}
