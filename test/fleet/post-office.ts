/** A mail server that counts every delivery, repeats too. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface Delivery {
  readonly messageId: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface PostOffice {
  /** `smtp://127.0.0.1:<port>`. */
  readonly url: string
  /** In the order in which they came. */
  readonly deliveries: readonly Delivery[]
  close(): Promise<void>
}

/** From taking a message to saying so: whoever stops in between does not know that it has gone out. */
const HANDSHAKE_MS = 100

export async function startPostOffice(): Promise<PostOffice> {
  const deliveries: Delivery[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('error', done)
      stream.on('end', () => {
        const messageId = /^Message-ID:\s*(\S+)/im.exec(Buffer.concat(chunks).toString())?.[1] ?? ''
        deliveries.push({ messageId, at: Date.now() })
        setTimeout(done, HANDSHAKE_MS)
      })
    },
  })
  // Who breaks off concerns its own session only.
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    deliveries,
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
}
