/**
 * Many tasks as one document: each root field under its alias `m0…`, each variable under its task's name, and back again.
 * Twin of server/batch.ts. Values travel only in variables and aliases are fixed, so equal queues give equal text and both
 * sides find the parsed document in their caches.
 */
import type { InMemoryCache } from '@apollo/client'
import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFormattedError,
  Kind,
  OperationTypeNode,
  parse,
  print,
  type SelectionSetNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql'
import { aliasOf, variableOf } from '../protocol/protocol.ts'
import { readTaskDocument } from './task.ts'
import { TASK_FRAGMENT, TASK_FRAGMENT_NAME } from './task-fragment.ts'

/** One task's document, ready to be merged with others. */
export interface Template {
  readonly name: string
  /** The application's own selection, with `__typename`s, and as a query: Apollo's cache reads nothing else. */
  readonly document: DocumentNode
  readonly field: FieldNode & { readonly selectionSet: SelectionSetNode }
  readonly responseKey: string
  readonly variables: readonly VariableDefinitionNode[]
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** Names of fragments that use variables, themselves or through others: each task needs a copy. */
  readonly own: ReadonlySet<string>
  readonly usesVariables: boolean
}

export interface BatchItem {
  readonly template: Template
  readonly variables: Record<string, unknown>
  /** The payload's type, once an answer has told it: then the selection stands once, as a fragment. */
  readonly payload: string | undefined
}

export interface BatchAnswer {
  /** Under the response key of the task's own document; null when the field failed; undefined when nothing was said. */
  readonly value: unknown
  /** Errors of this field, their paths as the task's own document would have given them. */
  readonly errors: readonly GraphQLFormattedError[]
}

/** Templates are kept by text: a queue of a thousand entries has a handful of documents. */
export class Templates {
  readonly #cache: InMemoryCache
  readonly #byText = new Map<string, Template>()

  constructor(cache: InMemoryCache) {
    this.#cache = cache
  }

  /** Throws DOCUMENT_NOT_A_TASK, or GraphQL's syntax error for a text that is none. */
  get(text: string): Template {
    let template = this.#byText.get(text)
    if (!template) {
      template = createTemplate(this.#cache.transformDocument(parse(text, { noLocation: true })))
      this.#byText.set(text, template)
    }
    return template
  }
}

function createTemplate(document: DocumentNode): Template {
  const { name, field, operation, fragments: declared } = readTaskDocument(document)
  const fragments = new Map(declared)
  fragments.set(TASK_FRAGMENT_NAME, TASK_FRAGMENT)
  const own = fragmentsWithVariables(fragments)
  const selectionSet: SelectionSetNode = {
    ...field.selectionSet,
    selections: [...field.selectionSet.selections, TASK_SELECTION],
  }
  return {
    name,
    document: {
      ...document,
      definitions: document.definitions.map(definition =>
        definition === operation ? { ...operation, operation: OperationTypeNode.QUERY } : definition,
      ),
    },
    field: { ...field, selectionSet },
    responseKey: field.alias?.value ?? field.name.value,
    variables: operation.variableDefinitions ?? [],
    fragments,
    own,
    usesVariables: usesVariables(selectionSet) || spreadsIn(selectionSet).some(spread => own.has(spread)),
  }
}

/** `task { ...LayoverTask }` beside whatever the application selects of it; GraphQL merges the two. */
const TASK_SELECTION: FieldNode = {
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: 'task' },
  selectionSet: {
    kind: Kind.SELECTION_SET,
    selections: [{ kind: Kind.FRAGMENT_SPREAD, name: { kind: Kind.NAME, value: TASK_FRAGMENT_NAME } }],
  },
}

const KEPT_DOCUMENTS = 32

export class Batches {
  readonly #documents = new Map<string, DocumentNode>()
  readonly #keys = new WeakMap<Template, number>()
  #templates = 0

  /** The merged document, the same object for the same sequence of documents, and its variables. */
  merge(items: readonly BatchItem[]): { document: DocumentNode; variables: Record<string, unknown> } {
    const key = items.map(({ template, payload }) => `${this.#keyOf(template)}${payload ?? ''}`).join()
    const document = this.#documents.get(key) ?? mergeDocuments(items)
    this.#documents.delete(key)
    this.#documents.set(key, document) // Newest last.
    const [oldest] = this.#documents.keys()
    if (this.#documents.size > KEPT_DOCUMENTS && oldest !== undefined) this.#documents.delete(oldest)
    const variables: Record<string, unknown> = {}
    items.forEach((item, index) => {
      for (const { variable } of item.template.variables) {
        const value = item.variables[variable.name.value]
        if (value !== undefined) variables[variableOf(index, variable.name.value)] = value
      }
    })
    return { document, variables }
  }

  #keyOf(template: Template): number {
    let key = this.#keys.get(template)
    if (key === undefined) {
      this.#templates += 1
      key = this.#templates
      this.#keys.set(template, key)
    }
    return key
  }
}

/** What the gateway said of the `index`-th task. */
export function answerOf(
  index: number,
  responseKey: string,
  data: Record<string, unknown> | null,
  errors: readonly GraphQLFormattedError[],
): BatchAnswer {
  const alias = aliasOf(index)
  return {
    value: data?.[alias],
    errors: errors
      .filter(error => error.path?.[0] === alias)
      .map(error => ({ ...error, path: [responseKey, ...(error.path ?? []).slice(1)] })),
  }
}

function mergeDocuments(items: readonly BatchItem[]): DocumentNode {
  const fragments = new SharedFragments()
  const variableDefinitions: VariableDefinitionNode[] = []
  const fields = items.map(({ template, payload }, index): FieldNode => {
    const rename = (name: string): string => variableOf(index, name)
    for (const definition of template.variables) variableDefinitions.push(renamed(definition, rename, new Map()))
    const names = fragments.take(template, index)
    const field = renamed(template.field, rename, names)
    const selectionSet =
      payload !== undefined && !template.usesVariables
        ? spreadOf(fragments.payload(template.name, payload, field.selectionSet ?? template.field.selectionSet))
        : field.selectionSet
    return {
      ...field,
      alias: { kind: Kind.NAME, value: aliasOf(index) },
      arguments: (template.field.arguments ?? []).map((argument): ArgumentNode => renamed(argument, rename, new Map())),
      ...(selectionSet ? { selectionSet } : {}),
    }
  })
  return {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        kind: Kind.OPERATION_DEFINITION,
        operation: OperationTypeNode.MUTATION,
        name: { kind: Kind.NAME, value: 'LayoverReplay' },
        variableDefinitions,
        selectionSet: { kind: Kind.SELECTION_SET, selections: fields },
      },
      ...fragments.definitions(),
    ],
  }
}

/** Fragments of one merged document: equal ones stand once, those that clash by name or use variables under names of their own. */
class SharedFragments {
  readonly #byName = new Map<string, FragmentDefinitionNode>()

  /** Takes in the template's fragments; gives the names under which they stand. */
  take(template: Template, index: number): ReadonlyMap<string, string> {
    const names = new Map<string, string>()
    for (const name of template.fragments.keys()) {
      if (template.own.has(name)) names.set(name, variableOf(index, name))
    }
    for (const [name, definition] of template.fragments) {
      if (!names.has(name) && this.#clashes(name, definition)) names.set(name, variableOf(index, name))
    }
    // A fragment that spreads a renamed one differs by that, too.
    for (let before = -1; before !== names.size; ) {
      before = names.size
      for (const [name, definition] of template.fragments) {
        if (names.has(name)) continue
        if (spreadsIn(definition.selectionSet).some(spread => names.has(spread)))
          names.set(name, variableOf(index, name))
      }
    }
    for (const [name, definition] of template.fragments) {
      const own = names.get(name) ?? name
      const copy = renamed(definition, variable => variableOf(index, variable), names)
      this.#set(own, own === name ? copy : { ...copy, name: { kind: Kind.NAME, value: own } })
    }
    return names
  }

  payload(name: string, type: string, selectionSet: SelectionSetNode): string {
    const definition = (own: string): FragmentDefinitionNode => ({
      kind: Kind.FRAGMENT_DEFINITION,
      name: { kind: Kind.NAME, value: own },
      typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } },
      selectionSet,
    })
    let own = `${name}Answer`
    for (let copy = 2; this.#clashes(own, definition(own)); copy += 1) own = `${name}Answer${copy}`
    this.#set(own, definition(own))
    return own
  }

  definitions(): FragmentDefinitionNode[] {
    return [...this.#byName.values()]
  }

  #clashes(name: string, definition: FragmentDefinitionNode): boolean {
    const known = this.#byName.get(name)
    return known !== undefined && known !== definition && textOf(known) !== textOf(definition)
  }

  #set(name: string, definition: FragmentDefinitionNode): void {
    if (!this.#byName.has(name)) this.#byName.set(name, definition)
  }
}

const texts = new WeakMap<FragmentDefinitionNode, string>()
function textOf(definition: FragmentDefinitionNode): string {
  let text = texts.get(definition)
  if (text === undefined) {
    text = print(definition)
    texts.set(definition, text)
  }
  return text
}

/** A copy with other names; the same node when nothing in it is named. */
function renamed<TNode extends VariableDefinitionNode | FieldNode | ArgumentNode | FragmentDefinitionNode>(
  node: TNode,
  variable: (name: string) => string,
  fragments: ReadonlyMap<string, string>,
): TNode {
  return visit(node, {
    Variable: found => ({ ...found, name: { ...found.name, value: variable(found.name.value) } }),
    FragmentSpread(found) {
      const name = fragments.get(found.name.value)
      return name === undefined ? undefined : { ...found, name: { ...found.name, value: name } }
    },
  }) as TNode
}

function fragmentsWithVariables(fragments: ReadonlyMap<string, FragmentDefinitionNode>): ReadonlySet<string> {
  const own = new Set<string>()
  for (const [name, { selectionSet }] of fragments) if (usesVariables(selectionSet)) own.add(name)
  for (let before = -1; before !== own.size; ) {
    before = own.size
    for (const [name, { selectionSet }] of fragments)
      if (spreadsIn(selectionSet).some(spread => own.has(spread))) own.add(name)
  }
  return own
}

function usesVariables(selectionSet: SelectionSetNode): boolean {
  let found = false
  visit(selectionSet, {
    Variable() {
      found = true
    },
  })
  return found
}

function spreadsIn(selectionSet: SelectionSetNode): string[] {
  const found: string[] = []
  visit(selectionSet, {
    FragmentSpread(spread) {
      found.push(spread.name.value)
    },
  })
  return found
}

const spreadOf = (name: string): SelectionSetNode => ({
  kind: Kind.SELECTION_SET,
  selections: [{ kind: Kind.FRAGMENT_SPREAD, name: { kind: Kind.NAME, value: name } }],
})
