/** What plays the outside: the supplier sandbox and the mailbox, in a gateway's process or in one of their own. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from 'layover/protocol'
import { type Mailbox, startMailbox } from './mailbox.ts'
import { type Sandbox, startSandbox } from './suppliers/sandbox.ts'

export interface StandInOptions {
  /** Where the sandbox keeps what is reserved; made if it is missing. Mails are kept in memory. */
  readonly directory: string
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Of the sandbox; the mailbox takes the next one (`smtpUrlOf`). Default: any two free ones. */
  readonly port?: number
  readonly clock: Clock
}

export interface StandIns {
  readonly sandbox: Sandbox
  readonly mailbox: Mailbox
  close(): Promise<void>
}

/** Rejects if a port is taken or the folder can't be written; nothing stays open then. */
export async function startStandIns({ directory, host = '127.0.0.1', port, clock }: StandInOptions): Promise<StandIns> {
  mkdirSync(directory, { recursive: true })
  const mailbox = await startMailbox({ host, ...(port === undefined ? {} : { port: port + 1 }) })
  try {
    const sandbox = await startSandbox({
      file: join(directory, 'sandbox.db'),
      host,
      ...(port === undefined ? {} : { port }),
      clock,
      views: { mails: () => ({ mails: mailbox.messages().length }) },
    })
    return {
      sandbox,
      mailbox,
      close: async () => void (await Promise.all([sandbox.close(), mailbox.close()])),
    }
  } catch (error) {
    await mailbox.close()
    throw error
  }
}

/** Where the mailbox of stand-ins with a port of their own is. */
export function smtpUrlOf(outsideUrl: string): string {
  const { hostname, port, protocol } = new URL(outsideUrl)
  const standard = protocol === 'https:' ? 443 : 80
  return `smtp://${hostname}:${(port === '' ? standard : Number(port)) + 1}`
}
