/** Registration of the mutations that are queued. */
import type { InMemoryCache, TypedDocumentNode } from '@apollo/client'
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  print,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql'
import { TASK_ARGUMENT, TASK_INPUT_TYPE } from '../protocol/protocol.ts'
import type { AnyRecord, ConflictEntry, Decision } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import { TASK_FIELDS } from './task-fragment.ts'

/**
 * Any part of an answer. `__typename` (and `id`) stand wherever a record is meant, so that the cache finds it. `task` need
 * not be given.
 */
export type Tentative<T> = T extends readonly (infer U)[]
  ? readonly Tentative<U>[]
  : T extends object
    ? { [K in keyof T]?: Tentative<T[K]> | undefined } & { __typename?: string }
    : T

export type OnConflict =
  | 'ask'
  | 'mine'
  | 'theirs'
  | 'merge'
  | ((conflict: ConflictEntry) => Decision | Promise<Decision>)

export interface TaskOptions<TData, TVariables> {
  /**
   * The answer as far as it can be foreseen. Fields left out keep their value in a record that is on the device, and read as
   * null in a new one. Pure: it runs again after a restart.
   */
  optimistic?: (variables: TVariables) => Tentative<TData>
  /**
   * Changes of the cache beyond the records of the answer; `syncedList` fields need none. Pure, and may run many times: over
   * the foreseen answer, each time the view is rebuilt, and once more over the gateway's. `cache.evict({ id })` hides a record.
   */
  update?: (cache: InMemoryCache, result: { data: TData }, variables: TVariables) => void
  /**
   * Default 'ask': it appears in `conflicts`. 'merge' keeps what this device changed where both sides changed a field (the
   * gateway has merged the rest already), as 'mine' does. A function that throws means 'ask'.
   */
  onConflict?: OnConflict
  /**
   * One per change of the variables' shape, oldest first; only ever append. A task that was queued by an older version of the
   * application and never sent passes through those it has not seen.
   */
  migrations?: Array<(variables: AnyRecord) => TVariables>
  /**
   * The server's ids by temporary id, read from a confirmed answer. Default: each stands where `optimistic` had the temporary
   * one. A task whose temporary id finds no successor parks those that wait for it. Pure.
   */
  assignedIds?: (data: TData, variables: TVariables) => Record<string, string>
  /**
   * The variables with a rejection's suggestion taken, for `outbox.applySuggestion`. Default: the patch's fields are laid over
   * those of the variable `input` or `patch`, if one of them is an object, else over the variables themselves. Pure.
   */
  suggestion?: (variables: TVariables, patch: AnyRecord) => TVariables
  /**
   * Makes one task of two in a row that were never sent and are about the same record, e.g. two updates:
   * `(earlier, later) => earlier.id === later.id ? { ...earlier, patch: { ...earlier.patch, ...later.patch } } : undefined`,
   * which keeps the earlier `baseVersion`. undefined: they stay two. Pure. Never asked once the earlier was sent, where
   * anything between them mentions the same ids, where anything waits for the earlier, or where the later builds on
   * something that the earlier does not. The merged task keeps the earlier one's id, place and dependencies.
   */
  squash?: (earlier: TVariables, later: TVariables) => TVariables | undefined
}

export interface TaskRegistration {
  /** Operation name. */
  readonly name: string
}

/** What the client knows of a registration. */
export interface TaskDefinition extends TaskRegistration {
  readonly document: DocumentNode
  /** Printed; what is stored with an entry. */
  readonly text: string
  /** Name of the root field, e.g. bookVacation. */
  readonly field: string
  /** Where its answer stands in `data`. */
  readonly responseKey: string
  readonly optimistic: ((variables: AnyRecord) => AnyRecord) | undefined
  readonly update: ((cache: InMemoryCache, result: { data: AnyRecord }, variables: AnyRecord) => void) | undefined
  readonly onConflict: OnConflict
  readonly migrations: readonly ((variables: AnyRecord) => AnyRecord)[]
  readonly assignedIds: ((data: AnyRecord, variables: AnyRecord) => Record<string, unknown>) | undefined
  readonly suggestion: ((variables: AnyRecord, patch: unknown) => AnyRecord) | undefined
  readonly squash: ((earlier: AnyRecord, later: AnyRecord) => AnyRecord) | undefined
}

const definitions = new WeakMap<TaskRegistration, TaskDefinition>()

/**
 * Makes a mutation a queued task. The document is one named mutation with one root field, declares `$task: TaskInput` and
 * hands it on as `task: $task`; the client fills it. Throws DOCUMENT_NOT_A_TASK.
 *
 * Of what `client.mutate` is given for a task, `update` and `optimisticResponse` count only where the registration has none,
 * and only until a restart; `refetchQueries` runs once the gateway has confirmed; `context` and `fetchPolicy` do not travel.
 */
export function task<TData, TVariables>(
  document: TypedDocumentNode<TData, TVariables>,
  options: TaskOptions<NoInfer<TData>, NoInfer<TVariables>> = {},
): TaskRegistration {
  const { name, field } = readTaskDocument(document)
  const registration: TaskRegistration = Object.freeze({ name })
  definitions.set(registration, {
    name,
    document,
    text: print(document),
    field: field.name.value,
    responseKey: field.alias?.value ?? field.name.value,
    optimistic: options.optimistic,
    update: options.update as TaskDefinition['update'],
    onConflict: options.onConflict ?? 'ask',
    migrations: options.migrations ?? [],
    assignedIds: options.assignedIds,
    suggestion: options.suggestion,
    squash: options.squash,
  })
  return registration
}

/** By operation name. Throws UNKNOWN_TASK for a registration not made by `task`, DOCUMENT_NOT_A_TASK for a name used twice. */
export function taskDefinitions(registrations: readonly TaskRegistration[]): ReadonlyMap<string, TaskDefinition> {
  const byName = new Map<string, TaskDefinition>()
  for (const registration of registrations) {
    const definition = definitions.get(registration)
    if (!definition) {
      throw new LayoverError('UNKNOWN_TASK', `The task ${registration.name} was not made by task(document, …).`)
    }
    if (byName.has(definition.name)) {
      throw notATask(definition.name, 'is registered twice: a restart finds tasks by name, so each needs its own.')
    }
    byName.set(definition.name, definition)
  }
  return byName
}

/** The one root field and the operation of a task's document. Throws DOCUMENT_NOT_A_TASK. */
export function readTaskDocument(document: DocumentNode): {
  name: string
  field: FieldNode & { selectionSet: SelectionSetNode }
  operation: OperationDefinitionNode
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
} {
  const operations = document.definitions.filter(definition => definition.kind === Kind.OPERATION_DEFINITION)
  const [operation] = operations
  const name = operation?.name?.value ?? 'An anonymous operation'
  if (!operation || operations.length !== 1) throw notATask(name, 'must be the only operation of its document.')
  if (operation.operation !== OperationTypeNode.MUTATION || !operation.name)
    throw notATask(name, 'must be a named mutation.')
  if (operation.directives?.length) throw notATask(name, 'must not carry directives.')
  const [field] = operation.selectionSet.selections
  if (field?.kind !== Kind.FIELD || operation.selectionSet.selections.length !== 1) {
    throw notATask(name, 'must select exactly one root field, and not through a fragment.')
  }
  const { selectionSet } = field
  if (!selectionSet) throw notATask(name, `must select fields of ${field.name.value}.`)
  if (field.directives?.length) throw notATask(name, `must not put directives on ${field.name.value}.`)
  const declared = operation.variableDefinitions?.some(
    ({ variable, type }) => variable.name.value === TASK_ARGUMENT && namedType(type) === TASK_INPUT_TYPE,
  )
  const passed = field.arguments?.some(
    ({ name: argument, value }) =>
      argument.value === TASK_ARGUMENT && value.kind === Kind.VARIABLE && value.name.value === TASK_ARGUMENT,
  )
  if (!declared || !passed) {
    throw notATask(
      name,
      `must declare $${TASK_ARGUMENT}: ${TASK_INPUT_TYPE} and pass it on: ${field.name.value}(${TASK_ARGUMENT}: $${TASK_ARGUMENT}, …).`,
    )
  }
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  refuseHiddenTask(name, selectionSet, fragments)
  return { name, field: { ...field, selectionSet }, operation, fragments }
}

/** The client reads `task { status … }` of every answer, so no alias may put something else in that place. */
function refuseHiddenTask(
  name: string,
  payload: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): void {
  for (const field of fieldsOf(payload, fragments)) {
    const key = field.alias?.value ?? field.name.value
    if (key !== TASK_ARGUMENT) continue
    if (field.name.value !== TASK_ARGUMENT) throw notATask(name, `must not name another field "${TASK_ARGUMENT}".`)
    for (const inner of field.selectionSet ? fieldsOf(field.selectionSet, fragments) : []) {
      const alias = inner.alias?.value
      if (alias !== undefined && alias !== inner.name.value && TASK_FIELDS.has(alias)) {
        throw notATask(name, `must not name another field of its task "${alias}".`)
      }
    }
  }
}

function fieldsOf(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): FieldNode[] {
  return set.selections.flatMap(selection => {
    if (selection.kind === Kind.FIELD) return [selection]
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    return inner ? fieldsOf(inner.selectionSet, fragments) : []
  })
}

const namedType = (type: TypeNode): string | undefined =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : type.kind === Kind.NON_NULL_TYPE ? namedType(type.type) : undefined

const notATask = (name: string, rule: string): LayoverError =>
  new LayoverError('DOCUMENT_NOT_A_TASK', `${name} cannot be queued: it ${rule}`)
