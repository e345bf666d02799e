/** Whether this browser can install the page, and how. The browser says so once, early, so it is listened to from the start. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>
}

type Offer = 'none' | 'prompt' | 'by-hand'

const isStandalone = (): boolean => window.matchMedia('(display-mode: standalone)').matches
/** Safari on iOS has a menu for it, and no way to ask. */
const isByHand = (): boolean => /iPhone|iPad/.test(navigator.userAgent) && !isStandalone()

class Installation {
  readonly #listeners = new Set<() => void>()
  #prompt: InstallPrompt | undefined

  constructor() {
    window.addEventListener('beforeinstallprompt', event => {
      event.preventDefault()
      this.#become(event as InstallPrompt)
    })
    window.addEventListener('appinstalled', () => this.#become(undefined))
  }

  readonly offer = (): Offer => (this.#prompt ? 'prompt' : isByHand() ? 'by-hand' : 'none')

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A prompt can be shown once. */
  async ask(): Promise<void> {
    const prompt = this.#prompt
    this.#become(undefined)
    await prompt?.prompt()
  }

  #become(prompt: InstallPrompt | undefined): void {
    this.#prompt = prompt
    for (const listener of this.#listeners) listener()
  }
}

export const installation = new Installation()
