/** What became of the tasks that left the outbox, kept on the device: the newest few hundred, one record each. */
import type { OutboxEntry, Outcome, StoredEntry } from './entry.ts'

/** A task that left the outbox: by its verdict, or by hand. */
export interface SettledTask extends Pick<OutboxEntry, 'id' | 'sequence' | 'name' | 'queuedAt' | 'squashed'> {
  /** Left out where task and outcome together are large. */
  readonly variables?: Record<string, unknown>
  /** RFC 3339, by this device's clock. */
  readonly settledAt: string
  /** With its reconciliation report. `data` is null where task and outcome together are large. */
  readonly outcome: Outcome
}

const KEY = 'history/'
const DEFAULT_SIZE = 200
/** Characters of one record as text. */
const MAX_TEXT = 16_384

export class History {
  readonly #size: number
  /** Oldest first. */
  readonly #tasks = new Map<string, SettledTask>()
  /** Ids of tasks that were merged into others. */
  readonly #squashed = new Map<string, string>()
  #list: readonly SettledTask[] | undefined

  /** @param size how many are kept; default 200 */
  constructor(size = DEFAULT_SIZE) {
    this.#size = size
  }

  /** Newest first; replaced, never changed. */
  get list(): readonly SettledTask[] {
    this.#list ??= [...this.#tasks.values()].reverse()
    return this.#list
  }

  get(id: string): SettledTask | undefined {
    return this.#tasks.get(this.#squashed.get(id) ?? id)
  }

  /** Takes over what is on the device; gives what is to be removed there. */
  restore(settings: ReadonlyMap<string, unknown>): ReadonlyMap<string, string | null> {
    const found: SettledTask[] = []
    for (const [key, value] of settings) if (key.startsWith(KEY) && isSettledTask(value)) found.push(value)
    const place = ({ settledAt, sequence }: SettledTask): string => `${settledAt} ${String(sequence).padStart(16, '0')}`
    found.sort((a, b) => (place(a) < place(b) ? -1 : 1))
    for (const task of found) this.#put(task)
    return this.#trim()
  }

  /** Gives what is to be written and removed on the device. */
  add(
    { id, sequence, name, queuedAt, squashed, variables }: StoredEntry,
    outcome: Outcome,
    settledAt: string,
  ): ReadonlyMap<string, string | null> {
    const brief = { id, sequence, name, queuedAt, settledAt, ...(squashed ? { squashed } : {}) }
    let task: SettledTask = { ...brief, variables, outcome }
    let text = JSON.stringify(task)
    if (text.length > MAX_TEXT) {
      task = { ...brief, outcome: outcome.status === 'confirmed' ? { ...outcome, data: null } : outcome }
      text = JSON.stringify(task)
    }
    this.#put(task)
    return new Map([[KEY + id, text], ...this.#trim()])
  }

  /** Another tab's, newest first. */
  adopt(list: readonly SettledTask[]): void {
    this.#tasks.clear()
    this.#squashed.clear()
    for (const task of [...list].reverse()) this.#put(task)
    this.#list = undefined
  }

  /** Gives what is to be removed on the device. */
  clear(): ReadonlyMap<string, null> {
    const removed = new Map(Array.from(this.#tasks.keys(), id => [KEY + id, null]))
    this.#tasks.clear()
    this.#squashed.clear()
    this.#list = undefined
    return removed
  }

  #put(task: SettledTask): void {
    this.#tasks.delete(task.id)
    this.#tasks.set(task.id, task)
    for (const id of task.squashed ?? []) this.#squashed.set(id, task.id)
    this.#list = undefined
  }

  #trim(): Map<string, null> {
    const removed = new Map<string, null>()
    for (const [id, { squashed = [] }] of this.#tasks) {
      if (this.#tasks.size <= this.#size) break
      this.#tasks.delete(id)
      for (const each of squashed) this.#squashed.delete(each)
      removed.set(KEY + id, null)
    }
    return removed
  }
}

function isSettledTask(value: unknown): value is SettledTask {
  return typeof value === 'object' && value !== null && 'id' in value && 'settledAt' in value && 'outcome' in value
}
