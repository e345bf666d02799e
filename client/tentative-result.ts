/**
 * Makes what `optimistic` returned fit the document. It may leave fields out: of a record that is on the device they keep
 * their value, of a new one they read as null (`version` 0, `updatedAt` the moment of queueing) until the gateway answers.
 * Without this Apollo would complain about each missing field, and lists holding the record would be incomplete.
 */
import type { InMemoryCache, StoreObject } from '@apollo/client'
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

export interface FittedResult {
  /** The document with only those fields that `result` has. */
  readonly document: DocumentNode
  readonly result: Record<string, unknown>
}

type Fields = Record<string, unknown>

/**
 * @param document with `__typename`s, as the cache transforms it
 * @param exists whether the cache holds the record with this cache id
 * @param initial value of a field that a new record leaves out
 */
export function fitResult(
  cache: InMemoryCache,
  document: DocumentNode,
  result: Fields,
  exists: (id: string) => boolean,
  initial: (typename: string, field: string) => unknown,
): FittedResult {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const operation = document.definitions.find(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  )!
  const fitted = fitObject(operation.selectionSet, result)
  return {
    document: { ...document, definitions: [{ ...operation, selectionSet: fitted.selectionSet }] },
    result: fitted.value,
  }

  function fitObject(selectionSet: SelectionSetNode, value: Fields): { selectionSet: SelectionSetNode; value: Fields } {
    const typename = typeof value['__typename'] === 'string' ? value['__typename'] : undefined
    const id = typename === undefined ? undefined : cache.identify({ ...value, __typename: typename })
    const isNew = typename !== undefined && id !== undefined && !exists(id)
    const out: Fields = typename === undefined ? {} : { __typename: typename }
    return { selectionSet: fitSelections(selectionSet), value: out }

    function fitSelections(set: SelectionSetNode): SelectionSetNode {
      return { ...set, selections: set.selections.flatMap(fitSelection) }
    }

    function fitSelection(selection: SelectionNode): SelectionNode[] {
      if (selection.kind !== Kind.FIELD) {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
        if (fragment === undefined) return []
        const matches =
          typename === undefined || fragment.typeCondition === undefined || cache.fragmentMatches(fragment, typename)
        if (!matches) return []
        // Written in place: it matched, and the cache need not ask again.
        return [...fitSelections(fragment.selectionSet).selections]
      }
      const key = selection.alias?.value ?? selection.name.value
      let given = value[key]
      if (given === undefined && isNew) given = initial(typename, selection.name.value)
      if (given === undefined) return []
      if (selection.selectionSet === undefined || given === null) {
        out[key] = given
        return [selection]
      }
      const inner = selection.selectionSet
      if (Array.isArray(given)) {
        const items = given.map(item =>
          isFields(item) ? fitObject(inner, item) : { selectionSet: inner, value: item },
        )
        out[key] = items.map(item => item.value)
        // Items may have been given different fields: a selection of all of them, in place, suits each.
        const selections = items.length === 0 ? [] : [...new Set(items.flatMap(item => item.selectionSet.selections))]
        return [{ ...selection, selectionSet: { ...inner, selections } }]
      }
      if (!isFields(given)) return []
      const fitted = fitObject(inner, given)
      out[key] = isFields(out[key]) ? { ...out[key], ...fitted.value } : fitted.value
      return [{ ...selection, selectionSet: fitted.selectionSet }]
    }
  }
}

/** Records that stand directly in a payload. Deeper ones may be parts only, or none of the caller's business. */
export function recordsOf(cache: InMemoryCache, data: Fields): { type: string; id: string }[] {
  const found: { type: string; id: string }[] = []
  for (const payload of Object.values(data)) {
    if (!isFields(payload)) continue
    for (const value of Object.values(payload)) {
      for (const item of Array.isArray(value) ? value : [value]) {
        const type = isFields(item) ? item['__typename'] : undefined
        if (!isFields(item) || typeof type !== 'string' || item['id'] === undefined) continue
        const id = cache.identify({ ...item, __typename: type })
        if (id !== undefined) found.push({ type, id })
      }
    }
  }
  return found
}

/** The records of a foreseen answer. Each is asked for its cache id once: that is most of what a view costs to make. */
export interface FoundRecords {
  /** Of all of them, at any depth. */
  readonly ids: string[]
  /** As `recordsOf` gives them. */
  readonly records: { type: string; id: string }[]
  /** Of every object with a type. */
  readonly idOf: Map<object, string | undefined>
}

export function findRecords(cache: InMemoryCache, data: Fields): FoundRecords {
  const found: FoundRecords = { ids: [], records: [], idOf: new Map() }
  visit(data, 0)
  return found

  /** @param depth 2: it stands directly in a payload */
  function visit(value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of value) visit(item, depth === 2 && !Array.isArray(item) ? 2 : 3)
      return
    }
    const fields = value as Fields
    const type = fields['__typename']
    if (typeof type === 'string') {
      const id = cache.identify(fields as StoreObject)
      found.idOf.set(fields, id)
      if (id !== undefined && fields['id'] !== undefined) {
        found.ids.push(id)
        if (depth === 2) found.records.push({ type, id })
      }
    }
    for (const key in fields) {
      const child = fields[key]
      if (typeof child === 'object') visit(child, depth + 1)
    }
  }
}

/** What a new record says of itself before the gateway does. A task on the device is not taken yet; `extensions.layover` says so. */
export function initialValue(type: string, field: string, change: { queuedAt: string; field: string }): unknown {
  if (field === 'version') return 0
  if (field === 'updatedAt') return change.queuedAt
  if (type !== 'Task') return null
  switch (field) {
    case 'name':
      return change.field
    case 'status':
      return 'ACCEPTED'
    case 'progress':
      return 0
    case 'steps':
    case 'reconciliation':
      return []
    default:
      return null
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
