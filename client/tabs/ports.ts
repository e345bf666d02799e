/** What tabs of one origin share beside the database: locks and a channel. Handed in, so that a test can open many in one process. */

export interface TabPorts {
  readonly locks: TabLocks
  /** A channel that every tab opens under the same name; what one posts reaches all others, in order. */
  open(name: string): TabChannel
}

/** The part of the Web Locks API that is used. */
export interface TabLocks {
  request<T>(
    name: string,
    options: { ifAvailable?: boolean; steal?: boolean; signal?: AbortSignal },
    run: (lock: unknown) => Promise<T>,
  ): Promise<T>
}

/** The lead, held. */
export interface Lead {
  release(): void
  /** Resolves when it was taken away. */
  readonly lost: Promise<void>
}

/** The lead if nobody has it. Never rejects. */
export function leadIfFree(locks: TabLocks, name: string): Promise<Lead | undefined> {
  return new Promise(resolve => {
    let lose = (): void => undefined
    const lost = new Promise<void>(done => {
      lose = done
    })
    const leave = (): void => {
      resolve(undefined)
      lose()
    }
    locks
      .request(name, { ifAvailable: true }, async lock => {
        if (lock) await new Promise<void>(release => resolve({ release, lost }))
        else resolve(undefined)
      })
      .catch(leave)
  })
}

export interface TabChannel {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  close(): void
}

/** The browser's, where it has them: over HTTPS and on localhost. */
export function browserTabs(): TabPorts | undefined {
  if (typeof navigator === 'undefined' || !navigator.locks || typeof BroadcastChannel === 'undefined') return undefined
  return {
    locks: navigator.locks,
    open(name) {
      const channel = new BroadcastChannel(name)
      return {
        post: message => channel.postMessage(message),
        onMessage(listener) {
          channel.onmessage = ({ data }) => listener(data)
        },
        close: () => channel.close(),
      }
    },
  }
}
