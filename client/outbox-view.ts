/** Which entries the view shows, and what a change of them means for it. */
import type { Entries } from './entries.ts'
import type { StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import type { Report } from './listeners.ts'
import type { BaseWrite, ViewListener } from './outbox-change.ts'

export class OutboxView {
  readonly #entries: Entries
  readonly #view: ViewListener
  readonly #report: Report
  readonly #shown = new Set<string>()

  constructor(entries: Entries, view: ViewListener, report: Report) {
    this.#entries = entries
    this.#view = view
    this.#report = report
  }

  /** The view holds its change already. */
  mark(id: string): void {
    this.#shown.add(id)
  }

  /** @param replaced ids of those among the touched whose change is another one now */
  update(touched: ReadonlySet<string>, write?: BaseWrite, replaced: ReadonlySet<string> = new Set()): void {
    const remove: string[] = []
    const add: StoredEntry[] = []
    for (const id of touched) {
      const entry = this.#entries.get(id)
      const shows = entry !== undefined && this.#entries.isShown(entry)
      const showed = this.#shown.has(id)
      if (shows && (!showed || replaced.has(id))) add.push(entry)
      if (showed && (!shows || replaced.has(id))) remove.push(id)
      if (shows) this.#shown.add(id)
      else this.#shown.delete(id)
    }
    if (remove.length === 0 && add.length === 0 && !write) return
    try {
      this.#view({ remove, add, write })
    } catch (error) {
      // The view is rebuilt with the next change; the queue must not lose this one.
      this.#report(new LayoverError('UPDATE_FAILED', 'The view could not be brought up to date.', error))
    }
  }
}
