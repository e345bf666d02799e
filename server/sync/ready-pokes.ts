/** Answers of the plain poke subscription as ready text: what executing it for each poke would come to. */
import {
  type GraphQLSchema,
  getNullableType,
  isLeafType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
} from 'graphql'
import type { PlainFields } from '../plain-fields.ts'
import type { FieldResolver } from '../schema.ts'

/** JSON of the answer that tells of a poke. `at` as RFC 3339. */
export type PokeText = (at: string) => string

/** undefined: the operation has to be executed. */
export type ReadyPokes = (operation: OperationDefinitionNode) => PokeText | undefined

interface ReadyPokesSetting {
  readonly schema: GraphQLSchema
  readonly fields: PlainFields
  /** The gateway's own of the subscription field. */
  readonly resolvers: { readonly subscribe: FieldResolver; readonly resolve: FieldResolver }
}

const FIELD = 'changesAvailable'
const TYPE = 'ChangesAvailable'
/** Stands in a text until the real one is known. */
const SAMPLE_TIME = '2027-05-03T08:00:00.000Z'

/**
 * Knows `subscription { changesAvailable { at } }`, with `__typename` or without; what asks for anything else is executed.
 * So is everything where the application has put a resolver or a scalar of its own in the place of the gateway's.
 */
export function readyPokesOf({ schema, fields, resolvers }: ReadyPokesSetting): ReadyPokes {
  const field = schema.getSubscriptionType()?.getFields()[FIELD]
  const isOwn = field?.resolve === resolvers.resolve && field.subscribe === resolvers.subscribe
  if (!isOwn || !showsTime(fields)) return () => undefined
  return ({ operation, variableDefinitions = [], directives = [], selectionSet }) => {
    const [poke, second] = selectionSet.selections
    if (operation !== OperationTypeNode.SUBSCRIPTION || variableDefinitions.length + directives.length > 0)
      return undefined
    if (second !== undefined || nameOf(poke) !== FIELD) return undefined
    const answer: Record<string, string> = {}
    for (const selection of poke?.kind === Kind.FIELD ? (poke.selectionSet?.selections ?? []) : []) {
      const name = nameOf(selection)
      if (name === 'at') answer[name] = SAMPLE_TIME
      else if (name === '__typename') answer[name] = TYPE
      else return undefined
    }
    const [before = '', after] = JSON.stringify({ data: { [FIELD]: answer } }).split(SAMPLE_TIME)
    return after === undefined ? () => before : at => before + at + after
  }
}

/** Of a bare field: no alias, no arguments, no directives. */
function nameOf(selection: SelectionNode | undefined): string | undefined {
  if (selection?.kind !== Kind.FIELD || selection.alias !== undefined) return undefined
  if (selection.arguments?.length || selection.directives?.length) return undefined
  return selection.name.value
}

function showsTime(fields: PlainFields): boolean {
  const at = fields(TYPE, 'at')
  const type = at && getNullableType(at.type)
  return isLeafType(type) && type.serialize(SAMPLE_TIME) === SAMPLE_TIME
}
