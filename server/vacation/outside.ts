/** The world outside: suppliers and mail by their addresses, or the sandbox and the mailbox in this process. */
import { join } from 'node:path'
import type { Clock } from 'layover/protocol'
import type { BookingOutside } from './book-vacation.ts'
import type { Config } from './config.ts'
import { smtpMailer } from './mail.ts'
import { type Mailbox, startMailbox } from './mailbox.ts'
import { httpSupplier } from './suppliers/http.ts'
import { startSandbox } from './suppliers/sandbox.ts'
import type { SandboxControl } from './suppliers/sandbox-control.ts'
import type { Supplier, SupplierKind } from './suppliers/suppliers.ts'

export interface Outside extends BookingOutside {
  /** What stands in for the outside, and where, for people. */
  readonly standIns: readonly string[]
  /** Where the sandbox stands in for a supplier. */
  readonly sandbox: SandboxControl | undefined
  readonly mailbox: Mailbox | undefined
  close(): Promise<void>
}

export async function connectOutside(config: Config, clock: Clock, fetch: typeof globalThis.fetch): Promise<Outside> {
  const { hotel, flight, car } = config.supplierUrls
  const standIns: string[] = []
  const sandbox =
    hotel === undefined || flight === undefined || car === undefined
      ? await startSandbox({ file: join(config.dataDirectory, 'sandbox.db'), clock })
      : undefined
  const mailbox = config.smtpUrl === undefined ? await startMailbox() : undefined
  if (sandbox !== undefined) standIns.push(`supplier sandbox ${sandbox.url}`)
  if (mailbox !== undefined) standIns.push(`mailbox ${mailbox.url}`)
  const supplier = (name: SupplierKind): Supplier =>
    httpSupplier({ name, url: config.supplierUrls[name] ?? sandbox?.[name] ?? '', fetch, clock })
  const mailer = smtpMailer({
    url: config.smtpUrl ?? mailbox?.url ?? '',
    from: 'Layover <bookings@layover.example>',
    clock,
  })
  return {
    suppliers: { hotel: supplier('hotel'), flight: supplier('flight'), car: supplier('car') },
    mailer,
    standIns,
    sandbox: sandbox?.control,
    mailbox,
    async close() {
      mailer.close()
      await Promise.all([sandbox?.close(), mailbox?.close()])
    },
  }
}
