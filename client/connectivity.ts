/**
 * Whether the gateway can be reached. `navigator.onLine` errs in both directions, so it only says when to try; what decides is
 * how the last request ended.
 */
import { LayoverError } from './layover-error.ts'
import { Listeners, type Report } from './listeners.ts'

export type ConnectionMode = 'auto' | 'offline' | 'metered'
/** 'offline': asked for, or the device says so. 'unreachable': the device has a network, the gateway did not answer. */
export type ConnectionState = 'online' | 'offline' | 'unreachable'

export interface Connection {
  /** Kept on the device. */
  readonly mode: ConnectionMode
  readonly state: ConnectionState
  /** 'offline' lets nothing out until 'auto'. Throws NOT_IMPLEMENTED for 'metered'. */
  setMode(mode: ConnectionMode): void
  subscribe(listener: () => void): () => void
}

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
  readonly #keep: (mode: ConnectionMode) => void
  readonly #stop: () => void
  readonly subscribe: (listener: () => void) => () => void
  /** The device says that it has a network again: a moment to try. */
  readonly onHint: (listener: () => void) => () => void
  #mode: ConnectionMode
  #deviceOnline: boolean
  #lastRequestFailed = false

  /** @param keep stores the mode */
  constructor(hint: NetworkHint, mode: ConnectionMode, keep: (mode: ConnectionMode) => void, report: Report) {
    this.#hint = hint
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
    return this.#lastRequestFailed ? 'unreachable' : 'online'
  }

  setMode(mode: ConnectionMode): void {
    if (mode === 'metered')
      throw new LayoverError('NOT_IMPLEMENTED', "The mode 'metered' does not exist yet; use 'auto' or 'offline'.")
    this.#update(() => {
      if (mode === this.#mode) return
      this.#mode = mode
      this.#keep(mode)
    })
    if (mode === 'auto') this.#hints.notify()
  }

  /** A request was answered, whatever the answer. Stronger than what the device believes. */
  answered(): void {
    this.#update(() => {
      this.#lastRequestFailed = false
      this.#deviceOnline = true
    })
  }

  /** A request was not answered. */
  failed(): void {
    this.#update(() => {
      this.#lastRequestFailed = true
      this.#deviceOnline = this.#hint.isOnline()
    })
  }

  close(): void {
    this.#stop()
    this.#listeners.clear()
    this.#hints.clear()
  }

  #hinted(): void {
    const online = this.#hint.isOnline()
    this.#update(() => {
      this.#deviceOnline = online
      // Not believed before a request has shown it.
      if (online) this.#lastRequestFailed = true
    })
    if (online) this.#hints.notify()
  }

  #update(change: () => void): void {
    const before = `${this.mode} ${this.state}`
    change()
    if (`${this.mode} ${this.state}` !== before) this.#listeners.notify()
  }
}
