/** The outbox as React's hooks read it: snapshots that keep their identity while nothing of them changed. */
import type { OutboxEntry, Outcome } from '../entry.ts'
import type { OfflineClient } from '../offline-client.ts'
import type { Outbox } from '../outbox-door.ts'
import type { EntryStatus } from '../outbox-states.ts'

export interface OutboxState {
  /** In queue order. */
  readonly entries: readonly OutboxEntry[]
  /** By `pause`, or while somebody has to sign in. */
  readonly paused: boolean
  /** Who paused it; undefined while it is not. */
  readonly pausedBy: Outbox['pausedBy']
  /** How many the gateway has not given its verdict on and that go on by themselves: queued, blocked, sending, in doubt, accepted. */
  readonly waiting: number
  /** How many wait for a person: rejected, parked, or in conflict without a decision on its way. */
  readonly stuck: number
}

/** 'unknown': not in the outbox, and not settled in this session. With an `entry` while it is in the outbox. */
export type TaskState =
  | { readonly status: 'unknown'; readonly entry?: undefined; readonly outcome?: undefined }
  | { readonly status: EntryStatus; readonly entry: OutboxEntry; readonly outcome: Outcome | undefined }
  | { readonly status: Outcome['status']; readonly entry?: undefined; readonly outcome: Outcome }

export const EMPTY_OUTBOX: OutboxState = Object.freeze({
  entries: Object.freeze([]),
  paused: false,
  pausedBy: undefined,
  waiting: 0,
  stuck: 0,
})
export const UNKNOWN_TASK: TaskState = Object.freeze({ status: 'unknown' })

export class OutboxStore {
  readonly #client: OfflineClient
  readonly #tasks = new WeakMap<OutboxEntry | Outcome, TaskState>()
  #state: OutboxState = EMPTY_OUTBOX

  constructor(client: OfflineClient) {
    this.#client = client
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#client.outbox.subscribe(() => listener())

  readonly state = (): OutboxState => {
    const { entries, paused, pausedBy } = this.#client.outbox
    if (entries !== this.#state.entries) {
      const left = entries.filter(({ status }) => status !== 'conflict')
      const refused = left.filter(({ status }) => status === 'rejected' || status === 'parked').length
      const stuck = refused + this.#client.conflicts.list.length
      this.#state = { entries, paused, pausedBy, waiting: left.length - refused, stuck }
    } else if (pausedBy !== this.#state.pausedBy) this.#state = { ...this.#state, paused, pausedBy }
    return this.#state
  }

  /** The same object as long as nothing of it changed. */
  task(id: string): TaskState {
    const { outbox } = this.#client
    const entry = outbox.get(id)
    const outcome = entry ? entry.outcome : outbox.outcome(id)
    const origin = entry ?? outcome
    if (!origin) return UNKNOWN_TASK
    let state = this.#tasks.get(origin)
    if (!state) {
      state = entry ? { status: entry.status, entry, outcome } : { status: outcome!.status, outcome: outcome! }
      this.#tasks.set(origin, state)
    }
    return state
  }
}
