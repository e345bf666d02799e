/** Peers that speak to the gateway below HTTP clients and WebSocket libraries: also what those would never send. */
import { connect, type Socket } from 'node:net'
import { type ClientOptions, WebSocket } from 'ws'

export interface Closed {
  readonly code: number
  readonly reason: string
}

export interface Message {
  readonly type: string
  readonly id?: string
  // biome-ignore lint/suspicious/noExplicitAny: payloads of any message
  readonly payload?: any
}

export interface Peer {
  readonly socket: WebSocket
  /** A message, or a frame as it stands. */
  send(message: object | string | Buffer): void
  /** The next message that fits and was not handed out before. Rejects when the socket closes first. */
  next(fits?: (message: Message) => boolean): Promise<Message>
  readonly closed: Promise<Closed>
}

export interface PeerOptions extends Omit<ClientOptions, 'protocol'> {
  /** Default graphql-transport-ws; null for none. */
  readonly protocol?: string | null
}

/** Resolves when the handshake is done. Rejects with the status of the refusal in its text. */
export async function openPeer(
  url: string,
  { protocol = 'graphql-transport-ws', ...options }: PeerOptions = {},
): Promise<Peer> {
  const address = `${url.replace(/^http/, 'ws')}/graphql`
  const socket = protocol === null ? new WebSocket(address, options) : new WebSocket(address, protocol, options)
  const waiting = new Set<() => void>()
  const messages: Message[] = []
  let end: Closed | undefined
  const tell = (): void => {
    for (const look of waiting) look()
  }
  socket.on('message', data => {
    messages.push(JSON.parse(String(data)) as Message)
    tell()
  })
  const closed = new Promise<Closed>(resolve => {
    socket.once('close', (code, reason) => {
      end = { code, reason: String(reason) }
      resolve(end)
      tell()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => undefined)
  return {
    socket,
    closed,
    send: message =>
      socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    next: (fits = () => true) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const index = messages.findIndex(fits)
          if (index < 0 && end === undefined) return
          waiting.delete(look)
          const [found] = index < 0 ? [] : messages.splice(index, 1)
          if (found) resolve(found)
          else reject(new Error(`closed with ${end?.code} ${end?.reason} before the message came`))
        }
        waiting.add(look)
        look()
      }),
  }
}

/** A peer that has been let in. */
export async function signedIn(url: string, token: string, options: PeerOptions = {}): Promise<Peer> {
  const peer = await openPeer(url, options)
  peer.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })
  await peer.next(({ type }) => type === 'connection_ack')
  return peer
}

export interface Line {
  readonly socket: Socket
  /** Everything that came, once the other side has closed or cut the line. */
  readonly ended: Promise<string>
  /** What came until now. */
  readonly text: string
}

/** A bare TCP connection that has sent `text` and says nothing more. */
export async function openLine(url: string, text: string): Promise<Line> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.on('data', data => {
    received += String(data)
  })
  const ended = new Promise<string>(resolve => {
    socket.once('close', () => resolve(received))
    socket.once('error', () => resolve(received))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.write(text)
  return {
    socket,
    ended,
    get text() {
      return received
    },
  }
}
