/** The outbox over several tabs: what others have queued, what the leading tab has made of it, and what is on the device when this one takes the lead. */
import type { StoredEntry } from '../entry.ts'
import type { History, SettledTask } from '../history.ts'
import type { Report } from '../listeners.ts'
import type { OutboxQueue } from '../outbox.ts'
import type { QueueNews } from '../outbox-change.ts'
import { asDoubtful } from '../outbox-states.ts'
import type { LoadedOutbox, OutboxRecords } from '../storage/outbox-records.ts'
import type { TemporaryIds } from '../temporary-ids.ts'

export interface QueueState {
  readonly entries: readonly StoredEntry[]
  readonly history: readonly SettledTask[]
  /** Server's ids by temporary id. */
  readonly ids: Readonly<Record<string, string>>
}

export interface QueueMirrorPorts {
  readonly queue: OutboxQueue
  readonly history: History
  readonly temporaryIds: TemporaryIds
  readonly records: OutboxRecords
  readonly report: Report
}

export class QueueMirror {
  readonly #ports: QueueMirrorPorts
  readonly #announce: (entry: StoredEntry) => void
  /** Queued in this tab, and not yet in what the leading tab told. */
  readonly #own = new Set<string>()

  /** @param announce tells the other tabs what this one has queued */
  constructor(ports: QueueMirrorPorts, announce: (entry: StoredEntry) => void) {
    this.#ports = ports
    this.#announce = announce
  }

  state(): QueueState {
    const { queue, history, temporaryIds } = this.#ports
    return { entries: [...queue.stored()], history: history.list, ids: temporaryIds.all() }
  }

  /** This tab has queued, and stored, one. */
  queued(entry: StoredEntry): void {
    if (!this.#ports.queue.leads) this.#own.add(entry.id)
    this.#announce(entry)
  }

  /** Another tab has. */
  appended(entry: StoredEntry): void {
    const { queue, report } = this.#ports
    if (queue.known(entry.id) || queue.outcomeOf(entry.id)) return
    if (queue.leads) void queue.change(({ put }) => put(entry)).catch(report)
    else queue.mirror({ changed: [entry], removed: [] })
  }

  /** What the leading tab has changed, and stores. */
  hear(news: QueueNews, write: Parameters<OutboxQueue['mirror']>[1]): void {
    for (const { id } of [...news.changed, ...news.removed]) this.#own.delete(id)
    this.#ports.queue.mirror(news, write)
  }

  /** The whole queue as the leading tab has it; what this tab has queued since then is told once more. Gives whether something left. */
  adopt({ entries, history, ids }: QueueState): boolean {
    const kept = this.#ports.history
    kept.adopt(history)
    return this.#replace(entries, ids, ({ id }) => {
      if (!this.#own.has(id) || kept.get(id)) return false
      this.#announce(this.#ports.queue.require(id))
      return true
    })
  }

  /** This tab leads from now on: what is on the device is the truth. */
  takeOver({ entries, settings, sequence }: LoadedOutbox): void {
    const { history, temporaryIds, records, report } = this.#ports
    const beside = history.restore(settings)
    temporaryIds.restore(settings)
    this.#own.clear()
    // What has a higher number was stored since.
    this.#replace(entries.map(asDoubtful), {}, entry => entry.sequence > sequence)
    records.save([], [], false, beside).catch(report)
  }

  #replace(
    entries: readonly StoredEntry[],
    ids: Readonly<Record<string, string>>,
    stays: (entry: StoredEntry) => boolean,
  ): boolean {
    const { queue, history, temporaryIds } = this.#ports
    const { list } = history
    temporaryIds.assign(ids)
    const there = new Set(entries.map(({ id }) => id))
    const gone = [...queue.stored()].filter(entry => !there.has(entry.id) && !stays(entry))
    queue.mirror({
      changed: entries.filter(({ id }) => !queue.drafts.has(id)), // Those are about to be there by themselves.
      removed: gone.map(({ id }) => ({ id, outcome: history.get(id)?.outcome })),
    })
    history.adopt(list)
    return gone.length > 0
  }
}
