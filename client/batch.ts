/**
 * Many tasks as one document: each root field under its alias `m0…`, each variable under its task's name, and back again.
 * Twin of server/batch.ts. Values travel only in variables and aliases are fixed, so equal queues give equal text and both
 * sides find the parsed document in their caches.
 */
import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFormattedError,
  Kind,
  OperationTypeNode,
  print,
  type SelectionSetNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql'
import { aliasOf, variableOf } from '../protocol/protocol.ts'
import { spreadsIn, type Template } from './templates.ts'

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

const spreadOf = (name: string): SelectionSetNode => ({
  kind: Kind.SELECTION_SET,
  selections: [{ kind: Kind.FRAGMENT_SPREAD, name: { kind: Kind.NAME, value: name } }],
})
