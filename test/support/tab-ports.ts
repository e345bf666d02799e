/**
 * Web Locks and a channel for several clients in one process. A tab can hang: it keeps its locks, and whatever happens to it
 * (messages, timers, answers, the loss of its lock) happens when it wakes up, in that order. Or it dies, and its locks are free.
 */
import type { TabPorts } from '../../client/tabs/ports.ts'
import type { Clock } from '../../protocol/index.ts'

interface Held {
  readonly tab: Tab
  steal(): void
}
interface Waiting {
  readonly tab: Tab
  readonly name: string
  grant(): void
}
type LockOptions = Parameters<TabPorts['locks']['request']>[1]

export class TabHouse {
  /** Whether a message gets lost on its way to a tab. */
  loses: (message: { kind: string }, to: Tab) => boolean = () => false
  readonly #held = new Map<string, Held>()
  #waiting: Waiting[] = []
  readonly #channels = new Map<string, Set<{ tab: Tab; listener: (message: unknown) => void }>>()

  openTab(): Tab {
    return new Tab(this)
  }

  /** Who holds the lock; of all if no name is given. */
  holder(name = [...this.#held.keys()][0] ?? ''): Tab | undefined {
    return this.#held.get(name)?.tab
  }

  request<T>(
    tab: Tab,
    name: string,
    { ifAvailable, steal, signal }: LockOptions,
    run: (lock: unknown) => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abort = (why: string): void => tab.run(() => reject(new DOMException(why, 'AbortError')))
      const grant = (): void => {
        const held: Held = { tab, steal: () => abort('stolen') }
        this.#held.set(name, held)
        const release = (): void => {
          tab.releases.delete(release)
          this.#release(name, held)
        }
        tab.releases.add(release)
        tab.run(() => void run({ name }).then(resolve, reject).finally(release))
      }
      if (steal) {
        this.#held.get(name)?.steal()
        return grant()
      }
      if (!this.#held.has(name)) return grant()
      if (ifAvailable) return void run(null).then(resolve, reject)
      const waiting = { tab, name, grant }
      this.#waiting.push(waiting)
      signal?.addEventListener('abort', () => {
        if (!this.#waiting.includes(waiting)) return
        this.#waiting = this.#waiting.filter(each => each !== waiting)
        abort('given up')
      })
    })
  }

  post(from: Tab, name: string, message: { kind: string }): void {
    const text = structuredClone(message)
    for (const { tab, listener } of this.#channels.get(name) ?? []) {
      if (tab === from || this.loses(text, tab)) continue
      queueMicrotask(() => tab.run(() => listener(structuredClone(text))))
    }
  }

  listen(tab: Tab, name: string, listener: (message: unknown) => void): () => void {
    const listeners = this.#channels.get(name) ?? new Set()
    this.#channels.set(name, listeners)
    const own = { tab, listener }
    listeners.add(own)
    return () => void listeners.delete(own)
  }

  /** Nobody waits for a lock in a tab that is gone. */
  buried(tab: Tab): void {
    this.#waiting = this.#waiting.filter(each => each.tab !== tab)
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
  #state: 'alive' | 'hung' | 'dead' = 'alive'
  #later: (() => void)[] = []

  constructor(house: TabHouse) {
    this.#house = house
  }

  get isAlive(): boolean {
    return this.#state === 'alive'
  }

  readonly locks: TabPorts['locks'] = {
    request: (name, options, run) => this.#house.request(this, name, options, run),
  }

  open(name: string) {
    let stop = (): void => undefined
    return {
      post: (message: unknown) => this.run(() => this.#house.post(this, name, message as { kind: string })),
      onMessage: (listener: (message: unknown) => void) => {
        stop = this.#house.listen(this, name, listener)
      },
      close: () => stop(),
    }
  }

  /** At once, or when the tab wakes up, or never. */
  run(task: () => void): void {
    if (this.#state === 'alive') task()
    else if (this.#state === 'hung') this.#later.push(task)
  }

  /** Its timers. */
  clock(clock: Clock): Clock {
    return { now: () => clock.now(), after: (ms, run) => clock.after(ms, () => this.run(run)) }
  }

  /** Its requests. */
  readonly fetch: typeof fetch = async (input, init) => {
    await new Promise<void>(resolve => this.run(resolve))
    const response = await fetch(input, init)
    await new Promise<void>(resolve => this.run(resolve))
    return response
  }

  hang(): void {
    if (this.#state === 'alive') this.#state = 'hung'
  }

  /** What waited happens in order. */
  wake(): void {
    if (this.#state !== 'hung') return
    this.#state = 'alive'
    for (const task of this.#later.splice(0)) task()
  }

  /** As when its process is killed. */
  die(): void {
    this.#state = 'dead'
    this.#later = []
    this.#house.buried(this)
    for (const release of [...this.releases]) release()
  }
}
