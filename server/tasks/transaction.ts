import { REJECTION_CODES } from '../../protocol/index.ts'
import { domainFields, type Fields, foreignChanges, merge, pick, type Writer } from '../conflicts.ts'
import type { EntityRecord, ListQuery, StoredRecord, Unit } from '../store/store.ts'
import { type Collection, covers, type RecordChange } from '../sync/collection.ts'
import type { Viewer } from '../viewer.ts'
import type { TaskTransaction, Written } from './define-task.ts'
import { type Conflicted, type Reconciliation, type Rejected, rejected } from './outcome.ts'

interface Setting {
  readonly unit: Unit
  readonly collections: ReadonlyMap<string, Collection>
  readonly viewer: Viewer
  readonly client: string | null
  readonly taskId: string
  readonly now: string
}

interface NewState {
  readonly version: number
  readonly fields: Fields | null
}

/** A task's records inside one unit: rule-checked, merged, and held back until the task turns out confirmed. */
export class RecordTransaction implements TaskTransaction {
  readonly unit: Unit
  readonly viewer: Viewer
  readonly taskId: string
  readonly now: string
  readonly reconciliation: Reconciliation[] = []
  readonly #collections: ReadonlyMap<string, Collection>
  readonly #writer: Writer
  readonly #pending = new Map<string, { record: StoredRecord; collection: Collection }>()

  constructor({ unit, collections, viewer, client, taskId, now }: Setting) {
    this.unit = unit
    this.viewer = viewer
    this.taskId = taskId
    this.now = now
    this.#collections = collections
    this.#writer = { user: viewer.user, client }
  }

  /** Hands the held-back writes to the unit. */
  apply(): void {
    const { user, client } = this.#writer
    for (const { record, collection } of this.#pending.values()) {
      this.unit.put(record, {
        keepVersion: collection.conflict === 'merge',
        writtenBy: client === null ? null : { user, client },
      })
    }
    this.#pending.clear()
  }

  reconcile(entry: Reconciliation): void {
    this.reconciliation.push(entry)
  }

  async find(type: string, id: string): Promise<EntityRecord | undefined> {
    const record = await this.#readable(this.#collection(type), id)
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

  async create(type: string, id: string, fields: Fields): Promise<Written> {
    const collection = this.#collection(type)
    const refusal = collection.check(fields, this.viewer)
    if (refusal !== undefined) return refusal
    if ((await this.#stored(collection, id)) !== undefined) {
      return rejected(REJECTION_CODES.ALREADY_EXISTS, `There is a ${type} with this id already.`, { field: 'id' })
    }
    return this.#write(collection, id, { version: 1, fields, owner: null, before: null })
  }

  async update(type: string, id: string, seenVersion: number, patch: Fields): Promise<Written> {
    const collection = this.#collection(type)
    const refusal = collection.check(patch, this.viewer)
    if (refusal !== undefined) return refusal
    const writable = await this.#writable(collection, id, seenVersion)
    if (writable.kind === 'rejected') return writable
    const { current, baseVersion } = writable
    if (current.deleted) return this.#conflict(current, Object.keys(patch), null, patch, 'update')
    const history = await this.#history(current, baseVersion)
    const merged = merge(current.entity, baseVersion, history, patch, this.#writer)
    if (merged.kind === 'conflict') return this.#conflict(current, merged.fields, merged.base, patch, 'update')
    this.reconciliation.push(...merged.reconciliation)
    const fields = { ...pick(current.entity, domainFields(current.entity)), ...merged.fields }
    return this.#write(collection, id, {
      version: current.entity.version + 1,
      fields,
      owner: current.owner,
      before: current.entity,
    })
  }

  async remove(type: string, id: string, seenVersion: number): Promise<Written> {
    const collection = this.#collection(type)
    const writable = await this.#writable(collection, id, seenVersion)
    if (writable.kind === 'rejected') return writable
    const { current, baseVersion } = writable
    if (current.deleted) return { kind: 'written', entity: current.entity }
    const history = await this.#history(current, baseVersion)
    const base = history[0]?.entity.version === baseVersion ? history[0].entity : null
    const foreign =
      baseVersion === current.entity.version ? [] : foreignChanges(current.entity, base, history, this.#writer)
    const clashes = [...(foreign ?? domainFields(current.entity))]
    if (clashes.length > 0) return this.#conflict(current, clashes, base && pick(base, clashes), {}, 'delete')
    return this.#write(collection, id, {
      version: current.entity.version + 1,
      fields: null,
      owner: current.owner,
      before: current.entity,
    })
  }

  /** A person decided to keep an edit of a record that was deleted meanwhile: it comes back as it last was, with the edit. */
  async restore(type: string, id: string, patch: Fields): Promise<Written> {
    const collection = this.#collection(type)
    const refusal = collection.check(patch, this.viewer)
    if (refusal !== undefined) return refusal
    const tombstone = await this.#stored(collection, id)
    if (tombstone === undefined) return notFound(type)
    const history = await this.unit.versions(tombstone.partition, type, id, 0)
    const last = history.findLast(({ entity }) => entity.version < tombstone.entity.version)?.entity
    if (last === undefined) return notFound(type)
    const fields = { ...pick(last, domainFields(last)), ...patch }
    return this.#write(collection, id, {
      version: tombstone.entity.version + 1,
      fields,
      owner: tombstone.owner,
      before: last,
    })
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

  async #readable(collection: Collection, id: string): Promise<StoredRecord | undefined> {
    const record = await this.#stored(collection, id)
    return record !== undefined && covers(collection.mayRead(this.viewer), this.viewer, record.owner)
      ? record
      : undefined
  }

  /**
   * The record and the version to merge from. 0 stands for what this installation made itself and has not yet seen come
   * back: an edit of a tentative record.
   */
  async #writable(
    collection: Collection,
    id: string,
    seenVersion: number,
  ): Promise<{ kind: 'writable'; current: StoredRecord; baseVersion: number } | Rejected> {
    const current = await this.#readable(collection, id)
    if (current === undefined) return notFound(collection.type)
    const { version } = current.entity
    if (!covers(collection.mayWrite(this.viewer), this.viewer, current.owner)) {
      return rejected(REJECTION_CODES.FORBIDDEN, `You may read this ${collection.type}, but not change it.`, {
        field: 'id',
      })
    }
    const baseVersion = seenVersion === 0 && (await this.#isOwnCreation(current)) ? 1 : seenVersion
    if (baseVersion < 1 || baseVersion > version) {
      const message = `baseVersion is ${seenVersion}; this ${collection.type} is at version ${version}: send the version that the person saw.`
      return rejected(REJECTION_CODES.INVALID_INPUT, message, { field: 'baseVersion' })
    }
    return { kind: 'writable', current, baseVersion }
  }

  async #isOwnCreation({ partition, type, key }: StoredRecord): Promise<boolean> {
    const { user, client } = this.#writer
    const [first] = await this.unit.versions(partition, type, key, 1)
    return (
      client !== null &&
      first?.entity.version === 1 &&
      first.writtenBy?.client === client &&
      first.writtenBy.user === user
    )
  }

  #history(current: StoredRecord, baseVersion: number): ReturnType<Unit['versions']> {
    if (baseVersion === current.entity.version) return Promise.resolve([])
    return this.unit.versions(current.partition, current.type, current.key, baseVersion)
  }

  #conflict(
    current: StoredRecord,
    fields: readonly string[],
    base: Fields | null,
    patch: Fields,
    operation: 'update' | 'delete',
  ): Conflicted {
    const { type, key: id, entity, deleted } = current
    const shown = operation === 'delete' ? fields : Object.keys(patch)
    return {
      kind: 'conflict',
      conflict: {
        type,
        id,
        fields,
        base,
        mine: operation === 'delete' ? { deleted: true } : patch,
        theirs: deleted ? null : pick(entity, shown),
        theirsVersion: entity.version,
        theirsBy: entity.updatedBy,
        theirsAt: entity.updatedAt,
      },
      contested: { operation, type, id, patch, theirsVersion: entity.version },
    }
  }

  /** `fields: null` leaves a tombstone. `owner` is whose it was, unless the fields say otherwise. */
  async #write(
    collection: Collection,
    id: string,
    { version, fields, owner, before }: Pick<StoredRecord, 'owner'> & Pick<RecordChange, 'before'> & NewState,
  ): Promise<Written> {
    const { type } = collection
    const entity = { __typename: type, id, version, updatedAt: this.now, updatedBy: this.viewer.user, ...fields }
    const refusal = await collection.beforeWrite({ id, before, after: fields === null ? null : entity }, this)
    if (refusal !== undefined) return refusal
    const named = collection.owner === null ? undefined : fields?.[collection.owner]
    const record: StoredRecord = {
      partition: collection.partition(this.viewer),
      type,
      key: id,
      owner: typeof named === 'string' ? named : owner,
      deleted: fields === null,
      entity,
    }
    this.#pending.set(`${type}:${id}`, { record, collection })
    return { kind: 'written', entity }
  }
}

const notFound = (type: string): ReturnType<typeof rejected> =>
  rejected(REJECTION_CODES.NOT_FOUND, `There is no such ${type}, or it is not yours to see.`, { field: 'id' })
