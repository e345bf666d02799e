/**
 * A simulated installation: it replays its outbox and pulls in the way of the real client, without a cache and a screen. The
 * same document is sent until every task of it is acknowledged; a second leaves beside it, naming what it follows, once an
 * answer has shown that the gateway hears it.
 */
import { aliasOf, ERROR_CODES, FOLLOWS_KEY } from '../../protocol/index.ts'
import { CHANGES, replayDocument, type TaskName, type WaitingTask } from './documents.ts'
import type { Line, Reply } from './wire.ts'

const TASKS_PER_DOCUMENT = 20
const RETRY_MS = 250
const LONGEST_RETRY_MS = 4000
/** As the real client. */
const PATIENCE_MS = 30_000
const PAGE = 200

/** Answers that say: send it again. Any other is a mistake, of the gateway or of this installation. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  ERROR_CODES.STORE_UNAVAILABLE,
  ERROR_CODES.NOT_ATTEMPTED,
  ERROR_CODES.PREDECESSOR_MISSING,
  ERROR_CODES.INTERNAL_SERVER_ERROR,
])

export interface QueuedTask extends WaitingTask {
  /** What the gateway said of it last; undefined: not acknowledged. */
  heard: string | undefined
}

/** A record as it travels. */
export interface HeldRecord {
  readonly __typename: string
  readonly id: string
  readonly version: number
  readonly [field: string]: unknown
}

export interface InstallationOptions {
  readonly name: string
  readonly token: string
  readonly line: Line
  /** After so long a request is given up; default 30,000. */
  readonly patienceMs?: number
  /** At least 0, below 1. */
  readonly random: () => number
  readonly uuid: () => string
}

interface Page {
  readonly changed: readonly HeldRecord[]
  readonly removed: readonly { type: string; id: string }[]
  readonly cursor: string
  readonly hasMore: boolean
  readonly reset: boolean
}

const GONE_BY_THEMSELVES: ReadonlySet<string | undefined> = new Set(['CONFIRMED', 'REJECTED', 'CANCELLED'])

export class Installation {
  readonly name: string
  /** In the order in which they were queued. */
  readonly tasks: QueuedTask[] = []
  /** By `Type:id`. */
  readonly records = new Map<string, HeldRecord>()
  /** Refusals by code, passing ones too. */
  readonly refusals = new Map<string, number>()
  /** What must not happen, in words. */
  readonly complaints: string[] = []
  resets = 0
  readonly #options: InstallationOptions
  #cursor: string | undefined
  /** Tasks before this place are acknowledged or under way. */
  #sent = 0
  #sending: Promise<void> | undefined
  #pulling: Promise<boolean> | undefined
  #isHeard = false

  constructor(options: InstallationOptions) {
    this.name = options.name
    this.#options = options
  }

  get token(): string {
    return this.#options.token
  }

  /** Everything is acknowledged. */
  get isIdle(): boolean {
    return this.#sending === undefined
  }

  queue(name: TaskName, args: Readonly<Record<string, unknown>>): QueuedTask {
    const task = { id: this.#options.uuid(), sequence: this.tasks.length, name, args, heard: undefined }
    this.tasks.push(task)
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined
    })
    return task
  }

  /** Up to the newest change; false when no answer came, and the next pull goes on from where this one stopped. */
  pull(): Promise<boolean> {
    this.#pulling ??= this.#pullAll().finally(() => {
      this.#pulling = undefined
    })
    return this.#pulling
  }

  ofType(type: string): HeldRecord[] {
    return [...this.records.values()].filter(({ __typename }) => __typename === type)
  }

  async #drain(): Promise<void> {
    // What is queued in the same turn goes into the same document.
    await Promise.resolve()
    while (this.#sent < this.tasks.length) {
      const first = this.#take()
      const second = this.#isHeard ? this.#take() : []
      await Promise.all([
        this.#deliver(first, null),
        second.length > 0 && this.#deliver(second, first.at(-1)?.id ?? null),
      ])
      void this.pull()
    }
  }

  #take(): QueuedTask[] {
    const taken = this.tasks.slice(this.#sent, this.#sent + TASKS_PER_DOCUMENT)
    this.#sent += taken.length
    return taken
  }

  /** The same document, until each of its tasks is acknowledged. */
  async #deliver(tasks: readonly QueuedTask[], follows: string | null): Promise<void> {
    const { line, token, random, patienceMs = PATIENCE_MS } = this.#options
    const document = replayDocument(this.name, tasks)
    const request = { ...document, extensions: { [FOLLOWS_KEY]: follows } }
    for (let retryMs = RETRY_MS; ; retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)) {
      const reply = await line.ask(token, request, patienceMs)
      this.#isHeard = reply?.extensions[FOLLOWS_KEY] === follows
      if (reply !== undefined && this.#hear(tasks, reply)) return
      await later(retryMs * (1 + random()))
    }
  }

  /** True when all of them are acknowledged, or one never will be. */
  #hear(tasks: readonly QueuedTask[], { data, errors }: Reply): boolean {
    let isWhole = true
    for (const [index, task] of tasks.entries()) {
      const answered: { id: string; status: string } | undefined = data?.[aliasOf(index)]?.task
      if (answered === undefined) isWhole = false
      else this.#heardOf(task, answered)
    }
    for (const { message, extensions } of errors) {
      this.refusals.set(extensions?.code ?? '?', (this.refusals.get(extensions?.code ?? '?') ?? 0) + 1)
      if (PASSING.has(extensions?.code)) continue
      this.complaints.push(`${this.name}: ${extensions?.code}: ${message}`)
      return true
    }
    return isWhole
  }

  #heardOf(task: QueuedTask, { id, status }: { id: string; status: string }): void {
    if (id !== task.id) this.complaints.push(`${this.name}: asked for ${task.id}, answered with ${id}`)
    if (GONE_BY_THEMSELVES.has(task.heard) && task.heard !== status)
      this.complaints.push(`${this.name}: ${task.name} ${id} was ${task.heard}, and is ${status}`)
    task.heard = status
  }

  async #pullAll(): Promise<boolean> {
    const { line, token, patienceMs = PATIENCE_MS } = this.#options
    for (;;) {
      const since = this.#cursor === undefined ? {} : { since: this.#cursor }
      const reply = await line.ask(token, { query: CHANGES, variables: { first: PAGE, ...since } }, patienceMs)
      const page: Page | undefined = reply?.data?.changes
      if (page === undefined) {
        for (const { message, extensions } of reply?.errors ?? [])
          if (!PASSING.has(extensions?.code))
            this.complaints.push(`${this.name}: pull: ${extensions?.code}: ${message}`)
        return false
      }
      if (page.reset && this.#cursor !== undefined) this.resets += 1
      if (page.reset) this.records.clear()
      for (const { type, id } of page.removed) this.records.delete(`${type}:${id}`)
      for (const record of page.changed) this.#apply(record)
      this.#cursor = page.cursor
      if (!page.hasMore) return true
    }
  }

  #apply(record: HeldRecord): void {
    const key = `${record.__typename}:${record.id}`
    const held = this.records.get(key)
    if (held !== undefined && held.version > record.version)
      this.complaints.push(`${this.name}: ${key} went back from version ${held.version} to ${record.version}`)
    this.records.set(key, record)
  }
}

const later = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
