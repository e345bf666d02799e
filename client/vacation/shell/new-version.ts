/**
 * The service worker: it serves the page without a network, and nothing else. A new version waits until a person takes it, and
 * then until nothing is under way. The tab that took it loads itself anew; every other one keeps its form and is told. The
 * chunks of the old version leave the cache with it, so a tab loads all of them as soon as a new one is ready.
 */
import { type Clock, systemClock } from 'layover/protocol'
import { Workbox } from 'workbox-window'

/** 'ready': a new version waits. 'taken': another tab took it, this one still runs the old one. */
export type VersionState = 'current' | 'ready' | 'taken'

/** Milliseconds between two looks for a new version. */
const LOOK_EVERY = 60 * 60_000

/** The lock that a tab shares while it loads the rest of its version. */
const LOADING = 'layover-vacation:loading'

/** Milliseconds for which a new version waits for tabs that load: one that hangs does not keep it away. */
const PATIENCE = 10_000

export class NewVersion {
  readonly #workbox: Workbox | undefined
  readonly #clock: Clock
  readonly #prepare: () => Promise<void>
  readonly #listeners = new Set<() => void>()
  #state: VersionState = 'current'
  #isTaking = false

  /**
   * Registers the worker, where there are workers: in a built page on https or this machine.
   *
   * @param prepare loads what this version may still need
   */
  constructor(isBuilt: boolean, prepare: () => Promise<void>, clock: Clock = systemClock) {
    this.#clock = clock
    this.#prepare = prepare
    if (!isBuilt || !('serviceWorker' in navigator)) return
    this.#workbox = new Workbox('/sw.js')
    // The first worker of all takes the page over, too: that is no new version.
    let isControlled = navigator.serviceWorker.controller !== null
    this.#workbox.addEventListener('waiting', () => this.#become('ready'))
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (this.#isTaking) window.location.reload()
      else if (isControlled) this.#become('taken')
      isControlled = true
    })
    // Without a worker the page works as long as there is a network.
    this.#workbox.register().catch(() => undefined)
    this.#lookLater()
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.look()
    })
  }

  readonly state = (): VersionState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Asks the gateway whether there is a new version. */
  look(): void {
    this.#workbox?.update().catch(() => undefined)
  }

  /** Loads the new version: the caller has seen to it that nothing is under way. */
  take(): void {
    if (this.#state === 'taken') {
      window.location.reload()
      return
    }
    this.#isTaking = true
    void this.#takeOver()
  }

  /**
   * The old worker leaves when no tab asks it for anything, and with it go the files of the old version: so every tab has
   * loaded what it may still need before.
   */
  async #takeOver(): Promise<void> {
    const tell = (): void => this.#workbox?.messageSkipWaiting()
    await navigator.locks.request(LOADING, { signal: AbortSignal.timeout(PATIENCE) }, tell).catch(tell)
  }

  #lookLater(): void {
    this.#clock.after(LOOK_EVERY, () => {
      this.look()
      this.#lookLater()
    })
  }

  #become(state: VersionState): void {
    this.#state = state
    if (state === 'ready') void navigator.locks.request(LOADING, { mode: 'shared' }, this.#prepare)
    for (const listener of this.#listeners) listener()
  }
}
