/** What went wrong in the background, for the diagnostics page: the last few, newest first. */
import type { LayoverError } from 'layover/client'
import { type Clock, systemClock } from 'layover/protocol'

export interface Trouble {
  /** Milliseconds since the epoch. */
  at: number
  code: string
  message: string
}

const KEPT = 20

export class Troubles {
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #list: readonly Trouble[] = []

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** Replaced, never changed. */
  get list(): readonly Trouble[] {
    return this.#list
  }

  readonly add = ({ code, message }: LayoverError): void => {
    this.#list = [{ at: this.#clock.now(), code, message }, ...this.#list].slice(0, KEPT)
    for (const listener of this.#listeners) listener()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
