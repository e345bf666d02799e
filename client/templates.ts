/** The documents of tasks, made ready once to be merged with others and to be written to the cache. */
import type { InMemoryCache } from '@apollo/client'
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql'
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

/** Templates are kept by text: a queue of a thousand entries has a handful of documents. */
export class Templates {
  readonly #cache: InMemoryCache
  readonly #known: ReadonlyMap<string, DocumentNode>
  readonly #byText = new Map<string, Template>()

  /** @param known documents by their text: they need not be parsed again */
  constructor(cache: InMemoryCache, known: ReadonlyMap<string, DocumentNode> = new Map()) {
    this.#cache = cache
    this.#known = known
  }

  /** Throws DOCUMENT_NOT_A_TASK, or GraphQL's syntax error for a text that is none. */
  get(text: string): Template {
    let template = this.#byText.get(text)
    if (!template) {
      template = createTemplate(
        this.#cache.transformDocument(this.#known.get(text) ?? parse(text, { noLocation: true })),
      )
      this.#byText.set(text, template)
    }
    return template
  }
}

function createTemplate(document: DocumentNode): Template {
  const { name, field, operation, fragments: declared } = readTaskDocument(document)
  const fragments = new Map(declared)
  fragments.set(TASK_FRAGMENT_NAME, TASK_FRAGMENT)
  let own: ReadonlySet<string> | undefined
  let isUsing: boolean | undefined
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
    // Only to send it; to show it must not take so long.
    get own() {
      own ??= fragmentsWithVariables(fragments)
      return own
    },
    get usesVariables() {
      isUsing ??= usesVariables(selectionSet) || spreadsIn(selectionSet).some(spread => this.own.has(spread))
      return isUsing
    },
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

export function spreadsIn(selectionSet: SelectionSetNode): string[] {
  const found: string[] = []
  visit(selectionSet, {
    FragmentSpread(spread) {
      found.push(spread.name.value)
    },
  })
  return found
}
