/** What is refused of a WebSocket frame before the protocol sees it. The protocol: PROTOCOL.md of graphql-ws. */
import { MessageType } from 'graphql-ws'
import { measureText } from '../guard/source.ts'

/** Only the gateway sends these. */
const OURS: ReadonlySet<unknown> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error])

/** An id comes back in every message about its operation, and in the reason of a close, which holds 123 bytes. */
const LONGEST_ID = 128

/** Why a socket that sends this is closed with 4400, or undefined. What else is wrong with it the protocol finds by itself. */
export function faultOf(frame: string, nesting: number): string | undefined {
  // Brackets of JSON are those of GraphQL; the document is a string in it. A few levels are the message's own.
  const measured = measureText(frame, { tokens: Number.POSITIVE_INFINITY, nesting: nesting + 4 })
  if (measured.nesting > nesting + 4) return 'Nested too deeply'
  let message: unknown
  try {
    message = JSON.parse(frame)
  } catch {
    return 'Invalid message received'
  }
  if (typeof message !== 'object' || message === null) return 'Invalid message received'
  if ('type' in message && OURS.has(message.type)) return 'Only the gateway sends messages of this type'
  if ('id' in message && typeof message.id === 'string' && message.id.length > LONGEST_ID) {
    return `An id has at most ${LONGEST_ID} characters`
  }
  return undefined
}
