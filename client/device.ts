/** What is on the device: cache, outbox and the view over both. */
import type { Clock, Random } from '../protocol/ports.ts'
import { BaseWrites } from './base-writes.ts'
import { resolveConflictTask } from './decision-task.ts'
import { History } from './history.ts'
import type { Report } from './listeners.ts'
import type { OfflineClientOptions } from './offline-client.ts'
import { OptimisticLayer } from './optimistic.ts'
import { OutboxQueue } from './outbox.ts'
import { OutboxSize } from './outbox-limits.ts'
import { restoreEntry } from './restore.ts'
import { CacheRecords } from './storage/cache-records.ts'
import { inTheClear } from './storage/cipher.ts'
import { namespaceOf, openDatabase } from './storage/database.ts'
import { type LoadedOutbox, OutboxRecords } from './storage/outbox-records.ts'
import { Writer } from './storage/writer.ts'
import { taskDefinitions } from './task.ts'
import { Templates } from './templates.ts'
import { TemporaryIds } from './temporary-ids.ts'
import { TentativeChanges } from './tentative-changes.ts'

interface DevicePorts {
  readonly clock: Clock
  readonly random: Random
  readonly report: Report
}

export type Device = Awaited<ReturnType<typeof openDevice>>

/** @param leads whether this tab is the one that moves entries and writes the cache */
export async function openDevice(
  options: OfflineClientOptions,
  { clock, random, report }: DevicePorts,
  leads: () => boolean,
) {
  const { cache } = options
  const definitions = taskDefinitions([...options.tasks, resolveConflictTask])
  const { encryptionKey: key } = options
  const cipher = key ? (await import('./storage/encryption.ts')).encryption(key) : inTheClear
  const database = await openDatabase(namespaceOf(options.name, options.user), options.storage)
  const writer = new Writer(database, cipher, report)
  const records = new OutboxRecords(database, writer, cipher, report)
  const adapted = (loaded: LoadedOutbox): LoadedOutbox => ({
    ...loaded,
    entries: loaded.entries.map(entry => restoreEntry(entry, definitions)),
  })
  // Restoring the cache drops layers, so it comes before the outbox, which makes one.
  const cacheRecords = new CacheRecords({ cache, database, writer, cipher, clock, report })
  cacheRecords.lead(leads())
  // The outbox is asked for first: a task that is settled meanwhile is then seen twice, and never not at all.
  const [loaded] = await Promise.all([records.load(random), cacheRecords.restore()])
  const base = new BaseWrites(cache)
  base.subscribe({ written: () => cacheRecords.changed(), replaced: () => cacheRecords.changed() })

  const templates = new Templates(cache)
  const temporaryIds = new TemporaryIds(cache)
  const changes = new TentativeChanges(definitions, templates, temporaryIds, report)
  const layer = new OptimisticLayer(cache, base, options.sync !== undefined, report)
  const history = new History(options.historySize)
  const queue = new OutboxQueue({
    clock,
    random,
    records,
    history,
    size: new OutboxSize(options.limits),
    temporaryIds,
    isKnownRecord: id => base.holds(id),
    foreseenRecords: entry => changes.recordsOf(entry),
    foreseen: entry => changes.foreseenOf(entry),
    assignedIds: (entry, data) => changes.assignedIds(entry, data),
    view: ({ remove, add, write }) => layer.change({ remove, add: changes.ofAll(add), ...(write ? { write } : {}) }),
    leads,
    report,
  })
  const load = async (): Promise<LoadedOutbox> => adapted(await records.load(random))
  queue.restore(adapted(loaded))
  const { settings, session } = loaded
  return {
    cache,
    clock,
    random,
    report,
    definitions,
    database,
    writer,
    records,
    settings,
    session,
    load,
    history,
    cacheRecords,
    base,
    templates,
    temporaryIds,
    changes,
    layer,
    queue,
  }
}
