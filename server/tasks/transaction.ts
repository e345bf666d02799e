import { isDeepStrictEqual } from 'node:util'
import { REJECTION_CODES } from '../../protocol/index.ts'
import {
  asStored,
  type ConflictPolicy,
  type Contest,
  domainFields,
  type Fields,
  isProtocolField,
  isTombstone,
  merge,
  mergeDeletion,
  mergeIntoDeleted,
  pick,
} from '../conflicts.ts'
import { type Bearer, carriedLock, refusalOfLease, released } from '../locks.ts'
import type { EntityRecord, ListQuery, StoredRecord, Unit } from '../store/store.ts'
import { type Collection, covers } from '../sync/collection.ts'
import type { Viewer } from '../viewer.ts'
import type { TaskTransaction, Written } from './define-task.ts'
import { type Conflicted, type ConflictReport, type Reconciliation, type Rejected, rejected } from './outcome.ts'

interface Setting {
  readonly unit: Unit
  readonly collections: ReadonlyMap<string, Collection>
  readonly viewer: Viewer
  readonly client: string | null
  /** Fencing token of a check-out, if the task brought one. */
  readonly token: string | null
  readonly taskId: string
  readonly now: string
}

/** A record that this task may write, with its collection. */
export interface Writable {
  readonly kind: 'writable'
  readonly current: StoredRecord
  readonly collection: Collection
}

/** A task's records inside one unit: rule-checked, merged, and held back until the task turns out confirmed. */
export class RecordTransaction implements TaskTransaction {
  readonly unit: Unit
  readonly viewer: Viewer
  readonly taskId: string
  readonly now: string
  readonly bearer: Bearer
  readonly reconciliation: Reconciliation[] = []
  readonly #collections: ReadonlyMap<string, Collection>
  readonly #pending = new Map<string, { record: StoredRecord; collection: Collection }>()

  constructor({ unit, collections, viewer, client, token, taskId, now }: Setting) {
    this.unit = unit
    this.viewer = viewer
    this.taskId = taskId
    this.now = now
    this.#collections = collections
    this.bearer = { user: viewer.user, client, token }
  }

  /** Hands the held-back writes to the unit. */
  apply(): void {
    const { user, client } = this.bearer
    for (const { record, collection } of this.#pending.values()) {
      this.unit.put(record, {
        keepVersion: collection.keepsVersions,
        writtenBy: client === null ? null : { user, client },
      })
    }
    this.#pending.clear()
  }

  reconcile(entry: Reconciliation): void {
    this.reconciliation.push(entry)
  }

  /** `as`: with the rights of somebody else, about whom this task decides. */
  async find(type: string, id: string, as: Viewer = this.viewer): Promise<EntityRecord | undefined> {
    const record = await this.#readable(this.#collection(type), id, as)
    return record === undefined || record.deleted ? undefined : record.entity
  }

  async list(type: string, query: Pick<ListQuery, 'equals' | 'contains' | 'after' | 'first'>): Promise<EntityRecord[]> {
    const collection = this.#collection(type)
    const reach = collection.mayRead(this.viewer)
    if (reach === 'none') return []
    const owner = reach === 'own' && collection.owner !== null ? this.viewer.user : null
    const partition = collection.partition(this.viewer)
    const records = await this.unit.list({ ...query, partition, selection: { type, owner } })
    return records.map(({ entity }) => entity)
  }

  async create(type: string, id: string, given: Fields): Promise<Written> {
    const collection = this.#collection(type)
    const fields = asStored(given)
    if (collection.mayWrite(this.viewer) === 'none') {
      return rejected(REJECTION_CODES.FORBIDDEN, `You may not make a ${type}.`, { field: 'id' })
    }
    const refusal = refusalOfFields(fields) ?? collection.check(fields, this.viewer)
    if (refusal !== undefined) return refusal
    if ((await this.#stored(collection, id)) !== undefined) {
      return rejected(REJECTION_CODES.ALREADY_EXISTS, `There is a ${type} with this id already.`, { field: 'id' })
    }
    return this.#write(collection, id, undefined, fields)
  }

  /** `policy` is the collection's, unless a person's decision is written, which no rule may overrule. */
  async update(
    type: string,
    id: string,
    seenVersion: number,
    given: Fields,
    policy?: ConflictPolicy,
  ): Promise<Written> {
    const collection = this.#collection(type)
    const patch = asStored(given)
    const refusal = refusalOfFields(patch) ?? collection.check(patch, this.viewer)
    if (refusal !== undefined) return refusal
    const contest = await this.#contest(collection, id, seenVersion, policy)
    if ('code' in contest) return contest
    const { stored } = contest
    const merged = stored.deleted ? mergeIntoDeleted(contest, patch) : merge(contest, patch)
    if (merged.kind === 'conflict') return this.#conflict(collection, stored, merged, patch, 'update')
    this.#decided(type, merged.reconciliation)
    // Theirs stays as a whole: another version would only say that somebody wrote it who did not.
    const isNothing = Object.keys(merged.fields).length === 0
    if (isNothing && (stored.deleted || Object.keys(patch).length > 0))
      return { kind: 'written', entity: stored.entity }
    const kept = pick(stored.entity, domainFields(stored.entity))
    return this.#write(collection, id, stored, { ...kept, ...merged.fields })
  }

  async remove(type: string, id: string, seenVersion: number, policy?: ConflictPolicy): Promise<Written> {
    const collection = this.#collection(type)
    const contest = await this.#contest(collection, id, seenVersion, policy)
    if ('code' in contest) return contest
    const { stored } = contest
    if (stored.deleted) return { kind: 'written', entity: stored.entity }
    const merged = mergeDeletion(contest)
    if (merged.kind === 'conflict') return this.#conflict(collection, stored, merged, {}, 'delete')
    this.#decided(type, merged.reconciliation)
    if (!merged.deletes) return { kind: 'written', entity: stored.entity }
    return this.#write(collection, id, stored, null)
  }

  /**
   * A person decided to keep an edit of a record that he saw deleted: it comes back as it last was, with the edit. If it is
   * not what he saw any more, this is an update like any other.
   */
  async restore(
    type: string,
    id: string,
    seenVersion: number,
    given: Fields,
    policy?: ConflictPolicy,
  ): Promise<Written> {
    const collection = this.#collection(type)
    const tombstone = await this.#readable(collection, id)
    if (!tombstone?.deleted || tombstone.entity.version !== seenVersion) {
      return this.update(type, id, seenVersion, given, policy)
    }
    const patch = asStored(given)
    const refusal = refusalOfFields(patch) ?? collection.check(patch, this.viewer)
    if (refusal !== undefined) return refusal
    const writable = await this.writable(type, id)
    if (writable.kind === 'rejected') return writable
    const history = await this.unit.versions(tombstone.partition, type, id, 0)
    const last = history.findLast(({ entity }) => entity.version < seenVersion && !isTombstone(entity))?.entity
    if (last === undefined) return notFound(type)
    return this.#write(collection, id, tombstone, { ...pick(last, domainFields(last)), ...patch }, last)
  }

  policyOf(type: string): ConflictPolicy {
    return this.#collection(type).conflict
  }

  /** The record, deleted or not, if the viewer may write it. */
  async writable(type: string, id: string): Promise<Writable | Rejected> {
    const collection = this.#collections.get(type)
    if (collection === undefined) {
      const message = `There is no type "${type.slice(0, 64)}" here.`
      return rejected(REJECTION_CODES.NOT_FOUND, message, { field: 'type' })
    }
    const current = await this.#readable(collection, id)
    if (current === undefined) return notFound(type)
    if (!covers(collection.mayWrite(this.viewer), this.viewer, current.owner)) {
      return rejected(REJECTION_CODES.FORBIDDEN, `You may read this ${type}, but not change it.`, { field: 'id' })
    }
    return { kind: 'writable', current, collection }
  }

  /** The next version of a record in which only its lock changes: whoever edited it last stays the one who did. */
  writeLock({ current, collection }: Writable, lock: Fields): void {
    const { entity } = current
    const key = `${current.type}:${current.key}`
    const version = this.#pending.has(key) ? entity.version : entity.version + 1
    this.#pending.set(key, { record: { ...current, entity: { ...entity, version, ...lock } }, collection })
  }

  /** The refusal of a write to what somebody else has checked out, or undefined. */
  refusalOfLease({ current, collection }: Writable): Rejected | undefined {
    const named = !collection.hides(this.viewer).includes('checkedOutBy')
    return refusalOfLease(current.entity, this.bearer, { now: this.now, named })
  }

  #decided(type: string, entries: readonly Reconciliation[]): void {
    this.reconciliation.push(...entries.map(entry => ({ ...entry, type })))
  }

  #collection(type: string): Collection {
    const collection = this.#collections.get(type)
    if (collection === undefined)
      throw new Error(`${type} is not a collection of this gateway: add defineCollection('${type}')`)
    return collection
  }

  async #stored(collection: Collection, id: string): Promise<StoredRecord | undefined> {
    return (
      this.#pending.get(`${collection.type}:${id}`)?.record ??
      (await this.unit.record(collection.partition(this.viewer), collection.type, id))
    )
  }

  async #readable(collection: Collection, id: string, viewer = this.viewer): Promise<StoredRecord | undefined> {
    const record = await this.#stored(collection, id)
    return record !== undefined && covers(collection.mayRead(viewer), viewer, record.owner) ? record : undefined
  }

  /**
   * The record, and what to merge from. 0 stands for what this installation made itself and has not yet seen come back: an
   * edit of a tentative record.
   */
  async #contest(
    collection: Collection,
    id: string,
    seenVersion: number,
    decided?: ConflictPolicy,
  ): Promise<(Contest & { readonly stored: StoredRecord }) | Rejected> {
    const writable = await this.writable(collection.type, id)
    if (writable.kind === 'rejected') return writable
    const { current } = writable
    const { version } = current.entity
    const baseVersion = seenVersion === 0 && (await this.#mayBeOwnCreation(current)) ? 1 : seenVersion
    if (baseVersion < 1 || baseVersion > version) {
      const message = `baseVersion is ${seenVersion}; this ${collection.type} is at version ${version}: send the version that the person saw.`
      return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'baseVersion' })
    }
    const refusal = this.refusalOfLease(writable)
    if (refusal !== undefined) return refusal
    const isCurrent = baseVersion === version && !current.deleted
    const history = isCurrent ? [] : await this.unit.versions(current.partition, current.type, current.key, baseVersion)
    const contested = { stored: current, current: current.entity, baseVersion, history, writer: this.bearer }
    return { ...contested, policy: decided ?? collection.conflict, isDecision: decided !== undefined }
  }

  /** Where the first state is no longer kept, nobody can say; then the merge has no base, and every difference is a conflict. */
  async #mayBeOwnCreation({ partition, type, key }: StoredRecord): Promise<boolean> {
    const { user, client } = this.bearer
    const [first] = await this.unit.versions(partition, type, key, 1)
    if (client === null) return false
    if (first?.entity.version !== 1) return true
    return first.writtenBy?.client === client && first.writtenBy.user === user
  }

  /**
   * Against the record as everybody sees it: what this task has written to it before falls with the conflict, and is part of
   * what a decision would write.
   */
  async #conflict(
    collection: Collection,
    stored: StoredRecord,
    { fields, base }: { fields: readonly string[]; base: EntityRecord | null },
    given: Fields,
    operation: 'update' | 'delete',
  ): Promise<Conflicted> {
    const { partition, type, key: id } = stored
    const isPending = this.#pending.has(`${type}:${id}`)
    const { entity, deleted } = (isPending ? await this.unit.record(partition, type, id) : undefined) ?? stored
    const patch = operation === 'delete' ? {} : { ...changedFields(entity, stored.entity), ...given }
    const shown = operation === 'delete' ? fields : [...new Set([...Object.keys(patch), ...fields])]
    const conflict: ConflictReport = {
      type,
      id,
      fields,
      base: base === null || isTombstone(base) ? null : pick(base, shown),
      mine: operation === 'delete' ? { deleted: true } : patch,
      theirs: deleted ? null : pick(entity, shown),
      theirsVersion: entity.version,
      theirsBy: entity.updatedBy,
      theirsAt: entity.updatedAt,
    }
    const contested = { operation, type, id, patch, theirsVersion: entity.version }
    const isPart = this.#pending.size > (isPending ? 1 : 0)
    return {
      kind: 'conflict',
      conflict,
      contested: isPart ? { ...contested, isPart } : contested,
      ...(collection.review(conflict, this.viewer) ? { review: true } : {}),
    }
  }

  /** `fields: null` leaves a tombstone. The owner is whose it was, unless the fields say otherwise; `last` is how it was. */
  async #write(
    collection: Collection,
    id: string,
    before: StoredRecord | undefined,
    fields: Fields | null,
    last = before === undefined || before.deleted ? null : before.entity,
  ): Promise<Written> {
    const { type } = collection
    const lock =
      fields === null && before !== undefined ? released(before.entity) : carriedLock(before?.entity, this.now)
    // Several writes of one task are one version: the states between them exist for nobody.
    const version = this.#pending.get(`${type}:${id}`)?.record.entity.version ?? (before?.entity.version ?? 0) + 1
    const entity = {
      __typename: type,
      id,
      version,
      updatedAt: this.now,
      updatedBy: this.viewer.user,
      ...fields,
      ...lock,
    }
    const refusal = await collection.beforeWrite({ id, before: last, after: fields === null ? null : entity }, this)
    if (refusal !== undefined) return refusal
    const named = collection.owner === null ? undefined : fields?.[collection.owner]
    if (fields !== null && collection.owner !== null && typeof named !== 'string') {
      const message = `${collection.owner} must hold the user id of the owner: without one nobody's device would get this ${type}.`
      return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: collection.owner })
    }
    const record: StoredRecord = {
      partition: collection.partition(this.viewer),
      type,
      key: id,
      owner: typeof named === 'string' ? named : (before?.owner ?? null),
      deleted: fields === null,
      entity,
    }
    this.#pending.set(`${type}:${id}`, { record, collection })
    return { kind: 'written', entity }
  }
}

/** Fields of `after` with other values than before; none of a tombstone. */
const changedFields = (before: EntityRecord, after: EntityRecord): Fields =>
  pick(
    after,
    domainFields(after).filter(field => !isDeepStrictEqual(before[field], after[field])),
  )

const notFound = (type: string): ReturnType<typeof rejected> =>
  rejected(REJECTION_CODES.NOT_FOUND, `There is no such ${type}, or it is not yours to see.`, { field: 'id' })

function refusalOfFields(fields: Fields): Rejected | undefined {
  const [field] = Object.keys(fields).filter(isProtocolField)
  if (field === undefined) return undefined
  const message = `${field} is set by the gateway alone: leave it out.`
  return rejected(REJECTION_CODES.INVALID_INPUT, message, { field })
}
