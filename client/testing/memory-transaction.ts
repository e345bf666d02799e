/** A task's hands on the records of the memory gateway: nothing is written unless the task is confirmed. */
import { REJECTION_CODES } from '../../protocol/errors.ts'
import { keyOf, type MemoryRecord, type MemoryRecords, type RecordVersion } from './memory-records.ts'
import {
  type Conflicted,
  type ConflictReport,
  type Rejected,
  rejected,
  type TaskReconciliation,
} from './task-outcome.ts'
import {
  baseOf,
  type Contest,
  deletionClashes,
  domainFields,
  isProtocolField,
  merge,
  pick,
  type Writer,
} from './three-way-merge.ts'

type Fields = Readonly<Record<string, unknown>>

/** What a write did: return it, or act on it. */
export type Written = { readonly kind: 'written'; readonly entity: MemoryRecord } | Rejected | Conflicted

/** As in `layover/server`. */
export interface TaskTransaction {
  readonly viewer: { readonly user: string; readonly tenant: string; readonly roles: readonly string[] }
  readonly taskId: string
  /** RFC 3339. */
  readonly now: string
  find(type: string, id: string): Promise<MemoryRecord | undefined>
  /** In order of id. */
  list(type: string, query?: { equals?: Fields; after?: string | null; first?: number }): Promise<MemoryRecord[]>
  /** Rejected ALREADY_EXISTS when the id was ever used. */
  create(type: string, id: string, fields: Fields): Promise<Written>
  /** Three-way merge by field against the state at `baseVersion`. */
  update(type: string, id: string, baseVersion: number, patch: Fields): Promise<Written>
  remove(type: string, id: string, baseVersion: number): Promise<Written>
  reconcile(entry: TaskReconciliation): void
}

export interface TransactionSetting {
  readonly records: MemoryRecords
  readonly writer: Writer
  readonly taskId: string
  readonly now: string
  readonly mayRead: (record: MemoryRecord, user: string) => boolean
}

export class MemoryTransaction implements TaskTransaction {
  readonly viewer: TaskTransaction['viewer']
  readonly taskId: string
  readonly now: string
  readonly reconciliation: TaskReconciliation[] = []
  readonly #setting: TransactionSetting
  readonly #pending = new Map<string, RecordVersion>()

  constructor(setting: TransactionSetting) {
    this.#setting = setting
    this.viewer = { user: setting.writer.user, tenant: 'memory', roles: [] }
    this.taskId = setting.taskId
    this.now = setting.now
  }

  apply(): void {
    for (const [key, written] of this.#pending) this.#setting.records.put(key, written)
    this.#pending.clear()
  }

  reconcile(entry: TaskReconciliation): void {
    this.reconciliation.push(entry)
  }

  async find(type: string, id: string): Promise<MemoryRecord | undefined> {
    const found = this.#readable(type, id)
    return found && !found.deleted ? found.record : undefined
  }

  async list(
    type: string,
    {
      equals = {},
      after = null,
      first = Number.POSITIVE_INFINITY,
    }: { equals?: Fields; after?: string | null; first?: number } = {},
  ): Promise<MemoryRecord[]> {
    const ids = new Set<string>()
    for (const { record } of [...this.#setting.records.all(), ...this.#pending.values()])
      if (record.__typename === type) ids.add(record.id)
    return [...ids]
      .sort()
      .filter(id => after === null || id > after)
      .flatMap(id => this.#readable(type, id) ?? [])
      .filter(
        ({ deleted, record }) => !deleted && Object.entries(equals).every(([field, value]) => record[field] === value),
      )
      .slice(0, first)
      .map(({ record }) => record)
  }

  async create(type: string, id: string, given: Fields): Promise<Written> {
    const refusal = refusalOfFields(given)
    if (refusal) return refusal
    if (this.#stored(type, id)) {
      return rejected(REJECTION_CODES.ALREADY_EXISTS, `There is a ${type} with this id already.`, { field: 'id' })
    }
    return this.#write(type, id, undefined, asStored(given))
  }

  async update(type: string, id: string, seenVersion: number, given: Fields, isDecision = false): Promise<Written> {
    const refusal = refusalOfFields(given)
    if (refusal) return refusal
    const patch = asStored(given)
    const contest = this.#contest(type, id, seenVersion, isDecision)
    if ('code' in contest) return contest
    const { stored } = contest
    const merged = stored.deleted ? { kind: 'clash' as const, fields: Object.keys(patch) } : merge(contest, patch)
    if (merged.kind === 'clash') return this.#conflict(contest, merged.fields, patch, 'update')
    this.reconciliation.push(...merged.reconciliation)
    if (Object.keys(merged.fields).length === 0 && Object.keys(patch).length > 0)
      return { kind: 'written', entity: stored.record }
    return this.#write(type, id, stored, { ...pick(stored.record, domainFields(stored.record)), ...merged.fields })
  }

  async remove(type: string, id: string, seenVersion: number, isDecision = false): Promise<Written> {
    const contest = this.#contest(type, id, seenVersion, isDecision)
    if ('code' in contest) return contest
    if (contest.stored.deleted) return { kind: 'written', entity: contest.stored.record }
    const clashes = deletionClashes(contest)
    if (clashes.length > 0) return this.#conflict(contest, clashes, {}, 'delete')
    return this.#write(type, id, contest.stored, null)
  }

  /** A person keeps an edit of a record that he saw deleted: it comes back as it last was, with the edit. */
  async restore(type: string, id: string, seenVersion: number, given: Fields): Promise<Written> {
    const stored = this.#readable(type, id)
    if (!stored?.deleted || stored.record.version !== seenVersion)
      return this.update(type, id, seenVersion, given, true)
    const last = this.#setting.records.versions(keyOf(type, id), 1).findLast(({ deleted }) => !deleted)?.record
    if (!last) return notFound(type)
    return this.#write(type, id, stored, { ...pick(last, domainFields(last)), ...asStored(given) })
  }

  #stored(type: string, id: string): RecordVersion | undefined {
    const key = keyOf(type, id)
    return this.#pending.get(key) ?? this.#setting.records.get(key)
  }

  #readable(type: string, id: string): RecordVersion | undefined {
    const stored = this.#stored(type, id)
    return stored && (stored.deleted || this.#setting.mayRead(stored.record, this.viewer.user)) ? stored : undefined
  }

  /** Version 0 stands for what this installation made itself and has not yet seen come back. */
  #contest(
    type: string,
    id: string,
    seenVersion: number,
    isDecision: boolean,
  ): (Contest & { readonly stored: RecordVersion }) | Rejected {
    const stored = this.#readable(type, id)
    if (!stored) return notFound(type)
    const { records, writer } = this.#setting
    const { version } = stored.record
    const baseVersion = seenVersion === 0 && this.#mayBeOwnCreation(type, id) ? 1 : seenVersion
    if (baseVersion < 1 || baseVersion > version) {
      const message = `baseVersion is ${seenVersion}; this ${type} is at version ${version}: send the version that the person saw.`
      return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'baseVersion' })
    }
    const history = records.versions(keyOf(type, id), baseVersion)
    return { stored, current: stored.record, history, baseVersion, writer, isDecision }
  }

  #mayBeOwnCreation(type: string, id: string): boolean {
    const { records, writer } = this.#setting
    const [first] = records.versions(keyOf(type, id), 1)
    if (writer.client === null) return false
    if (first?.record.version !== 1) return true
    return first.writtenBy.client === writer.client && first.writtenBy.user === writer.user
  }

  #conflict(
    contest: Contest & { readonly stored: RecordVersion },
    fields: readonly string[],
    patch: Fields,
    operation: 'update' | 'delete',
  ): Conflicted {
    const { record: pending } = contest.stored
    const { __typename: type, id } = pending
    const key = keyOf(type, id)
    const { record, deleted } = (this.#pending.has(key) && this.#setting.records.get(key)) || contest.stored
    const shown = operation === 'delete' ? fields : [...new Set([...Object.keys(patch), ...fields])]
    const base = baseOf(contest)
    const conflict: ConflictReport = {
      type,
      id,
      fields,
      base: base && domainFields(base).length > 0 ? pick(base, shown) : null,
      mine: operation === 'delete' ? { deleted: true } : patch,
      theirs: deleted ? null : pick(record, shown),
      theirsVersion: record.version,
      theirsBy: record.updatedBy,
      theirsAt: record.updatedAt,
    }
    const contested = { operation, type, id, patch, theirsVersion: record.version }
    const isPart = this.#pending.size > (this.#pending.has(key) ? 1 : 0)
    return { kind: 'conflict', conflict, contested: isPart ? { ...contested, isPart } : contested }
  }

  #write(type: string, id: string, before: RecordVersion | undefined, fields: Fields | null): Written {
    const key = keyOf(type, id)
    const version = this.#pending.get(key)?.record.version ?? (before?.record.version ?? 0) + 1
    const record = { __typename: type, id, version, updatedAt: this.now, updatedBy: this.viewer.user, ...fields }
    this.#pending.set(key, { record, deleted: fields === null, writtenBy: this.#setting.writer })
    return { kind: 'written', entity: record }
  }
}

/** As it would be read back from a store. */
const asStored = (fields: Fields): Fields => JSON.parse(JSON.stringify(fields))

const notFound = (type: string): Rejected =>
  rejected(REJECTION_CODES.NOT_FOUND, `There is no such ${type}, or it is not yours to see.`, { field: 'id' })

function refusalOfFields(fields: Fields): Rejected | undefined {
  const field = Object.keys(fields).find(isProtocolField)
  return field === undefined
    ? undefined
    : rejected(REJECTION_CODES.INVALID_INPUT, `${field} is set by the gateway alone: leave it out.`, { field })
}
