/** Offers: reference data read from the suppliers. */
import type { Clock } from 'layover/protocol'
import type { Gateway, Log } from 'layover/server'
import { OFFER_TYPES } from './collections.ts'
import { type Supplier, type SupplierKind, SupplierUnreachable } from './suppliers/suppliers.ts'

export interface OfferRefresh {
  stop(): Promise<void>
}

/** Reads every supplier's offers now and every `everyMs`. A supplier that is away keeps its last known offers. */
export async function refreshOffers(options: {
  gateway: Gateway
  suppliers: Readonly<Record<SupplierKind, Supplier>>
  clock: Clock
  everyMs: number
  log: Log
}): Promise<OfferRefresh> {
  const { gateway, suppliers, clock, everyMs, log } = options
  const stopping = new AbortController()
  let withdraw: (() => void) | undefined
  let running = Promise.resolve()

  async function read(kind: SupplierKind): Promise<void> {
    try {
      const offers = await suppliers[kind].offers(stopping.signal)
      const changed = await gateway.importRecords(
        OFFER_TYPES[kind],
        offers.map(offer => ({ replacedBy: null, ...offer })),
      )
      if (changed > 0) log.info({ kind, changed }, 'offers changed')
    } catch (error) {
      if (!(error instanceof SupplierUnreachable)) throw error
      log.warn({ kind, code: error.code }, 'offers could not be read; the last known ones stay')
    }
  }
  async function round(): Promise<void> {
    for (const kind of ['hotel', 'flight', 'car'] as const) if (!stopping.signal.aborted) await read(kind)
  }
  function goOn(): void {
    if (stopping.signal.aborted) return
    withdraw = clock.after(everyMs, () => {
      running = round()
        .catch((error: unknown) => log.error({ error }, 'offers could not be stored'))
        // Whatever failed: offers that are never read again grow old on every device.
        .then(goOn)
    })
  }

  running = round()
  await running
  goOn()
  return {
    async stop() {
      stopping.abort()
      withdraw?.()
      await running
    },
  }
}
