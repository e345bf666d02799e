/**
 * What a viewer may see of a record that he may read. Of tasks it is a conflict that could show too much: fields that are
 * hidden from the reader, or a record that was given to somebody else meanwhile.
 */
import type { EntityRecord, Store } from './store/store.ts'
import { type Collection, covers } from './sync/collection.ts'
import type { ConflictReport, Reconciliation } from './tasks/outcome.ts'
import { TASK_TYPE, type TaskRecord } from './tasks/task.ts'
import type { Viewer } from './viewer.ts'

export interface Presenter {
  /** True when this viewer sees every record of the type as it is stored, but for those that are not the same for all. */
  seesAll(viewer: Viewer, type: string): boolean
  /** True when the record looks the same to every reader who sees all of its type, so that its text can be made ahead. */
  isSameForAll(entity: EntityRecord): boolean
  present(viewer: Viewer, entity: EntityRecord): Promise<EntityRecord>
}

type Fields = Readonly<Record<string, unknown>>

/** The record as this viewer may see it; most are as they are stored. */
export async function presented(presenter: Presenter, viewer: Viewer, entity: EntityRecord): Promise<EntityRecord> {
  const asStored = presenter.seesAll(viewer, entity.__typename) && presenter.isSameForAll(entity)
  return asStored ? entity : presenter.present(viewer, entity)
}

export function presenterOf(store: Store, collections: ReadonlyMap<string, Collection>): Presenter {
  const hiddenFrom = (viewer: Viewer, type: string): readonly string[] => collections.get(type)?.hides(viewer) ?? []

  async function mayStillRead(viewer: Viewer, { type, id }: ConflictReport): Promise<boolean> {
    const collection = collections.get(type)
    if (collection === undefined) return false
    const record = await store.view.record(collection.partition(viewer), type, id)
    return record !== undefined && covers(collection.mayRead(viewer), viewer, record.owner)
  }

  async function presentConflict(viewer: Viewer, conflict: ConflictReport, isOwn: boolean): Promise<ConflictReport> {
    const hidden = new Set(hiddenFrom(viewer, conflict.type))
    // What he typed himself is no secret to him.
    const mine = isOwn ? conflict.mine : without(conflict.mine, hidden)
    const fields = conflict.fields.filter(field => !hidden.has(field))
    if (!(await mayStillRead(viewer, conflict))) {
      const own = fields.filter(field => field in mine)
      return { ...conflict, mine, fields: own, base: null, theirs: null, theirsBy: null }
    }
    const base = conflict.base && without(conflict.base, hidden)
    const theirs = conflict.theirs && without(conflict.theirs, hidden)
    const theirsBy = hidden.has('updatedBy') ? null : conflict.theirsBy
    return { ...conflict, mine, fields, base, theirs, theirsBy }
  }

  async function presentTask(viewer: Viewer, task: TaskRecord): Promise<EntityRecord> {
    const { conflict, reconciliation } = task
    const isShown = ({ type, field }: Reconciliation): boolean =>
      type === undefined || !hiddenFrom(viewer, type).includes(field)
    return {
      ...task,
      conflict: conflict && (await presentConflict(viewer, conflict, task.__user === viewer.user)),
      reconciliation: reconciliation.filter(isShown),
    }
  }

  return {
    seesAll: (viewer, type) => hiddenFrom(viewer, type).length === 0,
    isSameForAll(entity) {
      if (!isTask(entity)) return true
      return entity.conflict == null && entity.reconciliation.every(({ type }) => type === undefined)
    },
    async present(viewer, entity) {
      const seen = isTask(entity) ? await presentTask(viewer, entity) : entity
      const hidden = hiddenFrom(viewer, entity.__typename)
      if (hidden.length === 0) return seen
      return { ...seen, ...Object.fromEntries(hidden.map(field => [field, null])) }
    },
  }
}

const isTask = (entity: EntityRecord): entity is TaskRecord => entity.__typename === TASK_TYPE

const without = (fields: Fields, hidden: ReadonlySet<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => !hidden.has(field)))
