/**
 * A network in the test's hands. It is a `fetch`, so that everything above it is real: Apollo's HttpLink reads real responses
 * with real status codes and broken bodies, and what the client makes of them is what it makes of them in the field.
 */
import { ApolloLink, HttpLink, Observable } from '@apollo/client'
import { OperationTypeNode } from 'graphql'
import { type Clock, pause, type Random, systemClock, systemRandom } from '../../protocol/ports.ts'
import type { NetworkHint } from '../connectivity.ts'
import { answerFor, connectionLost, type NetworkFault, type PlainFault, truncated } from './faults.ts'
import { type GatewayRequest, type GatewayResponse, readRequest, type SimulatedGateway } from './gateway-request.ts'
import { workOn } from './virtual-clock.ts'

export interface SimulatedNetworkOptions {
  gateway: SimulatedGateway
  /** Default: the system's. */
  clock?: Clock
  /** For faults with a chance; default: the system's. */
  random?: Random
  /** Of a round trip; default 0. A function is asked for each request. */
  latencyMs?: number | (() => number)
}

export interface LoggedRequest extends GatewayRequest {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** What it met. */
  readonly fault: NetworkFault | undefined
}

export interface FaultRule {
  /** Default: any request. */
  when?: (request: GatewayRequest) => boolean
  /** How many requests meet it; default 1, with `chance` any number. */
  times?: number
  /** Of each request that matches, 0 to 1; default 1. */
  chance?: number
}

/** How long a request that is to be overtaken waits for another one. */
const OVERTAKEN_WITHIN_MS = 5000

interface Rule extends Required<FaultRule> {
  readonly fault: NetworkFault
}

export function simulatedNetwork(options: SimulatedNetworkOptions): SimulatedNetwork {
  return new SimulatedNetwork(options)
}

export class SimulatedNetwork {
  /** In the order in which they were sent. Empty it as you like. */
  readonly requests: LoggedRequest[] = []
  /** Hand it to an HttpLink of your own, or take `link`. */
  readonly fetch: typeof fetch = (_uri, init) => this.#fetch(init)
  /** What the devices believe about the network. */
  readonly hint: NetworkHint
  latencyMs: number | (() => number)
  readonly #gateway: SimulatedGateway
  readonly #clock: Clock
  readonly #random: Random
  readonly #during: ReturnType<typeof workOn>
  readonly #rules = new Set<Rule>()
  readonly #hints = new Set<() => void>()
  readonly #sockets = new Set<() => void>()
  #overtaking = new Set<() => void>()
  #online = true
  #believed = true

  constructor({ gateway, clock = systemClock, random = systemRandom, latencyMs = 0 }: SimulatedNetworkOptions) {
    this.#gateway = gateway
    this.#clock = clock
    this.#random = random
    this.#during = workOn(clock)
    this.latencyMs = latencyMs
    this.hint = {
      isOnline: () => this.#believed,
      subscribe: listener => {
        const own = (): void => listener()
        this.#hints.add(own)
        return () => void this.#hints.delete(own)
      },
    }
  }

  get isOnline(): boolean {
    return this.#online
  }

  /** Listeners for hints and open subscriptions: none should be left of a client that was closed. */
  get listeners(): number {
    return this.#hints.size + this.#sockets.size
  }

  /** Nothing gets through, and the answers of what is under way neither. `unnoticed`: the devices go on believing that they are online. */
  offline({ unnoticed = false } = {}): void {
    this.#online = false
    for (const close of [...this.#sockets]) close()
    if (!unnoticed) this.#believe(false)
  }

  online(): void {
    this.#online = true
    this.#believe(true)
  }

  /** Requests that match meet it; of several rules the oldest counts. The returned function withdraws it. */
  fault(
    fault: NetworkFault | PlainFault,
    { when = () => true, chance = 1, times = chance < 1 ? Number.POSITIVE_INFINITY : 1 }: FaultRule = {},
  ): () => void {
    const rule: Rule = { fault: typeof fault === 'string' ? { kind: fault } : fault, when, chance, times }
    this.#rules.add(rule)
    return () => void this.#rules.delete(rule)
  }

  /** Every fault is withdrawn. */
  calm(): void {
    this.#rules.clear()
  }

  /** Queries and mutations through Apollo's HttpLink, `changesAvailable` from the gateway. `headers` are asked for at each request. */
  link({ headers = () => ({}) }: { headers?: () => Record<string, string> } = {}): ApolloLink {
    const http = new HttpLink({
      uri: 'http://gateway.test/graphql',
      fetch: (_uri, init) =>
        this.#fetch({ ...init, headers: { ...(init?.headers as Record<string, string>), ...headers() } }),
    })
    const socket = new ApolloLink(() => this.#pokes(headers()))
    return ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, socket, http)
  }

  #believe(online: boolean): void {
    if (this.#believed === online) return
    this.#believed = online
    for (const listener of [...this.#hints]) listener()
  }

  #fetch(init: RequestInit | undefined): Promise<Response> {
    const request = readRequest(init)
    const fault = this.#draw(request)
    this.requests.push({ ...request, at: this.#clock.now(), fault })
    const { signal } = init ?? {}
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason)
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      // Aborted or not, what is on its way arrives.
      this.#carry(request, fault)
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', abort))
    })
  }

  #draw(request: GatewayRequest): NetworkFault | undefined {
    for (const rule of this.#rules) {
      if (!rule.when(request)) continue
      if (rule.chance < 1 && this.#random.fraction() >= rule.chance) continue
      rule.times -= 1
      if (rule.times <= 0) this.#rules.delete(rule)
      return rule.fault
    }
    return undefined
  }

  async #carry(request: GatewayRequest, fault: NetworkFault | undefined): Promise<Response> {
    const latency = typeof this.latencyMs === 'function' ? this.latencyMs() : this.latencyMs
    const late = fault?.kind === 'delay' ? fault.ms : 0
    const isAnswerLate = fault?.kind === 'delay' && fault.leg === 'answer'
    await this.#travel(latency / 2 + (isAnswerLate ? 0 : late))
    if (fault?.kind === 'reorder') await this.#overtaken()
    if (!this.#online || fault?.kind === 'drop') throw connectionLost()
    const response = (fault && answerFor(fault)) ?? (await this.#executed(request, fault))
    await this.#travel(latency / 2 + (isAnswerLate ? late : 0))
    if (!this.#online || fault?.kind === 'cut') throw connectionLost()
    return fault?.kind === 'truncated' ? truncated(response) : this.#counted(response)
  }

  async #executed(request: GatewayRequest, fault: NetworkFault | undefined): Promise<GatewayResponse> {
    if (fault?.kind === 'hang' && !fault.isApplied) return never()
    const answer = (): Promise<GatewayResponse> => this.#during(this.#gateway.execute(request))
    if (fault?.kind === 'duplicate') await answer()
    const response = await answer()
    const overtaken = this.#overtaking
    this.#overtaking = new Set()
    for (const goOn of overtaken) goOn()
    return fault?.kind === 'hang' ? never() : response
  }

  #travel(ms: number): Promise<void> {
    return ms > 0 ? pause(this.#clock, ms) : Promise.resolve()
  }

  /** Resolves after another request has arrived. */
  #overtaken(): Promise<void> {
    return new Promise(resolve => {
      const goOn = (): void => {
        withdraw()
        this.#overtaking.delete(goOn)
        resolve()
      }
      const withdraw = this.#clock.after(OVERTAKEN_WITHIN_MS, goOn)
      this.#overtaking.add(goOn)
    })
  }

  /** Reading a body takes turns of the event loop, which a virtual clock has to wait for. */
  #counted({ status, body, headers }: GatewayResponse): Response {
    const response = new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/graphql-response+json', ...headers },
    })
    const read = response.text.bind(response)
    return Object.assign(response, { text: () => this.#during(read()) })
  }

  #pokes(headers: Record<string, string>): Observable<ApolloLink.Result> {
    return new Observable(observer => {
      const { subscribe } = this.#gateway
      if (!this.#online || !subscribe) return observer.error(connectionLost())
      const stop = subscribe.call(this.#gateway, headers, () => {
        const at = new Date(this.#clock.now()).toISOString()
        if (this.#online) observer.next({ data: { changesAvailable: { __typename: 'ChangesAvailable', at } } })
      })
      const close = (): void => observer.error(connectionLost())
      this.#sockets.add(close)
      return () => {
        this.#sockets.delete(close)
        stop()
      }
    })
  }
}

// A new one each time: what waits for a promise is kept as long as it is.
const never = (): Promise<never> => new Promise(() => undefined)
