/** CollectFields and MergeSelectionSets of the GraphQL specification (6.3.2, 6.4.3), for one type and without directives. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type NamedTypeNode,
  type SelectionNode,
} from 'graphql'

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** The document asks for more than stored fields. */
export class NotPlain extends Error {}

export const fragmentsOf = ({ definitions }: DocumentNode): Fragments =>
  new Map(
    definitions
      .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map(definition => [definition.name.value, definition]),
  )

/** Fields below `parents` by response key, in order of appearance. */
export function fieldsOf(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  parents: readonly FieldNode[],
  fragments: Fragments,
): ReadonlyMap<string, FieldNode[]> {
  const found = new Map<string, FieldNode[]>()
  const spread = new Set<string>()
  for (const { selectionSet } of parents) collect(selectionSet?.selections ?? [])
  return found

  function collect(selections: readonly SelectionNode[]): void {
    for (const selection of selections) {
      if ((selection.directives?.length ?? 0) > 0) throw new NotPlain('directives')
      if (selection.kind === Kind.FIELD) collectField(selection)
      else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (applies(selection.typeCondition)) collect(selection.selectionSet.selections)
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment === undefined || (fragment.directives?.length ?? 0) > 0) throw new NotPlain('directives')
        if (applies(fragment.typeCondition)) collect(fragment.selectionSet.selections)
      }
    }
  }

  function collectField(field: FieldNode): void {
    if ((field.arguments?.length ?? 0) > 0) throw new NotPlain('arguments')
    const key = field.alias?.value ?? field.name.value
    const nodes = found.get(key)
    if (nodes === undefined) found.set(key, [field])
    else nodes.push(field)
  }

  function applies(condition: NamedTypeNode | undefined): boolean {
    if (condition === undefined || condition.name.value === type.name) return true
    const wanted = schema.getType(condition.name.value)
    return isAbstractType(wanted) && schema.isSubType(wanted, type)
  }
}
