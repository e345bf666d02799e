/**
 * Several tabs of one user: every tab queues, one leads. The leader sends, pulls, moves entries and writes the cache; the
 * others are told and show the same.
 *
 *   following ──▶ leading      the lock is free, or its holder does not answer: then it is taken from it
 *       ▲            │
 *       └────────────┘         the lock was taken: what is written under the old epoch is refused (Writer)
 *
 * A tab that hangs keeps its lock, so a follower asks now and then whether the leader is there. It asks by message, because
 * timers of hidden tabs are slowed down and messages are not.
 */
import type { Clock, Random } from '../../protocol/ports.ts'
import { LayoverError, type LayoverErrorCode } from '../layover-error.ts'
import type { Report } from '../listeners.ts'
import type { Lead, TabChannel, TabLocks, TabPorts } from './ports.ts'

/** Milliseconds between two questions whether the leader is there, and how long its answer may take. */
const CHECK_MS = 5000
const ANSWER_MS = 4000
/** Milliseconds that a tab waits to be let in by a leader that may hang; it opens all the same. */
const WELCOME_MS = 1500

type Envelope =
  /** A tab opens, or has missed something. */
  | { kind: 'hello'; from: string }
  /** To the one who said hello. The leader has stored all it had. */
  | { kind: 'welcome'; to: string; from: string; number: number; state: unknown }
  /** Somebody leads from now on. */
  | { kind: 'led'; from: string; number: number; state: unknown }
  /** From the leader, numbered, so that a gap is seen. */
  | { kind: 'news'; from: string; number: number; body: unknown }
  /** From anybody, to all. */
  | { kind: 'word'; body: unknown }
  | { kind: 'ask'; from: string; id: string; name: string; args: readonly unknown[] }
  | { kind: 'reply'; id: string; value?: unknown; error?: { code: LayoverErrorCode; message: string } }
  | { kind: 'there?' }
  | { kind: 'there'; from: string }

export interface TabRoles {
  /** This tab leads now. Rejects where the device fails; then another one tries. */
  lead(): Promise<void>
  /** Another tab does. */
  follow(): void
  /** Everything is on the device. */
  stored(): Promise<void>
  /** What the others need to know of the leader's state. */
  state(): unknown
  /** The leader's whole state: take it over. */
  adopt(state: unknown): void
  news(body: unknown): void
  word(body: unknown): void
}

interface Asked {
  readonly name: string
  readonly args: readonly unknown[]
  resolve(value: unknown): void
  reject(error: unknown): void
}

export class Tabs {
  readonly #channel: TabChannel
  readonly #locks: TabLocks
  readonly #name: string
  readonly #clock: Clock
  readonly #random: Random
  readonly #report: Report
  readonly #id: string
  readonly #services = new Map<string, (...args: never[]) => unknown>()
  readonly #asked = new Map<string, Asked>()
  readonly #served = new Set<string>()
  #roles: TabRoles | undefined
  #early: Envelope[] = []
  #welcomed: (() => void) | undefined
  #welcome: { state: unknown } | undefined
  #isLeading = false
  #release: (() => void) | undefined
  #waiting: AbortController | undefined
  #leader: string | undefined
  #seen = 0
  #sent = 0
  #withdraw: (() => void) | undefined
  #isAnswered = true
  #isClosed = false

  private constructor(ports: TabPorts, name: string, clock: Clock, random: Random, report: Report) {
    this.#name = name
    this.#clock = clock
    this.#random = random
    this.#report = report
    this.#id = random.uuid()
    this.#locks = ports.locks
    this.#channel = ports.open(name)
    this.#channel.onMessage(message => this.#receive(message as Envelope))
  }

  /**
   * Resolves at once with the lead, or else when the leader has stored what it had: from then on the device can be read.
   * @param lead if it was free
   */
  static async open(
    ports: TabPorts,
    lead: Lead | undefined,
    name: string,
    clock: Clock,
    random: Random,
    report: Report,
  ): Promise<Tabs> {
    const tabs = new Tabs(ports, name, clock, random, report)
    if (lead) tabs.#accept(lead)
    else await tabs.#letIn()
    return tabs
  }

  get isLeading(): boolean {
    return this.#isLeading
  }

  /** What came meanwhile is handed over first. */
  async start(roles: TabRoles): Promise<void> {
    this.#roles = roles
    if (this.#isLeading) await this.#begin()
    else {
      if (this.#welcome) roles.adopt(this.#welcome.state)
      roles.follow()
      this.#wait()
      this.#watch()
    }
    const early = this.#early
    this.#early = []
    for (const message of early) this.#receive(message)
  }

  /** From the leader to all others. */
  tell(body: unknown): void {
    if (!this.#isLeading) return
    this.#sent += 1
    this.#post({ kind: 'news', from: this.#id, number: this.#sent, body })
  }

  /** From this tab to all others, whoever leads. */
  say(body: unknown): void {
    this.#post({ kind: 'word', body })
  }

  /** Gives functions that run in the leading tab, wherever they are called. Their arguments and results are cloned. */
  serve<TArgs extends never[], TResult>(
    name: string,
    own: (...args: TArgs) => Promise<TResult>,
  ): (...args: TArgs) => Promise<TResult> {
    this.#services.set(name, own)
    return (...args) => (this.#isLeading ? own(...args) : (this.#ask(name, args) as Promise<TResult>))
  }

  /** Another tab writes for this user: it leads, whatever this one believed. */
  stepDown(): void {
    if (!this.#isLeading) return
    this.#isLeading = false
    this.#release?.()
    this.#seen = 0
    this.#leader = undefined
    if (this.#isClosed) return
    this.#roles?.follow()
    this.#post({ kind: 'hello', from: this.#id })
    this.#wait()
    this.#watch()
  }

  /** Takes the lead, whoever has it, without beginning with it. */
  seize(): Promise<void> {
    if (this.#isLeading) return Promise.resolve()
    this.#waiting?.abort()
    return new Promise((resolve, reject) => {
      this.#hold({ steal: true }, resolve).catch(reject)
    })
  }

  close(): void {
    this.#isClosed = true
    this.#withdraw?.()
    this.#waiting?.abort()
    this.#release?.()
    this.#channel.close()
    for (const { reject } of this.#asked.values()) reject(closed())
    this.#asked.clear()
  }

  #accept({ release, lost }: Lead): void {
    this.#isLeading = true
    this.#release = release
    void lost.then(() => this.stepDown())
  }

  /** Holds the lock until it is released or taken away. */
  async #hold(options: Parameters<TabLocks['request']>[1], granted: () => void): Promise<void> {
    await this.#locks.request(this.#name, options, async () => {
      const released = new Promise<void>(resolve => {
        this.#release = resolve
      })
      if (this.#isClosed) return
      this.#isLeading = true
      this.#withdraw?.()
      granted()
      await released
    })
  }

  #wait(): void {
    const waiting = new AbortController()
    this.#waiting = waiting
    this.#hold({ signal: waiting.signal }, () => void this.#begin()).catch(() => {
      // Given up by us, or taken away by somebody.
      if (!waiting.signal.aborted) this.stepDown()
    })
  }

  async #begin(): Promise<void> {
    try {
      this.#sent = 0
      await this.#roles?.lead()
      if (!this.#isLeading) return
      this.#post({ kind: 'led', from: this.#id, number: this.#sent, state: this.#roles?.state() })
      this.#askAgain()
    } catch (error) {
      this.#report(
        error instanceof LayoverError
          ? error
          : new LayoverError('STORAGE_FAILED', 'This tab could not take the lead.', error),
      )
      this.stepDown()
    }
  }

  async #letIn(): Promise<void> {
    await new Promise<void>(resolve => {
      const withdraw = this.#clock.after(WELCOME_MS, resolve)
      this.#welcomed = () => {
        withdraw()
        resolve()
      }
      this.#post({ kind: 'hello', from: this.#id })
    })
    this.#welcomed = undefined
  }

  /** Now and then: is the leader there? */
  #watch(): void {
    this.#withdraw?.()
    if (this.#isClosed || this.#isLeading) return
    this.#withdraw = this.#clock.after(CHECK_MS + this.#random.fraction() * 1000, () => {
      this.#isAnswered = false
      this.#post({ kind: 'there?' })
      this.#withdraw = this.#clock.after(ANSWER_MS + this.#random.fraction() * 1000, () => {
        if (this.#isAnswered) return this.#watch()
        this.#takeOver()
      })
    })
  }

  #takeOver(): void {
    this.#waiting?.abort()
    this.#hold({ steal: true }, () => void this.#begin()).catch(() => this.stepDown())
  }

  #receive(message: Envelope): void {
    if (this.#isClosed) return
    switch (message.kind) {
      case 'there?':
        if (this.#isLeading) this.#post({ kind: 'there', from: this.#id })
        break
      case 'there':
        this.#isAnswered = true
        break
      case 'welcome':
        if (message.to === this.#id && !this.#isLeading) this.#adopt(message)
        break
      default:
        if (this.#roles) this.#take(message, this.#roles)
        else this.#early.push(message)
    }
  }

  #take(message: Exclude<Envelope, { kind: 'there?' | 'there' | 'welcome' }>, roles: TabRoles): void {
    switch (message.kind) {
      case 'hello':
        void this.#greet(message.from)
        break
      case 'led':
        if (this.#isLeading) this.stepDown()
        else this.#adopt(message)
        break
      case 'news':
        this.#hear(message, roles)
        break
      case 'word':
        roles.word(message.body)
        break
      case 'ask':
        void this.#serve(message)
        break
      case 'reply':
        this.#replied(message)
        break
      default:
        message satisfies never
    }
  }

  #hear({ from, number, body }: Extract<Envelope, { kind: 'news' }>, roles: TabRoles): void {
    if (this.#isLeading) return
    this.#isAnswered = true
    if (from === this.#leader && number <= this.#seen) return // Part of the state that was adopted.
    if (from !== this.#leader || number !== this.#seen + 1) {
      this.#post({ kind: 'hello', from: this.#id })
      return
    }
    this.#seen = number
    roles.news(body)
  }

  async #greet(to: string): Promise<void> {
    if (!this.#isLeading || !this.#roles) return
    try {
      await this.#roles.stored()
      // What is told from here on has a higher number than this.
      this.#post({ kind: 'welcome', to, from: this.#id, number: this.#sent, state: this.#roles.state() })
    } catch (error) {
      this.#report(
        error instanceof LayoverError
          ? error
          : new LayoverError('STORAGE_FAILED', 'The other tab was not told.', error),
      )
    }
  }

  #adopt({ from, number, state }: Extract<Envelope, { kind: 'welcome' | 'led' }>): void {
    this.#leader = from
    this.#seen = number
    this.#isAnswered = true
    if (this.#roles) this.#roles.adopt(state)
    else this.#welcome = { state }
    this.#welcomed?.()
    this.#askAgain()
  }

  #ask(name: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      const id = this.#random.uuid()
      this.#asked.set(id, { name, args, resolve, reject })
      this.#post({ kind: 'ask', from: this.#id, id, name, args })
    })
  }

  /** Whoever leads now may not have heard it. */
  #askAgain(): void {
    for (const [id, { name, args, resolve, reject }] of this.#asked) {
      if (!this.#isLeading) {
        this.#post({ kind: 'ask', from: this.#id, id, name, args })
        continue
      }
      this.#asked.delete(id)
      this.#run(name, args).then(resolve, reject)
    }
  }

  async #serve({ id, name, args }: Extract<Envelope, { kind: 'ask' }>): Promise<void> {
    if (!this.#isLeading || this.#served.has(id)) return // Asked once more while it runs.
    this.#served.add(id)
    try {
      this.#post({ kind: 'reply', id, value: await this.#run(name, args) })
    } catch (error) {
      const { code, message } = error instanceof LayoverError ? error : new LayoverError('REFUSED', String(error))
      this.#post({ kind: 'reply', id, error: { code, message } })
    }
  }

  async #run(name: string, args: readonly unknown[]): Promise<unknown> {
    return this.#services.get(name)?.(...(args as never[]))
  }

  #replied({ id, value, error }: Extract<Envelope, { kind: 'reply' }>): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (error) asked?.reject(new LayoverError(error.code, error.message))
    else asked?.resolve(value)
  }

  #post(message: Envelope): void {
    if (!this.#isClosed) this.#channel.post(message)
  }
}

const closed = (): LayoverError => new LayoverError('CLOSED', 'The client was closed.')
