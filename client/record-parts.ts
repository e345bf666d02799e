/**
 * A fitted answer as the records that the cache would make of it. The view is rebuilt with every answer and at every start, and
 * taking a result apart anew for each task is most of that work: what comes out is the same every time.
 *
 * Apollo has no name for a record that is written as it is stored; test/client/record-parts.test.ts tells when its own way
 * comes to something else. Wherever a policy has a say (arguments, directives, key arguments, merge functions, values that are
 * objects of their own), this gives undefined, and Apollo writes.
 */
import type { InMemoryCache, Reference, StoreObject } from '@apollo/client'
import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql'

type Fields = Record<string, unknown>
/** By cache id. */
export type RecordParts = ReadonlyMap<string, StoreObject>

const IMPOSSIBLE = Symbol('impossible')

/** @param document fields only, without fragments: as `fitResult` gives it */
export function recordParts(cache: InMemoryCache, document: DocumentNode, result: Fields): RecordParts | undefined {
  const parts = new Map<string, StoreObject>()
  const [operation] = document.definitions
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return undefined
  const root = cache.policies.rootTypenamesById['ROOT_MUTATION'] ?? 'Mutation'
  try {
    for (const field of operation.selectionSet.selections) {
      if (field.kind !== Kind.FIELD || field.directives?.length) return undefined
      const key = field.alias?.value ?? field.name.value
      const value = take(field.selectionSet, result[key])
      if (cache.policies.getMergeFunction(root, field.name.value, typeOf(result[key])) || isReference(value))
        return undefined
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
    const { policies } = cache
    const type = typeOf(value)
    const part: Fields = type === undefined ? {} : { __typename: type }
    for (const field of set.selections) {
      if (field.kind !== Kind.FIELD || field.directives?.length || field.arguments?.length) throw IMPOSSIBLE
      const name = field.name.value
      const given = value[field.alias?.value ?? name]
      if (given === undefined) continue
      if (policies.hasKeyArgs(type, name) || policies.getMergeFunction(type, name, typeOf(given))) throw IMPOSSIBLE
      part[name] = take(field.selectionSet, given)
    }
    const id = type === undefined ? undefined : cache.identify({ ...value, __typename: type })
    if (id === undefined) return part as StoreObject
    if (parts.has(id)) throw IMPOSSIBLE // In two places with different fields: Apollo merges them deeply.
    parts.set(id, part as StoreObject)
    return { __ref: id }
  }
}

const typeOf = (value: unknown): string | undefined => {
  const type: unknown =
    typeof value === 'object' && value !== null && '__typename' in value ? value.__typename : undefined
  return typeof type === 'string' ? type : undefined
}

const isReference = (value: unknown): boolean => typeof value === 'object' && value !== null && '__ref' in value
