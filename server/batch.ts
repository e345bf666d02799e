/** One document of many tasks: how many it may hold, how long it may wait in all, and where it stops. Twin of client/batch.ts. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { type Clock, ERROR_CODES, MAX_TASKS_PER_DOCUMENT } from '../protocol/index.ts'
import { refuse } from './errors.ts'

/**
 * The state that the tasks of one document share. They run one after the other; the waiting time is theirs together, so that
 * a hundred slow tasks are answered as soon as one.
 */
export interface DocumentRun {
  /** Milliseconds left of the document's waiting time. */
  timeLeftMs(): number
  /** Set when a task could not even be taken: what follows it must not overtake it. */
  stopped: boolean
  /** What the document turned out to be; undefined until it was let in. */
  admitted: { readonly operation: string | undefined; readonly tasks: number } | undefined
}

export function startDocument(clock: Clock, waitMs: number): DocumentRun {
  const deadline = clock.now() + waitMs
  return { timeLeftMs: () => Math.max(0, deadline - clock.now()), stopped: false, admitted: undefined }
}

/** Throws TOO_MANY_TASKS for a mutation with more root fields than a document may hold. Nothing of it is run. Returns how many. */
export function checkDocument(document: DocumentNode, operation: OperationDefinitionNode): number {
  if (operation.operation !== 'mutation') return 0
  const fragments = new Map(
    document.definitions
      .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map(definition => [definition.name.value, definition]),
  )
  const count = rootFields(operation.selectionSet, fragments).length
  if (count > MAX_TASKS_PER_DOCUMENT) {
    throw refuse(
      ERROR_CODES.TOO_MANY_TASKS,
      `This document holds ${count} tasks; one may hold ${MAX_TASKS_PER_DOCUMENT}. Nothing of it was run: send it in parts.`,
    )
  }
  return count
}

function rootFields(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): FieldNode[] {
  return set.selections.flatMap(selection => {
    if (selection.kind === Kind.FIELD) return [selection]
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(selection.selectionSet, fragments)
    const fragment = fragments.get(selection.name.value)
    return fragment === undefined ? [] : rootFields(fragment.selectionSet, fragments)
  })
}
