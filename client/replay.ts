/**
 * Sends what waits: in order, one document at a time, until the outbox is empty. Whatever goes wrong, it tries again by itself;
 * what cannot succeed is parked with its reason and holds up only what builds on it.
 */
import { type DocumentNode, type GraphQLFormattedError, parse } from 'graphql'
import { ERROR_CODES, errorCode, isRetryableCode } from '../protocol/errors.ts'
import type { Clock, Random } from '../protocol/ports.ts'
import { answerOf, type Batches, type BatchItem, type Template, type Templates } from './batch.ts'
import type { Connectivity } from './connectivity.ts'
import { DocumentSize } from './document-size.ts'
import type { StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import type { Report } from './listeners.ts'
import type { OutboxQueue } from './outbox.ts'
import { Pace } from './pace.ts'
import { doubtful, Questions } from './questions.ts'
import { type Answered, reasonOf, type Verdict, verdictOf } from './settle.ts'
import type { SignIn } from './sign-in.ts'
import type { Answer, Wire } from './wire.ts'

/** Any answer to it says that the gateway is there. Sent after a failure, before tasks that never were, so that those stay unsent, and can be cancelled, while it is not. */
const PROBE: DocumentNode = parse('query LayoverProbe { __typename }', { noLocation: true })

export interface ReplayCounts {
  sent: number
  confirmed: number
  conflicts: number
  rejected: number
  requests: number
}

export interface ReplayPorts {
  readonly queue: OutboxQueue
  readonly wire: Wire
  readonly templates: Templates
  readonly batches: Batches
  /** Payload types by operation name, as answers have told them. */
  readonly payloads: PayloadTypes
  readonly connectivity: Connectivity
  readonly signIn: SignIn
  readonly settle: (answered: readonly Answered[], nextAttemptAt: string | undefined) => Promise<void>
  /** Nobody needs to wait for an answer now. */
  readonly nothingSoon: () => void
  readonly clock: Clock
  readonly random: Random
  readonly tasksPerDocument: number
  readonly report: Report
}

export interface PayloadTypes {
  get(name: string): string | undefined
  learn(name: string, type: string): void
}

interface Prepared extends BatchItem {
  readonly entry: StoredEntry
  readonly template: Template
}

export class Replay {
  readonly #ports: ReplayPorts
  readonly #questions: Questions
  readonly #size: DocumentSize
  readonly #pace: Pace
  #lastFailure: unknown
  #isWanted = false
  #running: Promise<void> | undefined
  #pausedByUser = false
  #held = false
  /** In a row, without an answer between them. */
  #signIns = 0
  #closed = false
  #counts: ReplayCounts = { sent: 0, confirmed: 0, conflicts: 0, rejected: 0, requests: 0 }

  constructor(ports: ReplayPorts) {
    this.#ports = ports
    this.#questions = new Questions(ports.queue, ports.clock, ids => void this.ask(ids))
    this.#size = new DocumentSize(ports.tasksPerDocument)
    this.#pace = new Pace(ports.clock, ports.random, () => this.#due())
  }

  /** By the application, or while the gateway waits for somebody to sign in. */
  get paused(): boolean {
    return this.#pausedByUser || this.#held
  }

  pause(): void {
    if (this.#pausedByUser) return
    this.#pausedByUser = true
    this.#ports.nothingSoon()
    this.#ports.queue.notify()
  }

  resume(): void {
    const wasPaused = this.paused
    this.#pausedByUser = false
    this.#held = false
    this.#ports.signIn.resume()
    if (wasPaused) this.#ports.queue.notify()
    this.kick(true)
  }

  /** Something may be there to send. `now` cuts the waiting short, but not below what the gateway asked for. */
  kick(now = false): void {
    if (this.#closed) return
    if (now) this.#pace.hurry()
    this.#isWanted = true
    this.#running ??= this.#run()
  }

  /** Resolves when nothing is left that can be sent now; `failure` says why something is. `now` does not wait for a retry's time. */
  async drain(now: boolean): Promise<{ counts: ReplayCounts; failure: unknown }> {
    const before = { ...this.#counts }
    if (!this.#pace.isToldToWait) this.#lastFailure = undefined
    this.kick(now)
    await this.#running
    const counts = { ...this.#counts }
    for (const kind of Object.keys(counts) as (keyof ReplayCounts)[]) counts[kind] -= before[kind]
    return { counts, failure: this.#lastFailure }
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
    this.#ports.nothingSoon()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    await Promise.resolve()
    try {
      while (this.#isWanted) {
        this.#isWanted = false
        await this.#pass()
      }
    } catch (error) {
      // A bug, but no reason to stand still for ever.
      this.#ports.queue.doubtSending().catch(this.#ports.report)
      this.#ports.report(new LayoverError('UPDATE_FAILED', 'Replaying the outbox failed; it is tried again.', error))
      this.#pace.failed()
      this.#wake()
    } finally {
      this.#running = undefined
    }
  }

  async #pass(): Promise<void> {
    const { queue, connectivity } = this.#ports
    for (;;) {
      if (this.#closed || this.paused || connectivity.mode === 'offline') return this.#ports.nothingSoon()
      const { next } = this.#size
      const waiting = queue.sendable(next)
      const isIdle = waiting.length === 0
      if (isIdle && this.#questions.isEmpty) return this.#questions.later()
      if (this.#pace.isWaiting) return this.#wake()
      // What the gateway may have already goes first and alone: it serves as the probe, and risks nothing that is unsent.
      const sure = connectivity.state === 'online' ? waiting : doubtful(waiting)
      if (connectivity.state !== 'online' && sure.length === 0) await this.#probe()
      else await this.#exchange(isIdle ? this.#questions.take(next) : sure, isIdle)
    }
  }

  async #probe(): Promise<void> {
    const answer = await this.#ports.wire.send(PROBE, {})
    if (answer.kind === 'none') this.#unanswered(answer)
  }

  /** @param asking the gateway has these; only their outcome is asked for */
  async #exchange(entries: readonly StoredEntry[], asking: boolean): Promise<void> {
    const prepared = await this.#prepare(entries)
    if (prepared.length === 0) return
    if (!asking) await this.#mark(prepared)
    if (this.#closed) return
    const { document, variables } = this.#ports.batches.merge(prepared)
    this.#counts.requests += 1
    if (!asking) this.#counts.sent += prepared.length
    const answer = await this.#ports.wire.send(document, variables)
    if (this.#closed) return // What was being sent is in doubt at the next start.
    const current = prepared.map(each => ({ ...each, entry: this.#ports.queue.get(each.entry.id) ?? each.entry }))
    switch (answer.kind) {
      case 'none':
        this.#unanswered(answer)
        return this.#putBack(asking ? [] : current, 'in-doubt')
      case 'unauthenticated':
        await this.#putBack(asking ? [] : current, 'queued')
        return this.#hold()
      case 'too-large':
        return this.#refusedAsWhole(
          current,
          asking,
          'PAYLOAD_TOO_LARGE',
          'The document is larger than the gateway takes.',
        )
      case 'answer':
        return this.#answered(current, asking, answer)
      default:
        return answer satisfies never
    }
  }

  /** On the device before it leaves: after a restart it must be known that the gateway may have it. */
  async #mark(prepared: readonly Prepared[]): Promise<void> {
    await this.#keep(
      this.#ports.queue.change(change => {
        for (const { entry } of prepared) change.move(entry.id, 'sending', { attempts: entry.attempts + 1 })
      }),
    )
  }

  async #prepare(entries: readonly StoredEntry[]): Promise<Prepared[]> {
    const { queue, templates, payloads } = this.#ports
    const prepared: Prepared[] = []
    const unfit: { id: string; reason: string }[] = []
    for (const entry of entries) {
      try {
        const template = templates.get(entry.document)
        const variables = { ...entry.variables, task: taskInput(entry, queue.client) }
        prepared.push({ entry, template, variables, payload: payloads.get(entry.name) })
      } catch (error) {
        unfit.push({
          id: entry.id,
          reason: reasonOf('UNKNOWN_TASK', error instanceof Error ? error.message : String(error)),
        })
      }
    }
    if (unfit.length > 0) {
      await this.#keep(
        queue.change(change => {
          for (const { id, reason } of unfit) change.move(id, 'parked', { outcome: { status: 'parked', reason } })
        }),
      )
    }
    return prepared
  }

  async #answered(
    prepared: readonly Prepared[],
    asking: boolean,
    answer: Extract<Answer, { kind: 'answer' }>,
  ): Promise<void> {
    const whole = answer.errors.filter(error => error.path === undefined)
    const [refusal] = whole
    if (answer.data === null && refusal) {
      const code = errorCode(refusal)
      if (code !== undefined && !isRetryableCode(code))
        return this.#refusedAsWhole(prepared, asking, code, refusal.message)
      this.#lastFailure = refusal
      this.#pace.failed()
      return this.#putBack(asking ? [] : prepared, code === ERROR_CODES.NOT_ATTEMPTED ? 'queued' : 'in-doubt')
    }
    const answered = prepared.map((each, index) => this.#verdict(each, index, answer, whole))
    const isRefused = answered.some(({ verdict }) => verdict.kind === 'unauthenticated')
    if (!isRefused) this.#signIns = 0
    this.#learn(answered)
    this.#count(answered)
    const again = answered.some(({ verdict }) => verdict.kind === 'again')
    if (again) this.#pace.failed()
    else this.#pace.succeeded()
    await this.#keep(this.#ports.settle(answered, this.#pace.nextAttemptAt))
    if (!asking) this.#size.passed(prepared.length)
    if (isRefused) await this.#hold()
  }

  #verdict(
    { entry, template }: Prepared,
    index: number,
    { data, errors }: { data: Record<string, unknown> | null; errors: readonly GraphQLFormattedError[] },
    whole: readonly GraphQLFormattedError[],
  ): Answered {
    const own = answerOf(index, template.responseKey, data, errors)
    // An error without a path is about every task that got no answer.
    const answer = own.errors.length === 0 && !own.value ? { ...own, errors: whole } : own
    return { entry, template, answer, verdict: verdictOf(answer, entry.attempts) }
  }

  /** Nothing of it was run. Smaller and smaller documents find the one at fault; it is parked, and the rest goes on. */
  async #refusedAsWhole(prepared: readonly Prepared[], asking: boolean, code: string, message: string): Promise<void> {
    if (asking) return
    const isSize = code === 'PAYLOAD_TOO_LARGE' || code === ERROR_CODES.TOO_MANY_TASKS
    const [only] = prepared
    if (prepared.length > 1 || !only) {
      if (isSize) this.#size.shrink(prepared.length)
      else this.#size.halve(prepared.length)
      return this.#putBack(prepared, 'queued')
    }
    this.#size.found()
    if (code === ERROR_CODES.TOO_MANY_TASKS) {
      this.#pace.failed() // One is not many: the user has sent too many lately.
      return this.#putBack(prepared, 'queued')
    }
    const refusal: GraphQLFormattedError = { message, extensions: { code }, path: [only.template.responseKey] }
    const verdict: Verdict = { kind: 'refused', reason: reasonOf(code, message) }
    const { entry, template } = only
    await this.#keep(
      this.#ports.settle([{ entry, template, verdict, answer: { value: null, errors: [refusal] } }], undefined),
    )
  }

  async #putBack(prepared: readonly Prepared[], to: 'queued' | 'in-doubt'): Promise<void> {
    if (prepared.length === 0) return
    const { nextAttemptAt } = this.#pace
    await this.#keep(
      this.#ports.queue.change(change => {
        for (const { entry } of prepared)
          change.move(entry.id, to, nextAttemptAt === undefined ? {} : { nextAttemptAt })
      }),
    )
  }

  async #hold(): Promise<void> {
    const { signIn, queue } = this.#ports
    this.#lastFailure = new LayoverError('UNAUTHENTICATED', 'The gateway wants somebody to sign in.')
    this.#held = true
    this.#ports.nothingSoon()
    queue.notify()
    this.#signIns += 1
    this.#pace.failed()
    const renewed = await signIn.renew()
    if (this.#closed || !this.#held) return // Resumed meanwhile.
    if (!renewed) return this.#wake()
    // Signed in, and refused all the same: not at once again.
    if (this.#signIns === 1) this.#pace.hurry()
    this.#held = false
    this.#lastFailure = undefined
    queue.notify()
  }

  #unanswered({ cause, retryAfterMs }: { cause: unknown; retryAfterMs: number | undefined }): void {
    this.#lastFailure = cause
    this.#pace.failed(retryAfterMs)
    this.#ports.nothingSoon()
  }

  /** Comes back when the waiting is over. */
  #wake(): void {
    this.#ports.nothingSoon()
    if (!this.#closed) this.#pace.arm()
  }

  #due(): void {
    if (this.#held) {
      this.#held = false
      this.#ports.queue.notify()
    }
    this.kick()
  }

  #learn(answered: readonly Answered[]): void {
    for (const { entry, answer } of answered) {
      const type = typeof answer.value === 'object' && answer.value !== null && '__typename' in answer.value
      if (type && typeof answer.value.__typename === 'string')
        this.#ports.payloads.learn(entry.name, answer.value.__typename)
    }
  }

  #count(answered: readonly Answered[]): void {
    for (const { entry, verdict } of answered) {
      if (verdict.kind === 'confirmed') this.#counts.confirmed += 1
      if (verdict.kind === 'conflict' && entry.status !== 'conflict') this.#counts.conflicts += 1
      if (verdict.kind === 'rejected') this.#counts.rejected += 1
      if (verdict.kind === 'accepted' && entry.status === 'sending') this.#questions.soon()
    }
  }

  /** A move that the disk did not take is tried again with the next one; meanwhile the queue goes on. */
  async #keep(stored: Promise<void>): Promise<void> {
    try {
      await stored
    } catch (error) {
      this.#ports.report(
        error instanceof LayoverError
          ? error
          : new LayoverError('STORAGE_FAILED', 'The outbox could not be stored.', error),
      )
    }
  }
}

function taskInput(entry: StoredEntry, client: string): Record<string, unknown> {
  return { id: entry.id, client, sequence: entry.sequence, after: entry.after, queuedAt: entry.queuedAt }
}
