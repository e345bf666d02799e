/**
 * Changing an optimistic layer where it differs, instead of making it anew: with a thousand tasks waiting, an answer concerns a
 * few of their records. Apollo offers only the whole; test/client/layer-edit.test.ts tells when this comes to something else.
 */
import type { InMemoryCache, StoreObject } from '@apollo/client'
import { INDEX_TYPE } from './type-memory.ts'

interface Group {
  depend?(id: string, field: string): void
  dirty(id: string, field: string): void
}

/** Of layers that nobody has read since the cache was filled: nobody has to be told what changes in them. */
const unread = new WeakSet<Group>()

/** Call as soon as the cache was filled anew. */
export function awaitReader(cache: InMemoryCache): void {
  const { group } = cache['optimisticData'] as unknown as EditableLayer
  const { depend } = group
  if (typeof depend !== 'function') return
  unread.add(group)
  group.depend = (id, field) => {
    unread.delete(group)
    group.depend = depend
    group.depend(id, field)
  }
}

/** As far as it is known; Apollo's own type is not public. */
export interface EditableLayer {
  readonly id?: string
  readonly parent?: EditableLayer
  readonly data: Record<string, StoreObject | undefined>
  readonly refs: Record<string, unknown>
  readonly group: Group
  hasScalarConfig?(): boolean
  lookup(id: string): StoreObject | undefined
  merge(id: string, part: StoreObject): void
  retain(id: string): number
}

/** As Apollo merges it; of a record that is not there it would make the same, in ten times as many steps. */
export function putRecord(layer: EditableLayer, id: string, part: StoreObject): void {
  if (layer.lookup(id) || layer.hasScalarConfig?.()) layer.merge(id, part)
  else {
    layer.data[id] = part
    delete layer.refs[id]
    if (unread.has(layer.group)) return
    for (const field of ['__exists', ...Object.keys(part)]) layer.group.dirty(id, field)
  }
}

/** Puts together anew what the layer holds of these records; `write` merges into it what it has to say of them. */
export function redoRecords(layer: EditableLayer, ids: Iterable<string>, write: () => void): void {
  const before = new Map<string, StoreObject | undefined>()
  for (const id of ids) {
    before.set(id, layer.lookup(id))
    delete layer.data[id]
    delete layer.refs[id]
  }
  write()
  for (const [id, old] of before) {
    const now = layer.lookup(id)
    if (!old !== !now) layer.group.dirty(id, '__exists')
    for (const field of Object.keys({ ...old, ...now })) if (old?.[field] !== now?.[field]) layer.group.dirty(id, field)
  }
}

/** @param wanted all that the layer's index has beside the base's, by cache id */
export function redoIndex(layer: EditableLayer, wanted: ReadonlyMap<string, unknown>): void {
  const redone = new Map<string, unknown>()
  for (const id of Object.keys(layer.data)) {
    if (id.startsWith(`${INDEX_TYPE}:`) && !wanted.has(id)) redone.set(id, undefined)
  }
  for (const [id, index] of wanted) {
    if (JSON.stringify(layer.data[id]?.['index']) !== JSON.stringify(index)) redone.set(id, index)
  }
  redoRecords(layer, redone.keys(), () => {
    for (const [id, index] of redone) {
      if (index) layer.merge(id, { __typename: INDEX_TYPE, index } as StoreObject)
      if (index) layer.retain(id)
    }
  })
}

/** Which of the base's records the write replaces, of these. */
export function replacedBy(cache: InMemoryCache, ids: readonly string[], write: () => void): string[] {
  const base = cache['data'] as unknown as EditableLayer
  const before = ids.map(id => base.data[id])
  write()
  return ids.filter((id, index) => base.data[id] !== before[index])
}
