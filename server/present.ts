/** What a viewer may see of a record that he may read. */
import type { EntityRecord, Store } from './store/store.ts'
import type { Collection } from './sync/collection.ts'
import type { Viewer } from './viewer.ts'

export interface Presenter {
  /** True when this viewer sees every record of the type as it is stored. */
  seesAll(viewer: Viewer, type: string): boolean
  /** True when the record looks the same to every reader who sees all of its type, so that its text can be made ahead. */
  isSameForAll(entity: EntityRecord): boolean
  present(viewer: Viewer, entity: EntityRecord): Promise<EntityRecord>
}

/** The record as this viewer may see it; most are as they are stored. */
export async function presented(presenter: Presenter, viewer: Viewer, entity: EntityRecord): Promise<EntityRecord> {
  const asStored = presenter.seesAll(viewer, entity.__typename) && presenter.isSameForAll(entity)
  return asStored ? entity : presenter.present(viewer, entity)
}

export function presenterOf(_store: Store, collections: ReadonlyMap<string, Collection>): Presenter {
  const hiddenFrom = (viewer: Viewer, type: string): readonly string[] => collections.get(type)?.hides(viewer) ?? []
  return {
    seesAll: (viewer, type) => hiddenFrom(viewer, type).length === 0,
    isSameForAll: () => true,
    async present(viewer, entity) {
      const hidden = hiddenFrom(viewer, entity.__typename)
      if (hidden.length === 0) return entity
      return { ...entity, ...Object.fromEntries(hidden.map(field => [field, null])) }
    },
  }
}
