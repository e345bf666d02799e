/** The moves of entries on their way out and back. A move that the disk did not take is tried again with the next one; meanwhile the queue goes on. */
import { LayoverError } from './layover-error.ts'
import type { Report } from './listeners.ts'
import type { OutboxQueue } from './outbox.ts'
import type { Packed, Unfit } from './packing.ts'

export class SendingMoves {
  readonly #queue: OutboxQueue
  readonly #report: Report

  constructor(queue: OutboxQueue, report: Report) {
    this.#queue = queue
    this.#report = report
  }

  /** Resolves when it is on the device: after a restart it must be known that the gateway may have them. */
  async send(documents: readonly { packed: readonly Packed[] }[], unfit: readonly Unfit[]): Promise<void> {
    if (documents.length === 0 && unfit.length === 0) return
    await this.keep(
      this.#queue.change(change => {
        for (const { packed } of documents)
          for (const { entry } of packed) change.move(entry.id, 'sending', { attempts: entry.attempts + 1 })
        for (const { id, reason } of unfit) change.move(id, 'parked', { outcome: { status: 'parked', reason } })
      }),
    )
  }

  async putBack(packed: readonly Packed[], to: 'queued' | 'in-doubt', nextAttemptAt?: string): Promise<void> {
    const still = packed.filter(({ entry }) => this.#queue.get(entry.id)?.status === 'sending')
    if (still.length === 0) return
    await this.keep(
      this.#queue.change(change => {
        for (const { entry } of still) change.move(entry.id, to, nextAttemptAt === undefined ? {} : { nextAttemptAt })
      }),
    )
  }

  /** Never rejects. */
  async keep(stored: Promise<void>): Promise<void> {
    try {
      await stored
    } catch (error) {
      this.#report(
        error instanceof LayoverError
          ? error
          : new LayoverError('STORAGE_FAILED', 'The outbox could not be stored.', error),
      )
    }
  }
}
