/** What became of what was sent. */
import type { Answered } from './settle.ts'

export interface ReplayCounts {
  sent: number
  confirmed: number
  conflicts: number
  rejected: number
  requests: number
}

export class Counting {
  #counts: ReplayCounts = { sent: 0, confirmed: 0, conflicts: 0, rejected: 0, requests: 0 }

  get now(): ReplayCounts {
    return { ...this.#counts }
  }

  since(before: ReplayCounts): ReplayCounts {
    const counts = this.now
    for (const kind of Object.keys(counts) as (keyof ReplayCounts)[]) counts[kind] -= before[kind]
    return counts
  }

  sent(tasks: number): void {
    this.#counts.requests += 1
    this.#counts.sent += tasks
  }

  answered(answered: readonly Answered[]): void {
    for (const { entry, verdict } of answered) {
      if (verdict.kind === 'confirmed') this.#counts.confirmed += 1
      if (verdict.kind === 'conflict' && entry.status !== 'conflict') this.#counts.conflicts += 1
      if (verdict.kind === 'rejected') this.#counts.rejected += 1
    }
  }
}
