/** A document whose only field is `changes`, as a device sends it, taken apart and compiled. */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getArgumentValues,
  getVariableValues,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  separateOperations,
  validate,
  visit,
} from 'graphql'
import type { PlainFields } from '../plain-fields.ts'
import type { ChangesArguments, RawPage } from './delta.ts'
import { fieldsOf, fragmentsOf, NotPlain } from './selected-fields.ts'
import { type Shape, ShapeCompiler } from './shape.ts'

export interface ChangesDocument {
  /** Equal for documents whose answers are equal texts. */
  readonly id: string
  /** What a record of the type looks like. */
  readonly shapes: ReadonlyMap<string, Shape>
  /** Arguments of `changes`; undefined when the variables don't fit, which execution says better. */
  argumentsOf(variables: Readonly<Record<string, unknown>>): ChangesArguments | undefined
  /** Key of the page in the answer. */
  readonly key: string
  /** The page as JSON, the records being ready. */
  print(page: Omit<RawPage, 'rows'>, records: readonly string[]): string
}

interface CompileSetting {
  readonly schema: GraphQLSchema
  readonly fields: PlainFields
  /** Types of the collections. */
  readonly types: readonly string[]
}

const FIELD = 'changes'
const RECORDS = 'changed'

/**
 * The application's own document: of what it holds, the one operation that asks for `changes` and nothing else, with the
 * `__typename`s that Apollo Client adds before it sends it. Throws when there is none, or when it doesn't fit the schema.
 */
export function knownDocument(given: string | DocumentNode, schema: GraphQLSchema): DocumentNode {
  const whole = typeof given === 'string' ? parse(given) : given
  const found = Object.values(separateOperations(whole)).filter(document => changesField(document) !== undefined)
  const [document] = found
  if (document === undefined || found.length > 1) {
    throw new Error(`changesDocument holds ${found.length} operations that ask for changes alone; it must hold one`)
  }
  const errors = validate(schema, document)
  if (errors.length > 0) throw new Error(`changesDocument does not fit the schema: ${errors[0]?.message}`)
  return withTypenames(document)
}

/** undefined: it has to be executed normally. */
export function compileDocument(document: DocumentNode, setting: CompileSetting): ChangesDocument | undefined {
  try {
    return compile(document, setting)
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

function compile(document: DocumentNode, { schema, fields, types }: CompileSetting): ChangesDocument | undefined {
  const operation = operationOf(document)
  const node = changesField(document)
  const declared = schema.getQueryType()?.getFields()[FIELD]
  const pageType = schema.getType('ChangePage')
  if (operation === undefined || node === undefined || declared === undefined || !isObjectType(pageType))
    return undefined
  const fragments = fragmentsOf(document)
  const compiler = new ShapeCompiler(schema, fields, fragments)
  const keys = fieldsOf(schema, pageType, [node], fragments)
  const lists = [...keys].filter(([, nodes]) => nodes[0]?.name.value === RECORDS)
  const [records] = lists
  if (records === undefined || lists.length > 1) return undefined
  const [recordsKey, recordNodes] = records
  const page = compiler.shape(pageType, [node], [RECORDS])
  const shapes = new Map<string, Shape>()
  for (const name of [...types].sort()) {
    const type = schema.getType(name)
    if (!isObjectType(type)) throw new NotPlain(`${name} is no object type`)
    shapes.set(name, compiler.shape(type, recordNodes))
  }
  const answerKey = node.alias?.value ?? FIELD
  return {
    id: JSON.stringify([answerKey, [...keys.keys()], page.id, [...shapes].map(([name, { id }]) => [name, id])]),
    shapes,
    key: answerKey,
    argumentsOf(variables) {
      const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables)
      if (coerced === undefined) return undefined
      return getArgumentValues(declared, node, coerced) as unknown as ChangesArguments
    },
    print(raw, texts) {
      const rest = page.project(raw as unknown as Record<string, unknown>)
      const [only = '', ...more] = texts
      const list = more.length === 0 ? only : texts.join(',')
      // Put together piece by piece a long text stays where it is; joining copies it.
      let printed = ''
      for (const key of keys.keys()) {
        const value = key === recordsKey ? `[${list}]` : JSON.stringify(rest[key])
        printed += `${printed === '' ? '{' : ','}${JSON.stringify(key)}:${value}`
      }
      return `${printed}}`
    },
  }
}

function operationOf(document: DocumentNode): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  )
  const [operation] = operations
  return operations.length === 1 && operation?.operation === OperationTypeNode.QUERY ? operation : undefined
}

/** Its one root field, when that is `changes` without directives. */
function changesField(document: DocumentNode): FieldNode | undefined {
  const operation = operationOf(document)
  const [field, ...more] = operation?.selectionSet.selections ?? []
  if (field?.kind !== Kind.FIELD || more.length > 0 || field.name.value !== FIELD) return undefined
  return (field.directives?.length ?? 0) + (operation?.directives?.length ?? 0) > 0 ? undefined : field
}

/** As Apollo Client does it: at the end of every selection set but the operation's own. */
function withTypenames(document: DocumentNode): DocumentNode {
  const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }
  return visit(document, {
    SelectionSet: {
      enter(set, _key, parent): SelectionSetNode | undefined {
        if (parent !== undefined && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION) return undefined
        const has = set.selections.some(field => field.kind === Kind.FIELD && field.name.value.startsWith('__'))
        return has ? undefined : { ...set, selections: [...set.selections, typename] }
      },
    },
  })
}
