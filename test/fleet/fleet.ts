/** Gateways as they are run: several processes on one database behind a balancer, and somebody who starts again what has ended. */
import { setMaxListeners } from 'node:events'
import { setTimeout as later } from 'node:timers/promises'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { type GatewayProcess, startGatewayProcess, temporaryDataDir } from '../support/gateway-process.ts'

export interface FleetOptions {
  readonly size: number
  /** Address of the Postgres database that they share. Undefined: SQLite, and one gateway. */
  readonly database?: string
  /** Settings of every gateway. */
  readonly env: Readonly<Record<string, string>>
}

export interface Fleet {
  /** Of the balancer, without a slash at its end. */
  readonly url: string
  /** Places of those that can be harmed now: started and not frozen. */
  readonly awake: readonly number[]
  readonly frozen: readonly number[]
  /** What the processes said so far, without what each says of itself at its start. */
  readonly said: readonly string[]
  /** Each that ended though nobody killed it, and the end of what it said. */
  readonly endedByThemselves: readonly string[]
  /** Starts that failed, as they do while the database is away. */
  readonly failedStarts: number
  /** `kill -9`; another one takes the place. */
  kill(place: number): Promise<void>
  freeze(place: number): void
  wake(place: number): void
  /** Resolves when all are well. */
  whole(): Promise<void>
  /** Of the first that answers, in the format of Prometheus. */
  metrics(): Promise<string>
  close(): Promise<void>
}

const RESTART_MS = 200
const METRICS_MS = 5000
const METRICS_TOKEN = 'a token of the fleet that scrapes'

class Place {
  readonly said: string[] = []
  readonly endedByThemselves: string[] = []
  failedStarts = 0
  gateway: GatewayProcess | undefined
  isFrozen = false
  #isWanted = true
  #isKilled = false
  readonly #abort = new AbortController()
  readonly #life: Promise<void>
  /** Rejects with what it said when the very first start fails: that is no weather. */
  readonly begun: Promise<void>

  constructor(start: (signal: AbortSignal) => Promise<GatewayProcess>, balancer: Balancer) {
    // One start after the other listens to it.
    setMaxListeners(0, this.#abort.signal)
    const first = start(this.#abort.signal)
    this.begun = first.then(() => undefined)
    this.#life = this.#live(first, () => start(this.#abort.signal), balancer)
  }

  async #live(first: Promise<GatewayProcess>, start: () => Promise<GatewayProcess>, balancer: Balancer): Promise<void> {
    for (let isFirst = true; this.#isWanted; isFirst = false) {
      const gateway = await (isFirst ? first : start()).catch(() => undefined)
      if (gateway === undefined) {
        if (!this.#isWanted) return
        this.failedStarts += 1
        await later(RESTART_MS)
        continue
      }
      this.gateway = gateway
      this.#isKilled = false
      balancer.add(gateway.port)
      const code = await gateway.exited
      balancer.remove(gateway.port)
      this.gateway = undefined
      this.isFrozen = false
      this.said.push(...gateway.said.filter(line => line.startsWith('{') || line.startsWith('Error')))
      if (!this.#isKilled) this.endedByThemselves.push(`exit ${code}: ${gateway.said.slice(-5).join(' | ')}`)
    }
  }

  async kill(): Promise<void> {
    this.#isKilled = true
    await this.gateway?.kill()
  }

  async close(): Promise<void> {
    this.#isWanted = false
    this.#abort.abort()
    await this.kill()
    await this.#life
  }
}

/** Resolves when all are well. Reads the port at which each listens, so they never get in each other's way. */
export async function startFleet({ size, database, env }: FleetOptions): Promise<Fleet> {
  if (database === undefined && size !== 1) throw new Error('Several gateways need a Postgres database.')
  const balancer = await startBalancer()
  const folders = await Promise.all(Array.from({ length: size }, temporaryDataDir))
  const settings = {
    LOG_LEVEL: 'error',
    METRICS_TOKEN,
    ...env,
    ...(database === undefined ? {} : { DATABASE_URL: database }),
  }
  const places = folders.map(
    ({ path }) => new Place(until => startGatewayProcess({ dataDir: path, env: settings, until }), balancer),
  )
  const at = (place: number): Place => {
    const found = places[place]
    if (found === undefined) throw new Error(`there is no gateway at ${place}`)
    return found
  }
  const those = (holds: (place: Place) => boolean): number[] =>
    places.flatMap((place, index) => (holds(place) ? [index] : []))
  const wake = (place: number): void => {
    at(place).gateway?.signal('SIGCONT')
    at(place).isFrozen = false
  }
  const fleet: Fleet = {
    url: balancer.url,
    get awake() {
      return those(({ gateway, isFrozen }) => gateway !== undefined && !isFrozen)
    },
    get frozen() {
      return those(({ isFrozen }) => isFrozen)
    },
    get said() {
      return places.flatMap(({ said, gateway }) => [
        ...said,
        ...(gateway?.said.filter(line => line.startsWith('{')) ?? []),
      ])
    },
    get endedByThemselves() {
      return places.flatMap(({ endedByThemselves }) => endedByThemselves)
    },
    get failedStarts() {
      return places.reduce((sum, { failedStarts }) => sum + failedStarts, 0)
    },
    kill: place => at(place).kill(),
    freeze(place) {
      at(place).gateway?.signal('SIGSTOP')
      at(place).isFrozen = true
    },
    wake,
    whole: () => balancer.ready(size),
    async metrics() {
      const response = await fetch(`${balancer.url}/metrics`, {
        headers: { authorization: `Bearer ${METRICS_TOKEN}` },
        signal: AbortSignal.timeout(METRICS_MS),
      })
      return response.text()
    },
    async close() {
      await Promise.all(places.map(place => place.close()))
      await balancer.close()
      await Promise.all(folders.map(folder => folder.remove()))
    },
  }
  try {
    await Promise.all(places.map(({ begun }) => begun))
  } catch (error) {
    await fleet.close()
    throw error
  }
  await balancer.ready(size)
  return fleet
}
