/** A device that can be switched off in the middle of anything: what is left is what its storage holds. */
import { ApolloLink, Observable } from '@apollo/client'
import { type Clock, type Random, systemClock, systemRandom } from '../../protocol/ports.ts'
import type { NetworkHint } from '../connectivity.ts'
import type { LayoverError } from '../layover-error.ts'
import { createOfflineClient, type OfflineClient, type OfflineClientOptions } from '../offline-client.ts'
import type { SimulatedNetwork } from './simulated-network.ts'
import { type SimulatedStorage, simulatedStorage } from './simulated-storage.ts'
import { ended } from './virtual-clock.ts'

export interface DeviceOptions {
  network: SimulatedNetwork
  /** What the application gives `createOfflineClient`: asked for at every opening, for a cache is of one client. `link` default: the network's. */
  app: () => Omit<OfflineClientOptions, 'link' | 'storage' | 'clock' | 'random' | 'network'> & { link?: ApolloLink }
  /** Default: one of its own. */
  storage?: SimulatedStorage
  /** Default: the system's. */
  clock?: Clock
  /** Default: the system's. */
  random?: Random
  /** Of every request; default: `authorization: Bearer <user>`. */
  headers?: () => Record<string, string>
}

export function device(options: DeviceOptions): Device {
  return new Device(options)
}

export class Device {
  readonly storage: SimulatedStorage
  /** What `onError` was told, over all openings. Empty it as you like. */
  readonly errors: LayoverError[] = []
  readonly #options: DeviceOptions
  readonly #clock: Clock
  #life: Life | undefined
  #client: OfflineClient | undefined

  constructor(options: DeviceOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.storage = options.storage ?? simulatedStorage({ clock: this.#clock })
  }

  /** The one that is open. Throws when none is. */
  get client(): OfflineClient {
    if (!this.#client) throw new Error('No client is open on this device: call open() first.')
    return this.#client
  }

  get isOpen(): boolean {
    return this.#client !== undefined
  }

  /** Rejects with what `createOfflineClient` rejects with. A virtual clock goes on as far as the storage needs it. */
  async open(): Promise<OfflineClient> {
    if (this.#life) throw new Error('A client is open on this device: crash() or close() it first.')
    const { network, app, random = systemRandom } = this.#options
    const { link, onError, ...options } = app()
    const { headers = () => ({ authorization: `Bearer ${options.user}` }) } = this.#options
    const life = new Life()
    this.#life = life
    // Takes real time, of which a virtual clock knows nothing.
    await Promise.all([import('../rooms.ts'), import('../storage/driver-database.ts')])
    const session = this.storage.session()
    life.atEnd(() => session.end())
    const opening = createOfflineClient({
      ...options,
      link: mortalLink(life).concat(link ?? network.link({ headers })),
      storage: session,
      clock: mortalClock(this.#clock, life),
      network: mortalHint(network.hint, life),
      random,
      onError: error => {
        if (life.isOver) return
        this.errors.push(error)
        onError?.(error)
      },
    })
    try {
      this.#client = await ended(this.#clock, opening)
    } catch (error) {
      this.crash()
      throw error
    }
    return this.#client
  }

  /** As an application closes it. */
  async close(): Promise<void> {
    const { client } = this
    await ended(this.#clock, client.close())
    this.crash()
  }

  /** Nothing is closed, stored or sent any more; what the client still waits for never comes. What was sent may arrive. */
  crash(): void {
    this.#life?.end()
    this.#life = undefined
    this.#client = undefined
    this.storage.crash()
  }

  /** Crashes if it is open, and opens another client over the same storage. */
  reopen(): Promise<OfflineClient> {
    this.crash()
    return this.open()
  }
}

class Life {
  readonly #ends = new Set<() => void>()
  #isOver = false

  get isOver(): boolean {
    return this.#isOver
  }

  /** The returned function says that it is no longer needed. */
  atEnd(run: () => void): () => void {
    this.#ends.add(run)
    return () => void this.#ends.delete(run)
  }

  end(): void {
    this.#isOver = true
    for (const run of this.#ends) run()
    this.#ends.clear()
  }
}

function mortalClock(clock: Clock, life: Life): Clock {
  return {
    now: () => clock.now(),
    after(ms, run) {
      if (life.isOver) return () => undefined
      const withdraw = clock.after(ms, () => {
        forget()
        run()
      })
      const forget = life.atEnd(withdraw)
      return () => {
        forget()
        withdraw()
      }
    },
  }
}

function mortalHint(hint: NetworkHint, life: Life): NetworkHint {
  return {
    isOnline: () => hint.isOnline(),
    subscribe(listener) {
      const stop = hint.subscribe(listener)
      const forget = life.atEnd(stop)
      return () => {
        forget()
        stop()
      }
    },
  }
}

function mortalLink(life: Life): ApolloLink {
  return new ApolloLink(
    (operation, forward) =>
      new Observable(observer => {
        if (life.isOver) return undefined
        const subscription = forward(operation).subscribe(observer)
        const forget = life.atEnd(() => subscription.unsubscribe())
        return () => {
          forget()
          subscription.unsubscribe()
        }
      }),
  )
}
