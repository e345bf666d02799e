/**
 * Sends what waits: in order, several documents at a time where the gateway keeps their order, until the outbox is empty.
 * Whatever goes wrong, it tries again by itself; what cannot succeed is parked with its reason and holds up only what builds
 * on it.
 *
 * What the gateway may have already is asked for by sending it again: a known id is answered with its first outcome, an
 * unknown one is carried out, so one request finds out and repairs. It goes first.
 */
import type { GraphQLFormattedError } from 'graphql'
import { ERROR_CODES, errorCode, isRetryableCode, isUntouched, retryAfterMs } from '../protocol/errors.ts'
import type { Clock, Random } from '../protocol/ports.ts'
import type { Connectivity } from './connectivity.ts'
import type { DocumentSize } from './document-size.ts'
import type { StoredEntry } from './entry.ts'
import { Flight, type FlyingDocument } from './flight.ts'
import { LayoverError } from './layover-error.ts'
import type { Report } from './listeners.ts'
import type { Meter } from './metered.ts'
import type { OutboxQueue } from './outbox.ts'
import { Pace } from './pace.ts'
import type { Packed, Packing, Unfit } from './packing.ts'
import { doubtful, Questions } from './questions.ts'
import { Counting, type ReplayCounts } from './replay-counts.ts'
import { SendingMoves } from './sending-moves.ts'
import { type Answered, reasonOf, type Verdict } from './settle.ts'
import type { SignIn } from './sign-in.ts'
import { type Pausing, Standstill } from './standstill.ts'
import type { Answer, Wire } from './wire.ts'

export interface ReplayPorts {
  readonly queue: OutboxQueue
  readonly wire: Wire
  readonly packing: Packing
  readonly connectivity: Connectivity
  readonly meter: Meter
  readonly size: DocumentSize
  readonly signIn: SignIn
  readonly settle: (answered: readonly Answered[], nextAttemptAt: string | undefined) => Promise<void>
  /** Nobody needs to wait for an answer now. */
  readonly nothingSoon: () => void
  readonly clock: Clock
  readonly random: Random
  /** At the same time. */
  readonly documents: number
  readonly report: Report
}

/** A document that is to leave. */
interface Departure {
  readonly packed: readonly Packed[]
  readonly flying: FlyingDocument
  /** The gateway has these; only their outcome is asked for. */
  readonly asking: boolean
}

export class Replay {
  readonly #ports: ReplayPorts
  readonly #questions: Questions
  readonly #flight: Flight
  readonly #pace: Pace
  readonly #counting = new Counting()
  readonly #moves: SendingMoves
  readonly standstill: Standstill
  #lastFailure: unknown
  #isWanted = false
  #running: Promise<void> | undefined
  /** Under way, or being stored. */
  #exchanges = 0
  #wakeUp: () => void = () => undefined
  /** Called when all that may go has gone. */
  #waitingForRest: (() => void)[] = []
  #closed = false
  /** Another tab sends. */
  #isFollowing = false

  constructor(ports: ReplayPorts) {
    this.#ports = ports
    this.#questions = new Questions(ports.queue, ports.clock, ids => void this.ask(ids))
    this.#flight = new Flight(ports.documents)
    this.#moves = new SendingMoves(ports.queue, ports.report)
    this.standstill = new Standstill(ports.signIn, () => ports.queue.notify())
    this.#pace = new Pace(ports.clock, ports.random, () => this.#due())
  }

  /** By the application, or while the gateway waits for somebody to sign in. */
  get paused(): boolean {
    return this.standstill.isOn
  }

  pause(): void {
    this.standstill.pause()
    this.#ports.nothingSoon()
  }

  resume(): void {
    this.standstill.resume()
    this.kick(true)
  }

  /** Of several tabs one sends. What was under way in a tab that no longer leads is the leader's to settle. */
  lead(leads: boolean): void {
    this.#isFollowing = !leads
    if (leads) this.standstill.release() // Whether a sign-in is still asked for is seen by trying.
    this.kick()
  }

  /** Another tab sends, and is paused or not. */
  mirror(pausing: Pausing): void {
    this.standstill.mirror(pausing)
    if (pausing) this.#ports.nothingSoon()
  }

  /** Something may be there to send. `now`: somebody asks for it, so it waits no longer, unless the gateway asked for that. */
  kick(now = false): void {
    if (now) this.#ports.meter.open()
    if (now) this.#pace.hurry()
    if (this.#isOut) return
    this.#isWanted = true
    this.#running ??= this.#run()
    this.#wakeUp()
  }

  /** There may be a connection again: the waiting after a failure is over. */
  hurry(): void {
    this.#pace.hurry()
    this.kick()
  }

  /** Resolves when nothing is left that can be sent now; `failure` says why something is. `now` does not wait for a retry's time. */
  async drain(now: boolean): Promise<{ counts: ReplayCounts; failure: unknown }> {
    const before = this.#counting.now
    if (!this.#pace.isToldToWait) this.#lastFailure = undefined
    this.#ports.meter.open() // A connection is used anyhow.
    this.kick(now)
    await this.#running
    return { counts: this.#counting.since(before), failure: this.#lastFailure }
  }

  /** Asks what became of tasks that the gateway has: it answers a known id with what it knows. Resolves when it was tried. */
  async ask(ids: Iterable<string>): Promise<void> {
    this.#questions.add(ids)
    if (this.#questions.isEmpty) return
    this.kick()
    await this.#running
  }

  close(): void {
    this.#closed = true
    this.#pace.close()
    this.#questions.close()
    this.#ports.meter.close()
    this.#ports.nothingSoon()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running
  }

  get #isOut(): boolean {
    return this.#closed || this.#isFollowing
  }

  async #run(): Promise<void> {
    await Promise.resolve()
    try {
      for (;;) {
        while (this.#isWanted) {
          this.#isWanted = false
          await this.#pass()
        }
        this.#rest()
        if (this.#exchanges === 0) break
        await new Promise<void>(resolve => {
          this.#wakeUp = resolve
        })
      }
    } catch (error) {
      this.#ports.queue.doubtSending().catch(this.#ports.report)
      this.#failedInside(error)
    } finally {
      this.#running = undefined
      this.#rest()
    }
  }

  #rest(): void {
    for (const goOn of this.#waitingForRest.splice(0)) goOn()
  }

  /** A bug, but no reason to stand still for ever. */
  #failedInside(error: unknown): void {
    this.#ports.report(new LayoverError('UPDATE_FAILED', 'Replaying the outbox failed; it is tried again.', error))
    this.#trouble()
    this.#wake()
  }

  /** Sends what may go now. */
  async #pass(): Promise<void> {
    const { queue, wire, connectivity, size, meter, nothingSoon } = this.#ports
    for (;;) {
      if (this.#isOut) return
      if (this.paused || connectivity.mode === 'offline') return nothingSoon()
      const waiting = queue.sendable(size.next * this.#flight.width)
      const isIdle = waiting.length === 0
      if (isIdle) {
        if (!this.#flight.isEmpty) return
        meter.close()
        if (this.#questions.isEmpty) return this.#questions.later(meter.pullEveryMs)
      }
      if (meter.holds) return nothingSoon()
      if (this.#pace.isWaiting) return this.#wake()
      // What the gateway may have already goes first and alone: it serves as the probe, and risks nothing that is unsent.
      const sure = connectivity.isProven ? waiting : doubtful(waiting).slice(0, size.next)
      if (!connectivity.isProven && sure.length === 0 && !isIdle) {
        if (!this.#flight.isEmpty) return
        const answer = await wire.probe()
        if (answer.kind === 'none' || answer.kind === 'busy') this.#unanswered(answer)
      } else if (!(await this.#depart(isIdle ? this.#questions.take(size.next) : sure, isIdle))) return
    }
  }

  /** False: what is under way has to be answered first. */
  async #depart(entries: readonly StoredEntry[], asking: boolean): Promise<boolean> {
    const departures: Departure[] = []
    const unfit: Unfit[] = []
    const { next } = this.#ports.size
    for (let start = 0; start < entries.length; start += next) {
      const part = this.#ports.packing.pack(entries.slice(start, start + next))
      unfit.push(...part.unfit)
      const { packed } = part
      if (packed.length === 0) continue
      const flying = asking ? this.#flight.alone() : this.#flight.join(packed.map(({ entry }) => entry))
      if (!flying) break
      departures.push({ packed, flying, asking })
    }
    try {
      if (!asking) await this.#moves.send(departures, unfit)
    } catch (error) {
      for (const { flying } of departures) this.#flight.land(flying)
      throw error
    }
    for (const departure of departures) void this.#exchange(departure)
    return asking || departures.length > 0 || unfit.length > 0
  }

  async #exchange(departure: Departure): Promise<void> {
    const { packed, flying, asking } = departure
    const { wire, packing } = this.#ports
    this.#exchanges += 1
    try {
      if (this.#isOut) return // What was being sent is in doubt at the next start.
      const { document, variables } = packing.merge(packed)
      this.#counting.sent(asking ? 0 : packed.length)
      const { renewals } = this.standstill
      const answer = await wire.send(document, variables, flying.follows)
      if (this.#isOut) return
      // From here to the first `await` is one step: nothing is sent in between.
      this.#flight.land(flying)
      this.kick()
      await this.#arrived({ ...departure, packed: packed.map(each => this.#current(each)) }, answer, renewals)
    } catch (error) {
      void this.#moves.putBack(packed, 'in-doubt')
      this.#failedInside(error)
    } finally {
      this.#flight.land(flying)
      this.#exchanges -= 1
      this.kick()
      this.#wakeUp()
    }
  }

  #current<T extends { entry: StoredEntry }>(each: T): T {
    return { ...each, entry: this.#ports.queue.get(each.entry.id) ?? each.entry }
  }

  async #arrived(departure: Departure, answer: Answer, renewals: number): Promise<void> {
    const sent = departure.asking ? [] : departure.packed
    switch (answer.kind) {
      case 'none':
      case 'busy':
        this.#unanswered(answer)
        return this.#putBack(sent, answer.kind === 'busy' ? 'queued' : 'in-doubt')
      case 'unauthenticated':
        return this.#unauthenticated(this.#putBack(sent, 'queued'), renewals)
      case 'too-large':
        return this.#refusedAsWhole(sent, 'PAYLOAD_TOO_LARGE', 'The document is larger than the gateway takes.')
      case 'answer':
        return this.#answered(departure, answer, renewals)
      default:
        return answer satisfies never
    }
  }

  async #answered(
    { packed, asking, flying }: Departure,
    { data, errors, keepsOrder }: Extract<Answer, { kind: 'answer' }>,
    renewals: number,
  ): Promise<void> {
    const { size, packing, settle } = this.#ports
    const refusal = errors.find(error => error.path === undefined)
    if (data === null && refusal) {
      const code = errorCode(refusal)
      const sent = asking ? [] : packed
      if (code !== undefined && !isRetryableCode(code)) return this.#refusedAsWhole(sent, code, refusal.message)
      this.#lastFailure = refusal
      // The one before it is late or lost; that is no failure of this one.
      if (code === ERROR_CODES.PREDECESSOR_MISSING && flying.follows !== null) this.#flight.narrow()
      else this.#trouble(retryAfterMs(refusal))
      return this.#putBack(sent, isUntouched(code) ? 'queued' : 'in-doubt')
    }
    const answered = packing.unpack(packed, data, errors)
    const isRefused = answered.some(({ verdict }) => verdict.kind === 'unauthenticated')
    if (!isRefused) this.standstill.accepted()
    this.#counting.answered(answered)
    // It may be done soon.
    if (answered.some(({ entry, verdict }) => verdict.kind === 'accepted' && entry.status === 'sending'))
      this.#questions.soon()
    if (answered.some(({ verdict }) => verdict.kind === 'again')) this.#trouble()
    else this.#pace.succeeded()
    if (!asking) size.passed(packed.length)
    if (!keepsOrder) this.#flight.narrow()
    else if (!this.#pace.isWaiting && !size.isSearching) this.#flight.widen()
    if (keepsOrder && answered.every(({ verdict: { kind } }) => kind === 'confirmed' || kind === 'accepted')) {
      // Applying it takes a while, in which the next ones can be under way already.
      await new Promise<void>(resolve => this.#waitingForRest.push(resolve))
      if (this.#isOut) return
    }
    const stored = this.#moves.keep(settle(answered, this.#pace.nextAttemptAt))
    return isRefused ? this.#unauthenticated(stored, renewals) : stored
  }

  /** Nothing of it was run. Smaller and smaller documents find the one at fault; it is parked, and the rest goes on. */
  async #refusedAsWhole(packed: readonly Packed[], code: string, message: string): Promise<void> {
    const [only] = packed
    if (!only) return
    const { size, settle } = this.#ports
    const isTooMany = code === ERROR_CODES.TOO_MANY_TASKS
    this.#flight.narrow()
    if (packed.length > 1 || isTooMany) {
      size.refused(
        packed.length,
        isTooMany || code === 'PAYLOAD_TOO_LARGE' || code === ERROR_CODES.DOCUMENT_TOO_COMPLEX,
      )
      if (packed.length === 1) this.#trouble() // One is not many: the user has sent too many lately.
      return this.#putBack(packed, 'queued')
    }
    size.found()
    const refusal: GraphQLFormattedError = { message, extensions: { code }, path: [only.template.responseKey] }
    const verdict: Verdict = { kind: 'refused', reason: reasonOf(code, message) }
    const { entry, template } = only
    await this.#moves.keep(
      settle([{ entry, template, verdict, answer: { value: null, errors: [refusal] } }], undefined),
    )
  }

  /** @param renewals how often somebody had signed in when it was sent */
  async #unauthenticated(stored: Promise<void>, renewals: number): Promise<void> {
    this.#flight.narrow()
    if (!this.standstill.hold(renewals)) return stored
    this.#lastFailure = new LayoverError('UNAUTHENTICATED', 'The gateway wants somebody to sign in.')
    this.#ports.nothingSoon()
    this.#pace.failed()
    await stored
    const how = await this.standstill.renew()
    if (this.#isOut) return
    if (how === 'failed') return this.#wake()
    // Refused all the same: not at once again.
    if (how === 'signed-in') this.#pace.hurry()
    if (how !== 'resumed') this.#lastFailure = undefined
  }

  #putBack(packed: readonly Packed[], to: 'queued' | 'in-doubt'): Promise<void> {
    return this.#moves.putBack(packed, to, this.#pace.nextAttemptAt)
  }

  #unanswered({ cause, retryAfterMs }: { cause: unknown; retryAfterMs: number | undefined }): void {
    this.#lastFailure = cause
    this.#trouble(retryAfterMs)
    this.#ports.nothingSoon()
  }

  #trouble(retryAfterMs?: number): void {
    this.#pace.failed(retryAfterMs)
    this.#flight.narrow()
  }

  /** Comes back when the waiting is over. */
  #wake(): void {
    this.#ports.nothingSoon()
    if (!this.#isOut) this.#pace.arm()
  }

  #due(): void {
    this.standstill.release()
    this.kick()
  }
}
