/** What became of every task of a client, step by step: for assertions, and to be read when one of them fails. */
import { type Clock, systemClock } from '../../protocol/ports.ts'
import type { OutboxEntry, Outcome } from '../entry.ts'
import type { OfflineClient } from '../offline-client.ts'
import type { EntryStatus } from '../outbox-states.ts'

export type TimelineStatus = EntryStatus | 'discarded'

export interface TimelineStep {
  readonly id: string
  /** Operation name. */
  readonly name: string
  readonly status: TimelineStatus
  /** Milliseconds since the timeline began. */
  readonly atMs: number
}

export interface QueueTimeline {
  /** In the order in which they happened; entries that were there already begin with the status they had. */
  readonly steps: readonly TimelineStep[]
  /** Statuses of one task, without repetitions. */
  of(id: string): readonly TimelineStatus[]
  /** Ids in the order in which they were confirmed. */
  readonly order: readonly string[]
  /** A table: one line a step. */
  toString(): string
  close(): void
}

/** Records from now on. How an entry left the outbox is known a promise later than that it left. */
export function queueTimeline(client: OfflineClient, { clock = systemClock }: { clock?: Clock } = {}): QueueTimeline {
  const startedAt = clock.now()
  const steps: TimelineStep[] = []
  const last = new Map<string, TimelineStatus>()
  let known = new Map<string, OutboxEntry>()

  const note = ({ id, name }: OutboxEntry, status: TimelineStatus, atMs: number): void => {
    if (status === last.get(id)) return
    last.set(id, status)
    steps.push({ id, name, status, atMs })
  }
  const look = (): void => {
    const atMs = clock.now() - startedAt
    const current = new Map(client.outbox.entries.map(entry => [entry.id, entry]))
    for (const [id, entry] of known) if (!current.has(id)) void gone(entry, atMs)
    for (const [id, entry] of current) if (entry.status !== known.get(id)?.status) note(entry, entry.status, atMs)
    known = current
  }
  const gone = async (entry: OutboxEntry, atMs: number): Promise<void> => {
    const { status } = await client.outbox.settled(entry.id).catch((): Outcome => ({ status: 'discarded' }))
    note(entry, status, atMs)
  }
  look()
  const stop = client.outbox.subscribe(look)
  return {
    steps,
    of: id => steps.filter(step => step.id === id).map(step => step.status),
    get order() {
      return steps.filter(step => step.status === 'confirmed').map(step => step.id)
    },
    toString: () => steps.map(line).join('\n'),
    close: stop,
  }
}

const line = ({ id, name, status, atMs }: TimelineStep): string =>
  `${(atMs / 1000).toFixed(3).padStart(10)} s  ${status.padEnd(10)} ${name.padEnd(24)} ${id}`
