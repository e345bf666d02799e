/**
 * When to pull without being asked: by timer, after a failure, with a connection that is there again, with a page that is
 * shown again; where requests cost, seldom.
 */
import { backoffMs, type Clock, type Random } from '../protocol/ports.ts'
import type { ConnectionMode, Connectivity } from './connectivity.ts'
import type { Meter } from './metered.ts'
import { onShown } from './visibility.ts'

/** Milliseconds. */
const DEFAULT_EVERY_MS = 60_000
const RETRY_BASE_MS = 1000
const RETRY_MAX_MS = 60_000

export interface PullSchedulePorts {
  readonly clock: Clock
  readonly random: Random
  readonly connectivity: Connectivity
  readonly meter: Meter
  /** Milliseconds between two pulls; undefined: the default. */
  readonly everyMs: number | undefined
  readonly lastSyncedAt: () => Date | null
  readonly isPulling: () => boolean
  readonly pull: () => void
  /** Sends what waited for a connection. */
  readonly send: () => void
  /** The mode or the state of the connection is another one. */
  readonly connectionChanged: () => void
}

export class PullSchedule {
  readonly #ports: PullSchedulePorts
  readonly #everyMs: number
  readonly #stop: (() => void)[] = []
  #isOn = false
  #failures = 0
  #withdraw: (() => void) | undefined
  #wasOnline: boolean
  #mode: ConnectionMode

  constructor(ports: PullSchedulePorts) {
    this.#ports = ports
    this.#everyMs = ports.everyMs ?? DEFAULT_EVERY_MS
    this.#wasOnline = ports.connectivity.state === 'online'
    this.#mode = ports.connectivity.mode
  }

  start(): void {
    const { connectivity } = this.#ports
    this.#stop.push(
      connectivity.subscribe(() => this.#connectionChanged()),
      connectivity.onHint(() => this.#reconnect()),
      onShown(() => this.#shown()),
    )
  }

  /** On: the first pull is due. Off: no timer any more. */
  turn(isOn: boolean): void {
    this.#isOn = isOn
    // Whoever pulls as soon as the client is there should be told what the first pull brings.
    this.#set(this.#meteredPullIn() ?? 0)
  }

  /** A pull begins. */
  began(): void {
    this.#withdraw?.()
  }

  succeeded(): void {
    this.#failures = 0
    this.#set(this.#meteredPullIn() ?? this.#everyMs)
  }

  /** @param atLeastMs what the gateway asked for */
  failed(atLeastMs = 0): void {
    this.#failures += 1
    this.#set(Math.max(atLeastMs, backoffMs(this.#failures, this.#ports.random, RETRY_BASE_MS, RETRY_MAX_MS)))
  }

  close(): void {
    for (const stop of this.#stop) stop()
    this.#isOn = false
    this.#withdraw?.()
  }

  #set(ms: number): void {
    this.#withdraw?.()
    if (this.#isOn) this.#withdraw = this.#ports.clock.after(ms, this.#ports.pull)
  }

  /** Where requests cost, only what waited for a connection goes on. */
  #reconnect(): void {
    if (this.#mode === 'metered') this.#ports.send()
    else this.#ports.pull()
  }

  /** Milliseconds to the next pull of the mode 'metered'. */
  #meteredPullIn(): number | undefined {
    const { meter } = this.#ports
    return meter.pullEveryMs && Math.max(0, meter.pullEveryMs - Math.max(0, this.#age()))
  }

  /** Milliseconds. */
  #age(): number {
    const { clock, lastSyncedAt } = this.#ports
    return clock.now() - (lastSyncedAt()?.getTime() ?? Number.NEGATIVE_INFINITY)
  }

  #shown(): void {
    if (this.#age() >= this.#everyMs && !this.#ports.isPulling()) this.#ports.pull()
  }

  #connectionChanged(): void {
    const { connectivity, connectionChanged, isPulling, send } = this.#ports
    const isOnline = connectivity.state === 'online'
    const isBack = isOnline && !this.#wasOnline
    this.#wasOnline = isOnline
    if (connectivity.mode !== this.#mode) {
      this.#mode = connectivity.mode
      this.#withdraw?.()
      if (this.#mode === 'metered') this.#set(this.#meteredPullIn() ?? 0)
    }
    connectionChanged()
    if (!isBack || this.#mode === 'offline') return
    send()
    if (!isPulling()) this.#reconnect()
  }
}
