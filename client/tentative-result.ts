/**
 * Makes what `optimistic` returned fit the document. It may leave fields out: of a record that is on the device they keep
 * their value, of a new one they read as null (`version` 0, `updatedAt` the moment of queueing) until the gateway answers.
 * Without this Apollo would complain about each missing field, and lists holding the record would be incomplete.
 */
import type { InMemoryCache } from '@apollo/client'
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

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
