/** Reading with rights: the only way from a resolver to a record. */
import { type Presenter, presented } from './present.ts'
import type { EntityRecord, ListQuery, Selection, Store } from './store/store.ts'
import { type Collection, covers } from './sync/collection.ts'
import type { Viewer } from './viewer.ts'

export interface RecordPage {
  readonly nodes: readonly EntityRecord[]
  readonly endCursor: string | null
  readonly hasMore: boolean
}

export interface RecordSetting {
  readonly store: Store
  readonly collections: ReadonlyMap<string, Collection>
  readonly presenter: Presenter
}

export interface Records {
  /** Undefined for what is missing, deleted or not the viewer's to see: the three can't be told apart. */
  find(type: string, id: string): Promise<EntityRecord | undefined>
  /** In order of id. */
  list(
    type: string,
    query: Pick<ListQuery, 'equals' | 'contains' | 'first'> & { after?: string | null },
  ): Promise<RecordPage>
}

/** Every record is shown as `presenter` shows it to this viewer; a filter by a field hidden from him finds nothing. */
export function recordsFor({ store, collections, presenter }: RecordSetting, viewer: Viewer): Records {
  return {
    async find(type, id) {
      const collection = collectionOf(collections, type)
      const record = await store.view.record(collection.partition(viewer), type, id)
      if (record === undefined || record.deleted) return undefined
      if (!covers(collection.mayRead(viewer), viewer, record.owner)) return undefined
      return presented(presenter, viewer, record.entity)
    },
    async list(type, { after, first, ...filters }) {
      const collection = collectionOf(collections, type)
      const selection = selectionFor(collection, viewer)
      const asked = [...Object.keys(filters.equals ?? {}), ...(filters.contains ? [filters.contains.field] : [])]
      // Who finds by what he may not read has read it.
      const isHidden = collection.hides(viewer).some(field => asked.includes(field))
      if (selection === undefined || isHidden) return { nodes: [], endCursor: null, hasMore: false }
      const found = await store.view.list({
        ...filters,
        partition: collection.partition(viewer),
        selection,
        first: first + 1,
        ...(after ? { after } : {}),
      })
      const page = found.slice(0, first).map(({ entity }) => presented(presenter, viewer, entity))
      const nodes = await Promise.all(page)
      return { nodes, endCursor: nodes.at(-1)?.id ?? null, hasMore: found.length > first }
    },
  }
}

/** The rows of a collection that a viewer may read, or undefined for none. */
export function selectionFor(collection: Collection, viewer: Viewer): Selection | undefined {
  const reach = collection.mayRead(viewer)
  if (reach === 'none') return undefined
  const { type } = collection
  return { type, owner: reach === 'own' && (collection.owner !== null || type === 'Task') ? viewer.user : null }
}

function collectionOf(collections: ReadonlyMap<string, Collection>, type: string): Collection {
  const collection = collections.get(type)
  if (collection === undefined)
    throw new Error(`${type} is not a collection of this gateway: add defineCollection('${type}')`)
  return collection
}
