/** How much an operation asks for, fragments in their places. Each fragment is measured once, however often it is spread. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

export interface Measure {
  readonly depth: number
  readonly fields: number
  readonly aliases: number
  readonly directives: number
}

export interface OperationMeasure {
  /** Root fields that are tasks. */
  readonly tasks: number
  /** The most of each that a single task asks for; the task's own field is not counted. */
  readonly task: Measure
  /** All tasks together. */
  readonly allTasks: Measure
  /** What is asked of the schema itself. */
  readonly introspection: Measure
  /** Everything else. */
  readonly rest: Measure
}

const NOTHING: Measure = { depth: 0, fields: 0, aliases: 0, directives: 0 }
const EMPTY: OperationMeasure = {
  tasks: 0,
  task: NOTHING,
  allTasks: NOTHING,
  introspection: NOTHING,
  rest: NOTHING,
}

const INTROSPECTION = new Set(['__schema', '__type'])

const both = (left: Measure, right: Measure): Measure => ({
  depth: Math.max(left.depth, right.depth),
  fields: left.fields + right.fields,
  aliases: left.aliases + right.aliases,
  directives: left.directives + right.directives,
})

const most = (left: Measure, right: Measure): Measure => ({
  depth: Math.max(left.depth, right.depth),
  fields: Math.max(left.fields, right.fields),
  aliases: Math.max(left.aliases, right.aliases),
  directives: Math.max(left.directives, right.directives),
})

const withDirectives = (measure: Measure, count: number): Measure =>
  count === 0 ? measure : { ...measure, directives: measure.directives + count }

/** Of one operation. */
export function measureOperation(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  isTask: (field: string) => boolean,
): OperationMeasure {
  return ofOperation(operation, new Measurer(document, isTask))
}

/** Of every operation and every fragment, used or not. `mutations` is the name of the schema's mutation type. */
export function measureAll(
  document: DocumentNode,
  schema: { isTask: (field: string) => boolean; mutations: string | undefined },
): OperationMeasure[] {
  const measurer = new Measurer(document, schema.isTask)
  return document.definitions.flatMap((definition): OperationMeasure[] => {
    if (definition.kind === Kind.OPERATION_DEFINITION) return [ofOperation(definition, measurer)]
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) return []
    const { selectionSet, typeCondition, directives = [] } = definition
    const type = typeCondition.name.value
    if (type === schema.mutations) {
      const root = measurer.root(selectionSet)
      return [{ ...root, rest: withDirectives(root.rest, directives.length) }]
    }
    const own = withDirectives(measurer.set(selectionSet), directives.length)
    return [type.startsWith('__') ? { ...EMPTY, introspection: own } : { ...EMPTY, rest: own }]
  })
}

function ofOperation(
  { operation, selectionSet, variableDefinitions = [], directives = [] }: OperationDefinitionNode,
  measurer: Measurer,
): OperationMeasure {
  const measure = measurer.root(selectionSet, operation === 'mutation')
  const count = variableDefinitions.reduce((sum, each) => sum + (each.directives?.length ?? 0), directives.length)
  return { ...measure, rest: withDirectives(measure.rest, count) }
}

class Measurer {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #isTask: (field: string) => boolean
  readonly #measured = new Map<string, Measure>()
  readonly #measuredAtRoot = new Map<string, OperationMeasure>()

  constructor(document: DocumentNode, isTask: (field: string) => boolean) {
    this.#isTask = isTask
    this.#fragments = new Map(
      document.definitions
        .filter(definition => definition.kind === Kind.FRAGMENT_DEFINITION)
        .map(definition => [definition.name.value, definition]),
    )
  }

  /** A set of root fields; only those of mutations can be tasks. */
  root(set: SelectionSetNode, ofMutation = true): OperationMeasure {
    return set.selections.reduce<OperationMeasure>((sum, selection) => {
      const own = this.#atRoot(selection, ofMutation)
      return {
        tasks: sum.tasks + own.tasks,
        task: most(sum.task, own.task),
        allTasks: both(sum.allTasks, own.allTasks),
        introspection: both(sum.introspection, own.introspection),
        rest: both(sum.rest, own.rest),
      }
    }, EMPTY)
  }

  #atRoot(selection: SelectionNode, ofMutation: boolean): OperationMeasure {
    const directives = selection.directives?.length ?? 0
    if (selection.kind === Kind.FIELD) {
      if (ofMutation && this.#isTask(selection.name.value)) {
        const own = withDirectives(selection.selectionSet ? this.set(selection.selectionSet) : NOTHING, directives)
        return { ...EMPTY, tasks: 1, task: own, allTasks: own }
      }
      const own = this.#field(selection)
      return INTROSPECTION.has(selection.name.value) ? { ...EMPTY, introspection: own } : { ...EMPTY, rest: own }
    }
    const own =
      selection.kind === Kind.INLINE_FRAGMENT
        ? this.root(selection.selectionSet, ofMutation)
        : this.#once(this.#measuredAtRoot, selection.name.value, EMPTY, set => this.root(set, ofMutation))
    return { ...own, rest: withDirectives(own.rest, directives) }
  }

  set(set: SelectionSetNode): Measure {
    return set.selections.reduce((sum, selection) => both(sum, this.#selection(selection)), NOTHING)
  }

  #selection(selection: SelectionNode): Measure {
    if (selection.kind === Kind.FIELD) return this.#field(selection)
    const own =
      selection.kind === Kind.INLINE_FRAGMENT
        ? this.set(selection.selectionSet)
        : this.#once(this.#measured, selection.name.value, NOTHING, set => this.set(set))
    return withDirectives(own, selection.directives?.length ?? 0)
  }

  #field({ selectionSet, alias, directives = [] }: FieldNode): Measure {
    const below = selectionSet ? this.set(selectionSet) : NOTHING
    return {
      depth: below.depth + 1,
      fields: below.fields + 1,
      aliases: below.aliases + (alias ? 1 : 0),
      directives: below.directives + directives.length,
    }
  }

  /** A fragment that spreads itself is refused by validation; here it must only come to an end. */
  #once<Measured>(
    known: Map<string, Measured>,
    name: string,
    nothing: Measured,
    measure: (set: SelectionSetNode) => Measured,
  ): Measured {
    const before = known.get(name)
    if (before !== undefined) return before
    const fragment = this.#fragments.get(name)
    if (fragment === undefined) return nothing
    known.set(name, nothing)
    const measured = measure(fragment.selectionSet)
    known.set(name, measured)
    return measured
  }
}
