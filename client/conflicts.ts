/**
 * Conflicts that wait for a decision, and decisions as tasks: a decision is queued, stored, sent and answered exactly like any
 * other task, so it works offline and survives a restart.
 */
import { REJECTION_CODES } from '../protocol/errors.ts'
import type { Decision } from '../protocol/task-states.ts'
import { resolveConflictTask } from './decision-task.ts'
import type { AnyRecord, ConflictEntry, Outcome, Overlay, StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import { Listeners, type Report } from './listeners.ts'
import type { OutboxChange, OutboxQueue } from './outbox.ts'
import { isUnsettled } from './outbox-states.ts'
import { conflictOf, type Delivery, type Verdict } from './settle.ts'
import type { OnConflict } from './task.ts'
import type { TaskState } from './task-fragment.ts'

/** How often one conflict is decided by a rule when each decision finds the record changed again. */
const MAX_DECISIONS_BY_RULE = 5
/** Of every record; nobody decides about them. */
const PROTOCOL_FIELDS: ReadonlySet<string> = new Set(['id', '__typename', 'version', 'updatedAt', 'updatedBy'])

export interface ConflictPorts {
  readonly queue: OutboxQueue
  readonly onConflict: (name: string) => OnConflict
  /** Asks the gateway what became of these. */
  readonly ask: (ids: readonly string[]) => void
  readonly report: Report
}

/** Queues a decision as `mutate` does; resolves when it is on the device, and `delivered` when it is answered or will not be soon. */
export type EnqueueDecision = (
  variables: Record<string, unknown>,
  overlay: Overlay | undefined,
) => Promise<{ delivered: Promise<Delivery> }>

export class Conflicts {
  readonly #ports: ConflictPorts
  readonly #listeners: Listeners
  readonly #decidedByRule = new Map<string, number>()
  readonly subscribe: (listener: () => void) => () => void
  #list: readonly ConflictEntry[] = []
  #enqueue: EnqueueDecision | undefined

  constructor(ports: ConflictPorts) {
    this.#ports = ports
    this.#listeners = new Listeners(ports.report)
    this.subscribe = this.#listeners.subscribe
    ports.queue.subscribe(() => this.#refresh())
    this.#refresh()
  }

  /** Opens the way for decisions. */
  decideThrough(enqueue: EnqueueDecision): void {
    this.#enqueue = enqueue
  }

  /** In queue order, without those about which a decision waits; replaced, never changed. */
  get list(): readonly ConflictEntry[] {
    return this.#list
  }

  /**
   * Queues the decision. `values` (MERGE) are the record's fields as they shall be. Resolves when it is stored and answered,
   * or stored and no answer came soon. Rejects with UNKNOWN_ENTRY, NOT_POSSIBLE (a decision waits already), STORAGE_FAILED,
   * and, when the gateway says so at once, CONFLICT_CHANGED (it is back in the list, with what is new), NOT_IMPLEMENTED or REFUSED.
   */
  async resolve(id: string, decision: Decision, values?: object): Promise<void> {
    const entry = this.#ports.queue.get(id)
    if (entry?.outcome?.status !== 'conflict') {
      throw new LayoverError('UNKNOWN_ENTRY', `No entry ${id} is in conflict.`)
    }
    if (this.#decisionsAbout(id).some(each => each.status !== 'parked')) {
      throw new LayoverError('NOT_POSSIBLE', `A decision about ${id} is already on its way.`)
    }
    if (!this.#enqueue) throw new LayoverError('CLOSED', 'The client is not open yet.')
    await this.#dropDecisions(id)
    const { conflict } = entry.outcome
    const { theirsVersion } = conflict
    const variables = { conflictOf: id, decision, theirsVersion, ...(values === undefined ? {} : { values }) }
    const { delivered } = await this.#enqueue(variables, overlayOf(conflict, decision, values))
    const delivery = await delivered
    if (delivery.kind === 'answered') await this.#raiseRefusal(id, delivery)
  }

  /** Part of a change of the outbox: what the verdict on a decision means for the conflict it is about. */
  settleDecision(change: OutboxChange, decision: StoredEntry, verdict: Verdict, resolved: TaskState | undefined): void {
    if (decision.name !== resolveConflictTask.name) return
    const about = this.#ports.queue.get(String(decision.variables['conflictOf']))
    if (verdict.kind === 'rejected') change.leave(decision.id, verdict.outcome)
    if (about?.status !== 'conflict') return
    if (resolved?.conflict && (resolved.status === 'CONFLICT' || resolved.status === 'IN_REVIEW')) {
      const conflict = conflictOf(about, resolved.conflict, resolved.status === 'IN_REVIEW')
      change.move(about.id, 'conflict', { outcome: { status: 'conflict', conflict } })
    } else if (verdict.kind === 'confirmed') {
      change.leave(about.id, this.#settledBy(decision, resolved))
    } else if (verdict.kind === 'rejected') {
      this.#ports.ask([about.id]) // Somebody else may have settled it.
    }
  }

  /** Conflicts that just arrived or came back: those with a rule are decided by it. */
  decideArrived(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#ports.queue.get(id)
      if (entry?.outcome?.status !== 'conflict' || entry.outcome.conflict.inReview) continue
      if (this.#decisionsAbout(id).length > 0) continue
      void this.#decideByRule(id, entry.outcome.conflict, this.#ports.onConflict(entry.name))
    }
  }

  close(): void {
    this.#listeners.clear()
  }

  async #decideByRule(id: string, conflict: ConflictEntry, rule: OnConflict): Promise<void> {
    const times = this.#decidedByRule.get(id) ?? 0
    if (rule === 'ask' || times >= MAX_DECISIONS_BY_RULE) return
    this.#decidedByRule.set(id, times + 1)
    try {
      const decision =
        typeof rule === 'function' ? await rule(conflict) : rule === 'theirs' ? 'TAKE_THEIRS' : 'KEEP_MINE'
      await this.resolve(id, decision)
      this.#decidedByRule.delete(id)
    } catch (error) {
      const newer = this.#ports.queue.get(id)?.outcome
      if (error instanceof LayoverError && error.code === 'CONFLICT_CHANGED' && newer?.status === 'conflict') {
        return this.#decideByRule(id, newer.conflict, rule)
      }
      // It stays in the list, where a person decides.
      this.#ports.report(
        error instanceof LayoverError
          ? error
          : new LayoverError('UPDATE_FAILED', `\`onConflict\` of ${conflict.task} threw.`, error),
      )
    }
  }

  #settledBy(decision: StoredEntry, resolved: TaskState | undefined): Outcome {
    const isDropped = resolved ? resolved.status === 'CANCELLED' : decision.variables['decision'] === 'TAKE_THEIRS'
    return isDropped
      ? { status: 'discarded' }
      : { status: 'confirmed', data: null, reconciliation: resolved?.reconciliation ?? [] }
  }

  #decisionsAbout(id: string): readonly StoredEntry[] {
    return this.#decisions().filter(({ variables }) => variables['conflictOf'] === id)
  }

  /** A new decision takes the place of one that the gateway would not take. */
  async #dropDecisions(id: string): Promise<void> {
    const decisions = this.#decisionsAbout(id)
    if (decisions.length === 0) return
    await this.#ports.queue.change(change => {
      for (const decision of decisions) change.leave(decision.id, { status: 'discarded' })
    })
  }

  async #raiseRefusal(id: string, delivery: Extract<Delivery, { kind: 'answered' }>): Promise<void> {
    if (delivery.verdict === 'refused') {
      await this.#dropDecisions(id) // The caller is told; nothing is left to look at.
      const [error] = delivery.errors
      const code = error?.extensions?.['code'] === 'NOT_IMPLEMENTED' ? 'NOT_IMPLEMENTED' : 'REFUSED'
      throw new LayoverError(code, error?.message ?? 'The gateway refused this decision.')
    }
    if (delivery.verdict !== 'rejected') return
    const payload: AnyRecord = Object.values(delivery.data)[0]
    const code: unknown = payload?.task?.rejection?.code
    const message = String(payload?.task?.rejection?.message ?? 'The gateway rejected this decision.')
    throw new LayoverError(code === REJECTION_CODES.CONFLICT_CHANGED ? 'CONFLICT_CHANGED' : 'REFUSED', message)
  }

  #decisions(): readonly StoredEntry[] {
    return this.#ports.queue.named(resolveConflictTask.name)
  }

  /** Runs at every change of the queue, so it must not look at all of it. */
  #refresh(): void {
    const decided = new Set<unknown>()
    for (const { status, variables } of this.#decisions()) {
      if (isUnsettled(status) && status !== 'parked') decided.add(variables['conflictOf'])
    }
    const list = this.#ports.queue
      .inConflict()
      .flatMap(({ id, outcome }) => (outcome?.status === 'conflict' && !decided.has(id) ? [outcome.conflict] : []))
    if (list.length === this.#list.length && list.every((each, index) => each === this.#list[index])) return
    this.#list = list
    this.#listeners.notify()
  }
}

/** What the view shows while the decision waits. */
function overlayOf(conflict: ConflictEntry, decision: Decision, values: object | undefined): Overlay | undefined {
  if (decision !== 'KEEP_MINE' && decision !== 'MERGE') return undefined
  const decided: Record<string, unknown> = { ...conflict.mine, ...(decision === 'MERGE' ? values : {}) }
  const own = Object.fromEntries(Object.entries(decided).filter(([name]) => !PROTOCOL_FIELDS.has(name)))
  return { type: conflict.type, id: conflict.entityId, values: own, version: conflict.theirsVersion }
}
