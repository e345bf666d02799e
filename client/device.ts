/** What stands on the device, read: cache and outbox, and the way back to it. */
import type { Clock, Random } from '../protocol/ports.ts'
import { BaseWrites } from './base-writes.ts'
import type { Report } from './listeners.ts'
import type { OfflineClientOptions } from './offline-client.ts'
import { CacheRecords } from './storage/cache-records.ts'
import { inTheClear } from './storage/cipher.ts'
import type { Database } from './storage/database.ts'
import { OutboxRecords } from './storage/outbox-records.ts'
import { Writer } from './storage/writer.ts'

interface DevicePorts {
  readonly clock: Clock
  readonly random: Random
  readonly report: Report
}

export type Device = Awaited<ReturnType<typeof openDevice>>

/**
 * @param opening of this user
 * @param leads whether this tab is the one that moves entries and writes the cache
 */
export async function openDevice(
  options: OfflineClientOptions,
  ports: DevicePorts,
  opening: Promise<Database>,
  leads: () => boolean,
) {
  const { cache } = options
  const { clock, random, report } = ports
  const { encryptionKey: key } = options
  const cipher = key ? (await import('./storage/encryption.ts')).encryption(key) : inTheClear
  const database = await opening

  const writer = new Writer(database, cipher, report)
  const records = new OutboxRecords(database, writer, cipher, report)
  // Restoring the cache drops layers, so it comes before the outbox, which makes one.
  const cacheRecords = new CacheRecords({ cache, database, writer, cipher, clock, report })
  cacheRecords.lead(leads())
  // The outbox is asked for first: a task that is settled meanwhile is then seen twice, and never not at all.
  const [loaded] = await Promise.all([records.load(random), cacheRecords.restore()])

  const base = new BaseWrites(cache)
  base.subscribe({ written: () => cacheRecords.changed(), replaced: () => cacheRecords.changed() })

  return { ...ports, cache, database, writer, records, cacheRecords, base, loaded, leads }
}
