/** The queue and the view over it, put upon what was read from the device. */
import { resolveConflictTask } from './decision-task.ts'
import type { Device } from './device.ts'
import { History } from './history.ts'
import type { OfflineClientOptions } from './offline-client.ts'
import { OptimisticLayer } from './optimistic.ts'
import { OutboxQueue } from './outbox.ts'
import { OutboxSize } from './outbox-limits.ts'
import { restoreEntry } from './restore.ts'
import type { LoadedOutbox } from './storage/outbox-records.ts'
import { taskDefinitions } from './task.ts'
import { Templates } from './templates.ts'
import { TemporaryIds } from './temporary-ids.ts'
import { TentativeChanges } from './tentative-changes.ts'

export type QueueRooms = ReturnType<typeof openQueue>

/** Throws UNKNOWN_TASK, DOCUMENT_NOT_A_TASK, BAD_OPTION. */
export function openQueue(options: OfflineClientOptions, device: Device) {
  const { cache, clock, random, report, records, base, loaded, leads } = device
  const definitions = taskDefinitions([...options.tasks, resolveConflictTask])
  const adapted = (read: LoadedOutbox): LoadedOutbox => ({
    ...read,
    entries: read.entries.map(entry => restoreEntry(entry, definitions)),
  })
  const known = Array.from(definitions.values(), ({ text, document }) => [text, document] as const)
  const templates = new Templates(cache, new Map(known))
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
  return {
    ...device,
    settings: loaded.settings,
    session: loaded.session,
    load,
    definitions,
    history,
    templates,
    temporaryIds,
    changes,
    layer,
    queue,
  }
}
