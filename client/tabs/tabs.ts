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
import { LayoverError } from '../layover-error.ts'
import type { Report } from '../listeners.ts'
import { Commands } from './commands.ts'
import type { Envelope, Told } from './envelope.ts'
import type { Lead, TabChannel, TabLocks, TabPorts } from './ports.ts'

/** Milliseconds between two questions whether the leader is there, and how long its answer may take. */
const CHECK_MS = 5000
const ANSWER_MS = 4000
/** Milliseconds that a tab waits to be let in by a leader that may hang; it opens all the same. */
const WELCOME_MS = 1500
/** Milliseconds between two looks of the leader at the device, for what a tab has stored and died before it could tell. */
const LOOK_MS = 20_000

export interface TabRoles {
  /**
   * This tab leads now, as long as `isStill` says so; `isFresh`: it has read the device under this lead. Gives the epoch, or
   * undefined where nobody is to lead any more. Rejects where the device fails; then another one tries.
   */
  lead(isStill: () => boolean, isFresh: boolean): Promise<number | undefined>
  /** Another tab does. */
  follow(): void
  /** Everything is on the device. */
  stored(): Promise<void>
  /** What the others need to know of the leader's state. */
  state(): unknown
  /** The leader's whole state: take it over. @param hasMissed this tab has missed what led to it */
  adopt(state: unknown, hasMissed: boolean): void
  news(body: unknown): void
  word(body: unknown): void
  /** Something may be on the device that no message told of. */
  look(): Promise<void>
}

export class Tabs {
  readonly #channel: TabChannel
  readonly #locks: TabLocks
  readonly #name: string
  readonly #clock: Clock
  readonly #random: Random
  readonly #report: Report
  readonly #id: string
  readonly commands: Commands
  #roles: TabRoles | undefined
  #early: Envelope[] = []
  #welcomed: (() => void) | undefined
  #welcome: { state: unknown } | undefined
  #isLeading = false
  /** What leading begins with is done. */
  #isReady = false
  /** It has led since it was opened. */
  #isFirst = true
  #epoch = 0
  #release: (() => void) | undefined
  #waiting: AbortController | undefined
  #leader: string | undefined
  #seen = 0
  #sent = 0
  #withdraw: (() => void) | undefined
  #isAnswered = true
  /** The leader was asked for its whole state. */
  #isAsking = false
  /** Other tabs were there. */
  #hasCompany = false
  /** The user signs out here. */
  #isLeaving = false
  #isClosed = false

  private constructor(ports: TabPorts, name: string, clock: Clock, random: Random, report: Report) {
    this.#name = name
    this.#clock = clock
    this.#random = random
    this.#report = report
    this.#id = random.uuid()
    this.#locks = ports.locks
    this.commands = new Commands({
      uuid: () => random.uuid(),
      isLeading: () => this.#isReady,
      isClosed: () => this.#isClosed,
      post: message => this.#post(message),
    })
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
    else {
      tabs.#isFirst = false
      await tabs.#letIn()
    }
    return tabs
  }

  /** Also while it opens with the lead; not before what leading begins with is done in one that takes it over. */
  get isLeading(): boolean {
    return this.#isReady || (this.#isLeading && !this.#roles)
  }

  /** What came meanwhile is handed over first. */
  async start(roles: TabRoles): Promise<void> {
    this.#roles = roles
    if (this.#isLeading) await this.#begin()
    else {
      if (this.#welcome) roles.adopt(this.#welcome.state, false)
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
    if (!this.#isReady) return
    this.#sent += 1
    this.#post({ kind: 'news', ...this.#told(), body })
  }

  /** From this tab to all others, whoever leads. */
  say(body: unknown): void {
    this.#post({ kind: 'word', body })
  }

  /** Another tab writes for this user: it leads, whatever this one believed. */
  stepDown(): void {
    if (!this.#isLeading) return
    this.#isLeading = false
    this.#isReady = false
    this.#isFirst = false
    this.#release?.()
    this.#seen = 0
    this.#leader = undefined
    this.#roles?.follow()
    if (this.#isClosed) return
    this.#hello()
    this.#wait()
    this.#watch()
  }

  /** Takes the lead, whoever has it, without beginning with it. */
  seize(): Promise<void> {
    this.#isReady = false
    this.#isLeaving = true
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
    this.stepDown()
    this.#channel.close()
    this.commands.close()
  }

  #accept({ release, lost }: Lead): void {
    this.#isLeading = true
    this.#release = release
    void lost.then(() => {
      if (this.#release === release) this.stepDown()
    })
  }

  /** Holds the lock until it is released or taken away. Rejects where it was never had. */
  async #hold(options: Parameters<TabLocks['request']>[1], granted: () => void): Promise<void> {
    let release: (() => void) | undefined
    try {
      await this.#locks.request(this.#name, options, async () => {
        if (this.#isClosed) return
        const released = new Promise<void>(resolve => {
          release = resolve
          this.#release = resolve
        })
        this.#isLeading = true
        this.#withdraw?.()
        granted()
        await released
      })
    } catch (error) {
      if (!release) throw error
      if (this.#release === release) this.stepDown() // Taken away; not one that was had later.
    }
  }

  #wait(): void {
    this.#waiting?.abort()
    const waiting = new AbortController()
    this.#waiting = waiting
    // Where it is given up the watch goes on.
    this.#hold({ signal: waiting.signal }, () => void this.#begin()).catch(() => undefined)
  }

  async #begin(): Promise<void> {
    const release = this.#release
    const isStill = (): boolean => this.#isLeading && !this.#isLeaving && this.#release === release
    try {
      this.#epoch = 0
      this.#sent = 0
      const epoch = await this.#roles?.lead(isStill, this.#isFirst)
      if (epoch === undefined || !isStill()) return
      this.#epoch = epoch
      this.#isReady = true
      // Who found the lead free has nobody behind him; whoever opens from now on says hello.
      if (!this.#isFirst) this.#post({ kind: 'led', ...this.#told(), state: this.#roles?.state() })
      this.commands.askAgain()
      this.#watch()
    } catch (error) {
      if (!isStill()) return
      this.#failed(error, 'This tab could not take the lead.')
      this.stepDown()
      this.#waiting?.abort() // Not at once again, but when nobody else does it.
    }
  }

  async #letIn(): Promise<void> {
    await new Promise<void>(resolve => {
      const withdraw = this.#clock.after(WELCOME_MS, resolve)
      this.#welcomed = () => {
        withdraw()
        resolve()
      }
      this.#hello()
    })
    this.#welcomed = undefined
  }

  /** Now and then: is the leader there? And the leader: is anything there that nobody told of? */
  #watch(): void {
    this.#withdraw?.()
    if (this.#isClosed) return
    if (this.#isLeading) {
      this.#withdraw = this.#clock.after(LOOK_MS, () => {
        if (this.#hasCompany) this.#roles?.look().catch(error => this.#failed(error, 'The device could not be read.'))
        this.#watch()
      })
      return
    }
    this.#withdraw = this.#clock.after(CHECK_MS + this.#random.fraction() * 1000, () => {
      this.#isAnswered = false
      this.#isAsking = false
      this.#post({ kind: 'there?' })
      this.#withdraw = this.#clock.after(ANSWER_MS + this.#random.fraction() * 1000, () => {
        if (!this.#isAnswered) this.#takeOver()
        else this.#watch()
      })
    })
  }

  #takeOver(): void {
    this.#waiting?.abort()
    this.#hold({ steal: true }, () => void this.#begin()).catch(() => {
      this.#wait()
      this.#watch()
    })
  }

  #receive(message: Envelope): void {
    if (this.#isClosed) return
    this.#hasCompany = true
    switch (message.kind) {
      case 'there?':
        if (this.#isLeading) this.#post({ kind: 'there', ...this.#told() })
        break
      case 'there':
        if (this.#isLate(message)) break
        this.#isAnswered = true
        if (!this.#isLeading && message.epoch > 0 && (message.from !== this.#leader || message.number !== this.#seen))
          this.#hello()
        break
      case 'welcome':
        if (message.to === this.#id && !this.#isLeading && !this.#isLate(message)) this.#adopt(message)
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
        // One that begins has taken the lock from whoever says so.
        if (this.#isLate(message) || (this.#isLeading && !this.#isReady)) break
        this.stepDown()
        this.#adopt(message)
        break
      case 'news':
        this.#hear(message, roles)
        break
      case 'word':
        roles.word(message.body)
        break
      case 'ask':
        void this.commands.asked(message)
        break
      case 'reply':
        this.commands.replied(message)
        break
      default:
        message satisfies never
    }
  }

  #hear(message: Extract<Envelope, { kind: 'news' }>, roles: TabRoles): void {
    const { from, number, body } = message
    if (this.#isLeading || this.#isLate(message)) return
    this.#isAnswered = true
    if (from === this.#leader && number <= this.#seen) return // Part of the state that was adopted.
    if (from === this.#leader && number === this.#seen + 1) {
      this.#seen = number
      roles.news(body)
    } else this.#hello()
  }

  /** From one that no longer leads. */
  #isLate({ epoch }: Told): boolean {
    return epoch < this.#epoch && epoch > 0
  }

  #told(): Told {
    return { from: this.#id, epoch: this.#epoch, number: this.#sent }
  }

  /** Once, until it is answered or the next look at the leader. */
  #hello(): void {
    if (this.#isAsking) return
    this.#isAsking = true
    this.#post({ kind: 'hello', from: this.#id })
  }

  async #greet(to: string): Promise<void> {
    if (!this.#isReady) return // All are told when it is.
    try {
      await this.#roles?.stored()
      // What is told from here on has a higher number than this.
      if (this.#isReady) this.#post({ kind: 'welcome', to, ...this.#told(), state: this.#roles?.state() })
    } catch (error) {
      this.#failed(error, 'The other tab was not told.')
    }
  }

  #adopt({ kind, from, epoch, number, state }: Extract<Envelope, { kind: 'welcome' | 'led' }>): void {
    this.#leader = from
    this.#epoch = epoch
    this.#seen = number
    this.#isAnswered = true
    this.#isAsking = false
    if (this.#roles) this.#roles.adopt(state, kind === 'welcome')
    else this.#welcome = { state }
    this.#welcomed?.()
    this.commands.askAgain()
  }

  #failed(error: unknown, message: string): void {
    if (this.#isClosed) return // The device was let go meanwhile.
    this.#report(error instanceof LayoverError ? error : new LayoverError('STORAGE_FAILED', message, error))
  }

  #post(message: Envelope): void {
    if (!this.#isClosed) this.#channel.post(message)
  }
}
