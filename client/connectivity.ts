/**
 * Whether the gateway can be reached. `navigator.onLine` errs in both directions, so it only says when to try; what decides is
 * how requests ended. One that fails among good ones is not shown: only when a later one failed, too, or when nothing was
 * answered for a while.
 */
import type { Clock } from '../protocol/ports.ts'
import { Listeners, type Report } from './listeners.ts'

export type ConnectionMode = 'auto' | 'offline' | 'metered'
/** 'offline': asked for, or the device says so. 'unreachable': the device has a network, the gateway did not answer. */
export type ConnectionState = 'online' | 'offline' | 'unreachable'

export interface Connection {
  /** Kept on the device. */
  readonly mode: ConnectionMode
  readonly state: ConnectionState
  /** 'offline' lets nothing out; 'metered' lets tasks out together and pulls seldom, as `OfflineClientOptions.metered` says. */
  setMode(mode: ConnectionMode): void
  subscribe(listener: () => void): () => void
}

/** Milliseconds without an answer after which a single failure is shown. */
const SHOWN_AFTER = 3000

/** What the device believes about its network. */
export interface NetworkHint {
  isOnline(): boolean
  subscribe(listener: () => void): () => void
}

/** The browser's; where there is none, always online. */
export const browserHint: NetworkHint = {
  isOnline: () => typeof navigator === 'undefined' || navigator.onLine !== false,
  subscribe(listener) {
    if (typeof window === 'undefined') return () => undefined
    window.addEventListener('online', listener)
    window.addEventListener('offline', listener)
    return () => {
      window.removeEventListener('online', listener)
      window.removeEventListener('offline', listener)
    }
  },
}

export class Connectivity implements Connection {
  readonly #hint: NetworkHint
  readonly #listeners: Listeners
  readonly #hints: Listeners
  readonly #clock: Clock
  readonly #keep: (mode: ConnectionMode) => void
  readonly #stop: () => void
  readonly subscribe: (listener: () => void) => () => void
  /** The device says that it has a network again: a moment to try. */
  readonly onHint: (listener: () => void) => () => void
  #mode: ConnectionMode
  #deviceOnline: boolean
  /** Since the last answer. */
  #failed = false
  #isUnreachable = false
  #withdraw: (() => void) | undefined

  /** @param keep stores the mode and tells other tabs of it */
  constructor(
    hint: NetworkHint,
    clock: Clock,
    mode: ConnectionMode,
    keep: (mode: ConnectionMode) => void,
    report: Report,
  ) {
    this.#hint = hint
    this.#clock = clock
    this.#mode = mode
    this.#keep = keep
    this.#deviceOnline = hint.isOnline()
    this.#listeners = new Listeners(report)
    this.#hints = new Listeners(report)
    this.subscribe = this.#listeners.subscribe
    this.onHint = this.#hints.subscribe
    this.#stop = hint.subscribe(() => this.#hinted())
  }

  get mode(): ConnectionMode {
    return this.#mode
  }

  get state(): ConnectionState {
    if (this.#mode === 'offline' || !this.#deviceOnline) return 'offline'
    return this.#isUnreachable ? 'unreachable' : 'online'
  }

  /** Whether the last that is known of the gateway is an answer. Quicker than `state`: whoever sends goes by it. */
  get isProven(): boolean {
    return this.state === 'online' && !this.#failed
  }

  setMode(mode: ConnectionMode): void {
    if (mode !== this.#mode) this.#keep(mode)
    this.mirrorMode(mode)
  }

  /** Set in another tab. */
  mirrorMode(mode: ConnectionMode): void {
    this.#update(() => {
      this.#mode = mode
    })
    if (mode !== 'offline') this.#hints.notify()
  }

  /** A request was answered, whatever the answer. Stronger than what the device believes. */
  answered(): void {
    this.#withdraw?.()
    this.#update(() => {
      this.#failed = false
      this.#isUnreachable = false
      this.#deviceOnline = true
    })
  }

  /** A request was not answered. @param again it was sent after another had failed */
  failed(again: boolean): void {
    if (!this.#failed) {
      this.#withdraw?.()
      this.#withdraw = this.#clock.after(SHOWN_AFTER, () =>
        this.#update(() => {
          this.#isUnreachable = true
        }),
      )
    }
    this.#update(() => {
      this.#failed = true
      this.#isUnreachable ||= again
      this.#deviceOnline = this.#hint.isOnline()
    })
  }

  close(): void {
    this.#withdraw?.()
    this.#stop()
    this.#listeners.clear()
    this.#hints.clear()
  }

  #hinted(): void {
    const online = this.#hint.isOnline()
    this.#update(() => {
      this.#deviceOnline = online
      // Not believed before a request has shown it.
      if (online) {
        this.#failed = true
        this.#isUnreachable = true
      }
    })
    if (online) this.#hints.notify()
  }

  #update(change: () => void): void {
    const before = `${this.mode} ${this.state}`
    change()
    if (`${this.mode} ${this.state}` !== before) this.#listeners.notify()
  }
}
