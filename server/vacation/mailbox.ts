import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail {
  /** The whole header, `<unique@host>`. */
  readonly messageId: string
  /** The addresses of the envelope, joined by a comma. */
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Mailbox {
  /** `smtp://<host>:<port>`, for `smtpMailer`. */
  readonly url: string
  /** What a reader sees, oldest first: each Message-ID once, as it came first. The latest 50,000. */
  messages(): ReceivedMail[]
  /** How many messages were taken in all, repeats included. */
  deliveries(): number
  /** Answers the next `times` messages with 451, a passing no, instead of taking them; at least 0. */
  refuse(times: number): void
  /** Cuts every connection and resolves when the port is free again. Idempotent. */
  close(): Promise<void>
}

const maxMessages = 50_000
const maxMessageBytes = 1_048_576

/**
 * An SMTP server that keeps what it is given in memory, for a demo without a mail server and for tests.
 * No sign-in, no TLS, plain text only: of a message with parts `text` is the raw body. Default port: any free one;
 * default host 127.0.0.1. Rejects if the port is taken.
 */
export async function startMailbox({
  port = 0,
  host = '127.0.0.1',
}: {
  readonly port?: number
  readonly host?: string
} = {}): Promise<Mailbox> {
  const received = new Map<string, ReceivedMail>()
  const sockets = new Set<Socket>()
  let taken = 0
  let refusals = 0

  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    size: maxMessageBytes,
    rejectOversized: true,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('error', done)
      stream.on('end', () => {
        if (stream.sizeExceeded) return done()
        if (refusals > 0) {
          refusals -= 1
          return done(Object.assign(new Error('4.3.0 Try again later'), { responseCode: 451 }))
        }
        taken += 1
        const mail = parseMail(Buffer.concat(chunks).toString('utf8'))
        const messageId = mail.messageId ?? `<delivery-${taken}@mailbox.invalid>`
        const to = session.envelope.rcptTo.map(recipient => recipient.address).join(', ')
        if (!received.has(messageId)) received.set(messageId, { ...mail, messageId, to })
        const [oldest] = received.keys()
        if (received.size > maxMessages && oldest !== undefined) received.delete(oldest)
        done()
      })
    },
  })
  smtp.server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const listening = once(smtp.server, 'listening')
  // A caller that breaks off concerns its own session only; a port that is taken rejects `listening`.
  smtp.on('error', () => undefined)
  smtp.listen(port, host)
  await listening

  let closed: Promise<void> | undefined
  return {
    url: `smtp://${host}:${(smtp.server.address() as AddressInfo).port}`,
    messages: () => [...received.values()],
    deliveries: () => taken,
    refuse(times) {
      refusals = times
    },
    close() {
      closed ??= new Promise(resolve => {
        smtp.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })
      return closed
    },
  }
}

function parseMail(raw: string): { messageId?: string; subject: string; text: string } {
  const end = raw.indexOf('\r\n\r\n')
  const head = end < 0 ? raw : raw.slice(0, end)
  const body = end < 0 ? '' : raw.slice(end + 4)
  // A header goes on in the next line if that begins with white space (RFC 5322, 2.2.3).
  const lines = head.replace(/\r\n(?=[ \t])/g, '').split('\r\n')
  const headers = new Map(
    lines.map(line => [line.split(':', 1)[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const messageId = headers.get('message-id')
  return {
    ...(messageId ? { messageId } : {}),
    subject: decodeWords(headers.get('subject') ?? ''),
    text: decodeBody(body, headers.get('content-transfer-encoding')),
  }
}

function decodeBody(body: string, encoding = '7bit'): string {
  const decoded = decodeAs(encoding.toLowerCase(), body)
  return decoded.replace(/\r\n/g, '\n').replace(/\n$/, '')
}

function decodeAs(encoding: string, body: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding === 'quoted-printable') return decodeQuoted(body.replace(/[ \t]*=\r\n/g, ''))
  return body
}

/** Encoded words of a header in UTF-8 (RFC 2047); the white space between two of them belongs to the encoding. */
function decodeWords(header: string): string {
  const word = /=\?utf-8\?([qb])\?([^?]*)\?=/gi
  return header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(word, (_, kind: string, text: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64').toString('utf8')
        : decodeQuoted(text.replaceAll('_', ' ')),
    )
}

/** `=C3=A9` is one character of two bytes, so the bytes are gathered before they are read as UTF-8 (RFC 2045, 6.7). */
function decodeQuoted(text: string): string {
  return text.replace(/(?:=[0-9A-F]{2})+/gi, run => Buffer.from(run.replaceAll('=', ''), 'hex').toString('utf8'))
}
