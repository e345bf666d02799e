import { ApolloLink, HttpLink } from '@apollo/client'
import { SetContextLink } from '@apollo/client/link/context'
import { OperationTypeNode } from 'graphql'
import { webSocketLink } from 'layover/client/ws'

/** @param token asked for with every request, so that a new one is used at once */
export function createLink(url: string, token: () => string): ApolloLink {
  const signed = new SetContextLink(({ headers }) => ({ headers: { ...headers, authorization: `Bearer ${token()}` } }))
  return ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    webSocketLink({ url: url.replace(/^http/, 'ws'), token }),
    signed.concat(new HttpLink({ uri: url })),
  )
}
