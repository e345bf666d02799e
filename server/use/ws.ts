/** graphql-transport-ws for any node:http server. Door: `layover/server/ws`. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { handleProtocols } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { pause, systemClock } from '../../protocol/index.ts'
import type { Gateway } from '../gateway.ts'
import { connectionsOf } from './connection.ts'
import { originsOf } from './origins.ts'

export interface WebSocketOptions {
  /** Default `/graphql`. */
  readonly path?: string
  /** Default true. Refused otherwise, and errors suggest no names. */
  readonly introspection?: boolean
  /** Origins of other sites whose pages may ask, such as `https://app.example`; default none but the gateway's own. */
  readonly allowedOrigins?: readonly string[]
  /** Largest frame; default 256 KiB. A larger one closes the socket (1009). */
  readonly maxPayloadBytes?: number
  /** Operations of one socket at the same time; default 50. One more is refused (RATE_LIMITED), those under way go on. */
  readonly maxOperations?: number
  /** How long a socket may stay without `connection_init`; default 3000. Then it is closed (4408). */
  readonly connectionInitWaitMs?: number
  /** How often a peer is asked whether it is there; default 10,000. One that has not answered by the next time is cut off. */
  readonly keepAliveMs?: number
}

export interface WebSocketAdapter {
  /**
   * Refuses new sockets (503) and tells the open ones to go (1001), evenly over at most `overMs`, so that they do not arrive
   * elsewhere all at once. Rejects with the reason of `signal`.
   */
  leave(overMs: number, signal?: AbortSignal): Promise<void>
  /** Sockets are told to go (1001) and come back elsewhere; those that do not answer within two seconds are cut off. */
  close(): Promise<void>
}

const CLOSE_WAIT_MS = 2000
const LEAVE_TICK_MS = 50

/** Answers upgrades on `path`; the token stands in the connection_init payload as `authorization`. */
export function serveWebSocket(server: Server, gateway: Gateway, options: WebSocketOptions = {}): WebSocketAdapter {
  const path = options.path ?? '/graphql'
  const origins = originsOf(options.allowedOrigins)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxPayloadBytes ?? 256 * 1024,
    handleProtocols: protocols => handleProtocols(protocols),
  })
  const open = connectionsOf(gateway, options)
  const keepAliveMs = options.keepAliveMs ?? 10_000
  let leaving = false
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    stream.on('error', () => stream.destroy())
    if (request.url?.split('?')[0] !== path) {
      // Somebody else may serve it; if there is nobody, it must not stay open.
      if (server.listenerCount('upgrade') === 1) refuseUpgrade(stream, 404)
      return
    }
    if (leaving) {
      refuseUpgrade(stream, 503)
      return
    }
    if (!origins.mayConnect(request.headers)) {
      refuseUpgrade(stream, 403)
      return
    }
    sockets.handleUpgrade(request, stream, head, socket => {
      // A frame that is too large or no UTF-8: ws has closed the socket with the code for it.
      socket.on('error', () => undefined)
      keepAlive(socket, keepAliveMs)
      open(socket)
    })
  }
  server.on('upgrade', upgrade)
  const tellToGo = (some: readonly WebSocket[]): void => {
    for (const socket of some) socket.close(1001, 'Going away')
  }
  return {
    async leave(overMs, signal) {
      leaving = true
      const open = [...sockets.clients]
      const atOnce = Math.max(1, Math.ceil((open.length * LEAVE_TICK_MS) / Math.max(overMs, LEAVE_TICK_MS)))
      while (open.length > 0) {
        tellToGo(open.splice(0, atOnce))
        await pause(systemClock, LEAVE_TICK_MS, signal)
      }
    },
    async close() {
      server.off('upgrade', upgrade)
      tellToGo([...sockets.clients])
      const withdraw = systemClock.after(CLOSE_WAIT_MS, () => {
        for (const socket of sockets.clients) socket.terminate()
      })
      await new Promise<void>(resolve => sockets.close(() => resolve()))
      withdraw()
    },
  }
}

function refuseUpgrade(stream: Duplex, status: number): void {
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

/** On the clock of the wire, whatever the gateway's own says: a peer that is gone is gone in real time. */
function keepAlive(socket: WebSocket, everyMs: number): void {
  let answered = true
  const beat = (): void => {
    if (!answered) {
      socket.terminate()
      return
    }
    answered = false
    socket.ping()
    withdraw = systemClock.after(everyMs, beat)
  }
  let withdraw = systemClock.after(everyMs, beat)
  for (const event of ['pong', 'message']) {
    socket.on(event, () => {
      answered = true
    })
  }
  socket.once('close', () => withdraw())
}
