/**
 * A fitted answer as the records that the cache would make of it. The view is rebuilt with every answer and at every start, and
 * taking a result apart anew for each task is most of that work: what comes out is the same every time.
 *
 * Apollo has no name for a record that is written as it is stored; test/client/record-parts.test.ts tells when its own way
 * comes to something else. Wherever a policy has a say (arguments, directives, key arguments, merge functions, values that are
 * objects of their own), this gives undefined, and Apollo writes.
 */
import type { InMemoryCache, Reference, StoreObject } from '@apollo/client'
import { type DocumentNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql'

type Fields = Record<string, unknown>
/** By cache id. */
export type RecordParts = ReadonlyMap<string, StoreObject>

const IMPOSSIBLE = Symbol('impossible')

/** A field of one selection set, and whether a policy may have a say in how it is stored. */
interface Taken {
  readonly key: string
  readonly name: string
  readonly set: SelectionSetNode | undefined
  readonly isOdd: boolean
}

interface Shape {
  readonly root: SelectionSetNode | undefined
  readonly fragments: ReadonlyMap<string, SelectionNode>
}

/** By document; a queue has a handful of them. */
const shapes = new WeakMap<DocumentNode, Shape>()
/** By selection set, which belongs to one cache, and type. */
const taken = new WeakMap<SelectionSetNode, Map<string | undefined, readonly Taken[]>>()

/**
 * @param document as the cache transforms it
 * @param result need not have all of its fields
 * @param identify the cache id of an object with a type
 * @param exists whether the cache holds the record with this cache id
 * @param initial value of a field that a new record leaves out
 */
export function recordParts(
  cache: InMemoryCache,
  document: DocumentNode,
  result: Fields,
  identify: (object: Fields) => string | undefined,
  exists: (id: string) => boolean,
  initial: (type: string, field: string) => unknown,
): RecordParts | undefined {
  const parts = new Map<string, StoreObject>()
  const { policies } = cache
  const { root: operation, fragments } = shapeOf(document)
  const root = policies.rootTypenamesById['ROOT_MUTATION'] ?? 'Mutation'
  try {
    for (const field of operation?.selections ?? []) {
      if (field.kind !== Kind.FIELD || field.directives?.length) return undefined
      const given = result[field.alias?.value ?? field.name.value]
      if (given === undefined) continue
      if (policies.getMergeFunction(root, field.name.value, typeOf(given))) return undefined
      if (isReference(take(field.selectionSet, given))) return undefined
    }
    return parts
  } catch (error) {
    if (error === IMPOSSIBLE) return undefined
    throw error
  }

  function take(set: SelectionSetNode | undefined, value: unknown): unknown {
    if (value === null || typeof value !== 'object') return value
    if (set === undefined) throw IMPOSSIBLE // Apollo copies it in development, and the application may own it.
    return Array.isArray(value) ? value.map(item => take(set, item)) : takeFields(set, value as Fields)
  }

  function takeFields(set: SelectionSetNode, value: Fields): StoreObject | Reference {
    const type = typeOf(value)
    const id = type === undefined ? undefined : identify(value)
    const isNew = type !== undefined && id !== undefined && !exists(id)
    const part: Fields = type === undefined ? {} : { __typename: type }
    for (const { key, name, set: inner, isOdd } of fieldsOf(set, type)) {
      let given = value[key]
      if (given === undefined && isNew) given = initial(type, name)
      if (given === undefined) continue
      const isObject = typeof given === 'object' && given !== null
      if (isOdd || (isObject && (name in part || policies.getMergeFunction(type, name, typeOf(given)))))
        throw IMPOSSIBLE
      part[name] = take(inner, given)
    }
    if (id === undefined) return part as StoreObject
    if (parts.has(id)) throw IMPOSSIBLE // In two places with different fields: Apollo merges them deeply.
    parts.set(id, part as StoreObject)
    return { __ref: id }
  }

  function fieldsOf(set: SelectionSetNode, type: string | undefined): readonly Taken[] {
    const byType = taken.get(set) ?? new Map<string | undefined, readonly Taken[]>()
    taken.set(set, byType)
    const fields = byType.get(type) ?? set.selections.flatMap(selection => fieldsIn(selection, type))
    byType.set(type, fields)
    return fields
  }

  function fieldsIn(selection: SelectionNode, type: string | undefined): readonly Taken[] {
    if (selection.kind === Kind.FIELD) {
      const name = selection.name.value
      const isOdd =
        !!selection.directives?.length ||
        !!selection.arguments?.length ||
        policies.hasKeyArgs(type, name) ||
        !!policies.getMergeFunction(type, name, undefined)
      return [{ key: selection.alias?.value ?? name, name, set: selection.selectionSet, isOdd }]
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
    if (fragment?.kind !== Kind.INLINE_FRAGMENT) return []
    const matches = type === undefined || !fragment.typeCondition || cache.fragmentMatches(fragment, type)
    return matches ? fieldsOf(fragment.selectionSet, type) : []
  }
}

function shapeOf(document: DocumentNode): Shape {
  const known = shapes.get(document)
  if (known) return known
  const fragments = new Map<string, SelectionNode>()
  let root: SelectionSetNode | undefined
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) root = definition.selectionSet
    else if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, { ...definition, kind: Kind.INLINE_FRAGMENT })
  }
  const shape = { root, fragments }
  shapes.set(document, shape)
  return shape
}

const typeOf = (value: unknown): string | undefined => {
  const type: unknown =
    typeof value === 'object' && value !== null && '__typename' in value ? value.__typename : undefined
  return typeof type === 'string' ? type : undefined
}

const isReference = (value: unknown): boolean => typeof value === 'object' && value !== null && '__ref' in value
