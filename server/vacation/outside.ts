/** The world outside: suppliers and mail by their addresses, or what plays them, in this process or in a shared one. */
import type { Clock } from 'layover/protocol'
import type { BookingOutside } from './book-vacation.ts'
import type { Config } from './config.ts'
import { smtpMailer } from './mail.ts'
import { smtpUrlOf, startStandIns } from './stand-ins.ts'
import { httpSupplier } from './suppliers/http.ts'
import { type RemoteControl, remoteControl } from './suppliers/remote-control.ts'
import type { Supplier, SupplierKind } from './suppliers/suppliers.ts'

export interface Outside extends BookingOutside {
  /** What stands in for the outside, and where, for people. */
  readonly standIns: readonly string[]
  /** Of what stands in for them; undefined: suppliers and mail server are all real. */
  readonly control: RemoteControl | undefined
  /** The sandbox stands in for a supplier. */
  readonly isSandboxed: boolean
  close(): Promise<void>
}

interface StandIn {
  readonly url: string
  readonly smtpUrl: string
  close(): Promise<void>
}

export async function connectOutside(config: Config, clock: Clock, fetch: typeof globalThis.fetch): Promise<Outside> {
  const { supplierUrls, smtpUrl } = config
  const isReal = { suppliers: Object.values(supplierUrls).every(url => url !== undefined), mail: smtpUrl !== undefined }
  const standIn = isReal.suppliers && isReal.mail ? undefined : await standInOf(config, clock)
  const supplier = (name: SupplierKind): Supplier =>
    httpSupplier({ name, url: supplierUrls[name] ?? `${standIn?.url}/${name}`, fetch, clock })
  const mailer = smtpMailer({
    url: smtpUrl ?? standIn?.smtpUrl ?? '',
    from: 'Layover <bookings@layover.example>',
    clock,
  })
  return {
    suppliers: { hotel: supplier('hotel'), flight: supplier('flight'), car: supplier('car') },
    mailer,
    standIns:
      standIn === undefined
        ? []
        : [
            ...(isReal.suppliers ? [] : [`supplier sandbox ${standIn.url}`]),
            ...(isReal.mail ? [] : [`mailbox ${standIn.smtpUrl}`]),
          ],
    isSandboxed: !isReal.suppliers,
    control: standIn && remoteControl({ url: standIn.url, fetch, clock }),
    async close() {
      mailer.close()
      await standIn?.close()
    },
  }
}

async function standInOf({ outsideUrl, dataDirectory }: Config, clock: Clock): Promise<StandIn> {
  if (outsideUrl !== undefined) {
    return { url: outsideUrl, smtpUrl: smtpUrlOf(outsideUrl), close: async () => undefined }
  }
  const { sandbox, mailbox, close } = await startStandIns({ directory: dataDirectory, clock })
  return { url: sandbox.url, smtpUrl: mailbox.url, close }
}
