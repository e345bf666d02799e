/** A device as far as pulling goes: a cursor and the records it was sent. */
import { type Clock, systemClock } from '../../protocol/index.ts'
import type { Viewer } from '../../server/index.ts'
import type { Answer } from './world.ts'

export interface Page {
  readonly cursor: string
  readonly hasMore: boolean
  readonly reset: boolean
  readonly changed: readonly { __typename: string; id: string; version: number; [field: string]: unknown }[]
  readonly removed: readonly { type: string; id: string; reason: 'DELETED' | 'OUT_OF_SCOPE' }[]
}

export interface Scope {
  readonly type: string
  readonly where?: unknown
}

type Ask = (viewer: Viewer, query: string, variables?: object) => Promise<Answer>

const PULL = `query ($since: Cursor, $scopes: [ScopeInput!], $first: Int! = 1000) {
  changes(since: $since, scopes: $scopes, first: $first) {
    cursor hasMore reset removed { type id reason }
    changed {
      __typename id version
      ... on Customer { ownerId name phone notes }
      ... on Vacation { ownerId }
      ... on HotelOffer { place stars discontinued }
      ... on Task { name status }
    }
  }
}`

export class Device {
  readonly viewer: Viewer
  readonly scopes: readonly Scope[] | undefined
  /** By `Type:id`. */
  readonly records = new Map<string, Page['changed'][number]>()
  readonly removals: Page['removed'][number][] = []
  readonly resets: number[] = []
  cursor: string | undefined
  readonly #ask: Ask
  #pages = 0

  constructor(ask: Ask, viewer: Viewer, scopes?: readonly Scope[]) {
    this.#ask = ask
    this.viewer = viewer
    this.scopes = scopes
  }

  async page(first = 1000): Promise<Page> {
    const answer = await this.#ask(this.viewer, PULL, {
      first,
      ...(this.cursor === undefined ? {} : { since: this.cursor }),
      ...(this.scopes === undefined ? {} : { scopes: this.scopes }),
    })
    if (answer.errors.length > 0) throw new Error(answer.text)
    const page = answer.data.changes as Page
    this.#pages += 1
    if (page.reset) {
      this.records.clear()
      this.resets.push(this.#pages)
    }
    for (const record of page.changed) this.records.set(`${record.__typename}:${record.id}`, record)
    for (const removal of page.removed) {
      this.records.delete(`${removal.type}:${removal.id}`)
      this.removals.push(removal)
    }
    this.cursor = page.cursor
    return page
  }

  async pull(first = 1000): Promise<this> {
    while ((await this.page(first)).hasMore);
    return this
  }

  /** Its records in an order of their own. */
  holds(): unknown[] {
    return [...this.records].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, record]) => record)
  }

  /** What a new device of the same person and the same scopes holds. */
  async anew(): Promise<unknown[]> {
    return (await new Device(this.#ask, this.viewer, this.scopes).pull()).holds()
  }

  ids(type: string): string[] {
    return [...this.records.values()].filter(({ __typename }) => __typename === type).map(({ id }) => id)
  }
}

/** The system's clock with its date in our hands. Timers of an hour and more ring only when they are told to. */
export interface Calendar extends Clock {
  aheadMs: number
  /** Rings everything that waits for an hour or more. */
  ring(): void
}

export const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

export function calendar(): Calendar {
  let waiting: (() => void)[] = []
  return {
    aheadMs: 0,
    now() {
      return systemClock.now() + this.aheadMs
    },
    after(ms, run) {
      if (ms < HOUR_MS) return systemClock.after(ms, run)
      waiting.push(run)
      return () => {
        waiting = waiting.filter(other => other !== run)
      }
    },
    ring() {
      const due = waiting
      waiting = []
      for (const run of due) run()
    },
  }
}
