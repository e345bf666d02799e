/** A link over graphql-transport-ws that finds its way back by itself. Door: `layover/client/ws`. */
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { createClient, MessageType, stringifyMessage } from 'graphql-ws'
import { backoffMs, type Clock, pause, type Random, systemClock, systemRandom } from '../../protocol/ports.ts'
import { CONNECTION_TOKEN } from '../../protocol/protocol.ts'

export interface WebSocketLinkOptions {
  /** `wss://…` or `ws://…`; a function is asked anew for each connection. */
  url: string | (() => string | Promise<string>)
  /** The bearer token, without `Bearer`; asked anew for each connection. Undefined: none is sent. */
  token?: () => string | undefined | Promise<string | undefined>
  /** Milliseconds of silence after which the gateway is asked whether it is there; default 10,000. */
  keepAliveMs?: number
  /** Milliseconds that it has for the answer, and for accepting the token; default 5,000. */
  pongTimeoutMs?: number
  /** Longest waiting between two attempts to connect; default 60,000. The first comes after half a second to one. */
  maxRetryMs?: number
  /** Default: the global WebSocket. */
  webSocketImpl?: unknown
  clock?: Clock
  random?: Random
}

const FIRST_RETRY_MS = 1000

/**
 * For the subscription side of `ApolloLink.split`. A WebSocket does not notice that the network was cut, so the gateway is
 * pinged, and without an answer the socket is given up. It connects when the first operation starts, again whenever the
 * connection ends, for as long as one goes on, and starts those under way anew on the new one. Only a close code that says that
 * the client is wrong (4400, 4401, 4406, 4409, 4429, 4500) ends them with an error. Throws when there is no WebSocket.
 */
export function webSocketLink(options: WebSocketLinkOptions): GraphQLWsLink {
  const { url, token, keepAliveMs = 10_000, pongTimeoutMs = 5000, maxRetryMs = 60_000, webSocketImpl } = options
  const { clock = systemClock, random = systemRandom } = options
  let withdraw: () => void = () => undefined
  let socket: WebSocket | undefined
  const wait = (ms: number, run: () => void): void => {
    withdraw()
    withdraw = clock.after(ms, run)
  }
  // `close` would wait for an answer, and there is nobody to give one.
  const giveUp = (): void => client.terminate()
  const ask = (): void => {
    if (socket?.readyState === socket?.OPEN) socket?.send(stringifyMessage({ type: MessageType.Ping }))
    wait(pongTimeoutMs, giveUp)
  }
  const client = createClient({
    url,
    ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
    connectionParams: async () => {
      const value = await token?.()
      return value === undefined ? {} : { [CONNECTION_TOKEN]: `Bearer ${value}` }
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: retries => pause(clock, backoffMs(retries + 1, random, FIRST_RETRY_MS, maxRetryMs)),
    on: {
      opened(opened) {
        socket = opened as WebSocket
        wait(pongTimeoutMs, giveUp)
      },
      message: () => wait(keepAliveMs, ask),
      closed: () => withdraw(),
    },
  })
  return new GraphQLWsLink(client)
}
