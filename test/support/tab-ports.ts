/** Web Locks and a channel for several clients in one process. A tab can hang: it hears nothing, says nothing and keeps its lock. */
import type { TabPorts } from '../../client/tabs/ports.ts'

interface Held {
  steal(): void
}
interface Waiting {
  name: string
  grant(): void
}

export class TabHouse {
  readonly #held = new Map<string, Held>()
  #waiting: Waiting[] = []
  readonly #channels = new Map<string, Set<{ tab: Tab; listener: (message: unknown) => void }>>()

  openTab(): Tab {
    return new Tab(this)
  }

  /** Whether somebody holds the lock. */
  isHeld(name: string): boolean {
    return this.#held.has(name)
  }

  request<T>(
    tab: Tab,
    name: string,
    { ifAvailable, steal, signal }: { ifAvailable?: boolean; steal?: boolean; signal?: AbortSignal },
    run: (lock: unknown) => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const grant = (): void => {
        let isStolen = false
        const held: Held = {
          steal: () => {
            isStolen = true
            reject(new DOMException('stolen', 'AbortError'))
          },
        }
        const release = (): void => {
          tab.releases.delete(release)
          this.#release(name, held)
        }
        this.#held.set(name, held)
        tab.releases.add(release)
        void run({ name })
          .then(resolve, reject)
          .finally(() => !isStolen && release())
      }
      if (steal) {
        this.#held.get(name)?.steal()
        return grant()
      }
      if (!this.#held.has(name)) return grant()
      if (ifAvailable) return void run(null).then(resolve, reject)
      const waiting = { name, grant }
      this.#waiting.push(waiting)
      signal?.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter(each => each !== waiting)
        reject(new DOMException('given up', 'AbortError'))
      })
    })
  }

  post(from: Tab, name: string, message: unknown): void {
    const text = structuredClone(message)
    for (const { tab, listener } of this.#channels.get(name) ?? []) {
      if (tab !== from) queueMicrotask(() => tab.isAlive && listener(structuredClone(text)))
    }
  }

  listen(tab: Tab, name: string, listener: (message: unknown) => void): () => void {
    const listeners = this.#channels.get(name) ?? new Set()
    this.#channels.set(name, listeners)
    const own = { tab, listener }
    listeners.add(own)
    return () => void listeners.delete(own)
  }

  #release(name: string, held: Held): void {
    if (this.#held.get(name) !== held) return
    this.#held.delete(name)
    const next = this.#waiting.find(each => each.name === name)
    this.#waiting = this.#waiting.filter(each => each !== next)
    next?.grant()
  }
}

export class Tab implements TabPorts {
  readonly releases = new Set<() => void>()
  readonly #house: TabHouse
  isAlive = true

  constructor(house: TabHouse) {
    this.#house = house
  }

  readonly locks: TabPorts['locks'] = {
    request: (name, options, run) => this.#house.request(this, name, options, run),
  }

  open(name: string) {
    let stop = (): void => undefined
    return {
      post: (message: unknown) => {
        if (this.isAlive) this.#house.post(this, name, message)
      },
      onMessage: (listener: (message: unknown) => void) => {
        stop = this.#house.listen(this, name, listener)
      },
      close: () => stop(),
    }
  }

  hang(): void {
    this.isAlive = false
  }

  wake(): void {
    this.isAlive = true
  }

  /** As when its process is killed: its locks are free. */
  die(): void {
    this.isAlive = false
    for (const release of [...this.releases]) release()
  }
}
