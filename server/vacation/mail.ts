import { setMaxListeners } from 'node:events'
import type { Clock } from 'layover/protocol'
import { createTransport } from 'nodemailer'
import { withDeadline } from './suppliers/deadline.ts'

export interface MailMessage {
  /** One bare address, `name@host`. */
  readonly to: string
  readonly subject: string
  readonly text: string
  /** The whole header, `<unique@host>` (RFC 5322, 3.6.4). A repeat carries the same one, and is recognised by it. */
  readonly messageId: string
}

export interface Mailer {
  /**
   * Resolves when the server has taken the message. Throws `MailNotSent`, and nothing else; after UNAVAILABLE the
   * message may have gone out, and sending it again with the same `messageId` is right.
   */
  send(message: MailMessage, signal?: AbortSignal): Promise<void>
  /** Gives up what is under way (UNAVAILABLE) and refuses what comes later. Idempotent. */
  close(): void
}

export interface SmtpMailerOptions {
  /** `smtp://host:port` or `smtps://user:password@host`. */
  readonly url: string
  /** The sender, `name@host` or `Name <name@host>`. */
  readonly from: string
  readonly clock: Clock
  /** For one message, connecting included. At least 1, default 10,000. */
  readonly timeoutMs?: number
}

/** INVALID_MESSAGE: `field` cannot be sent at all. REFUSED: the server said a lasting no (5xx). UNAVAILABLE: anything else; the outcome is unknown. */
export type MailErrorCode = 'INVALID_MESSAGE' | 'REFUSED' | 'UNAVAILABLE'

export class MailNotSent extends Error {
  readonly code: MailErrorCode
  /** What of the message is wrong, with INVALID_MESSAGE. */
  readonly field: keyof MailMessage | undefined

  constructor(code: MailErrorCode, message: string, detail: { field?: keyof MailMessage; cause?: unknown } = {}) {
    super(message, 'cause' in detail ? { cause: detail.cause } : undefined)
    this.name = 'MailNotSent'
    this.code = code
    this.field = detail.field
  }
}

/** Narrower than RFC 5321 on purpose: no quoted names, no comments, nothing that a header could read as a second address. */
const address = /^[^\s<>()[\]\\,;:"@]{1,64}@[^\s<>()[\]\\,;:"@]{1,189}$/u
const messageIdHeader = /^<[^\s<>@]{1,200}@[^\s<>@]{1,200}>$/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f]/u

/**
 * Sends over SMTP, one connection a message. Throws a TypeError at once if `url` is no smtp or smtps address or `from`
 * holds a control character.
 */
export function smtpMailer({ url, from, clock, timeoutMs = 10_000 }: SmtpMailerOptions): Mailer {
  if (!['smtp:', 'smtps:'].includes(new URL(url).protocol)) throw new TypeError(`not an smtp address: ${url}`)
  if (controlCharacter.test(from)) throw new TypeError('the sender holds a control character')
  const transport = createTransport({
    url,
    // The deadline below holds for the whole; these free the socket of a server that says nothing.
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const closing = new AbortController()
  // Every message under way listens to it: many listeners are many messages, and no leak.
  setMaxListeners(0, closing.signal)

  return {
    async send(message, signal) {
      refuseInvalid(message)
      const { to, subject, text, messageId } = message
      const stop = stoppedByEither(closing.signal, signal)
      try {
        await withDeadline({ clock, timeoutMs, signal: stop.signal }, attemptSignal =>
          transport.sendMail({
            from,
            to: { name: '', address: to },
            subject,
            text,
            messageId,
            date: new Date(clock.now()),
            signal: attemptSignal,
          }),
        )
      } catch (cause) {
        const code = isLastingRefusal(cause) ? 'REFUSED' : 'UNAVAILABLE'
        throw new MailNotSent(code, `mail ${messageId}: ${code === 'REFUSED' ? 'refused' : 'not taken'}`, { cause })
      } finally {
        stop.forget()
      }
    },
    close() {
      closing.abort()
      transport.close()
    },
  }
}

function refuseInvalid({ to, subject, text, messageId }: MailMessage): void {
  const refuse = (field: keyof MailMessage, why: string): never => {
    throw new MailNotSent('INVALID_MESSAGE', `${field}: ${why}`, { field })
  }
  // A line break in a header begins another header (CWE-93), so none is ever passed on, encoded or not.
  if (controlCharacter.test(to)) refuse('to', 'holds a control character')
  if (!address.test(to)) refuse('to', 'is not exactly one address')
  if (controlCharacter.test(subject)) refuse('subject', 'holds a control character')
  if (!messageIdHeader.test(messageId) || controlCharacter.test(messageId)) refuse('messageId', 'is not <unique@host>')
  if (text === '') refuse('text', 'is empty')
}

/** A failed sign-in is 5xx as well, but it is the operator's to mend, and the message is good. */
function isLastingRefusal(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('responseCode' in cause) || typeof cause.responseCode !== 'number') return false
  const signIn = 'code' in cause && cause.code === 'EAUTH'
  return cause.responseCode >= 500 && !signIn
}

/** `AbortSignal.any`, without leaving a listener behind on a signal that lives as long as the mailer. */
function stoppedByEither(first: AbortSignal, second?: AbortSignal): { signal: AbortSignal; forget: () => void } {
  const either = new AbortController()
  const signals = second ? [first, second] : [first]
  const stop = (): void => either.abort(signals.find(signal => signal.aborted)?.reason)
  if (signals.some(signal => signal.aborted)) stop()
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true })
  return {
    signal: either.signal,
    forget: () => {
      for (const signal of signals) signal.removeEventListener('abort', stop)
    },
  }
}
