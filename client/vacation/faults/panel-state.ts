/** Whether the panel is open. It stays so while a visitor goes through the page beside it. */
import { useSyncExternalStore } from 'react'

class PanelState {
  readonly #listeners = new Set<() => void>()
  #isOpen = false

  readonly isOpen = (): boolean => this.#isOpen
  readonly open = (): void => this.#become(true)
  readonly close = (): void => this.#become(false)

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #become(isOpen: boolean): void {
    this.#isOpen = isOpen
    for (const listener of this.#listeners) listener()
  }
}

export const faultPanel = new PanelState()
export const useFaultPanel = (): boolean => useSyncExternalStore(faultPanel.subscribe, faultPanel.isOpen)
