import { defaultFieldResolver, type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql'

/** A field that shows what is stored and nothing else: it takes no arguments and has no resolver of its own. */
export type PlainFields = (type: string, field: string) => GraphQLField<unknown, unknown> | undefined

/** Taken once, before any server plugin wraps the resolvers of the schema. */
export function plainFieldsOf(schema: GraphQLSchema): PlainFields {
  const types = new Map<string, ReadonlyMap<string, GraphQLField<unknown, unknown>>>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.isTypeOf != null) continue
    const plain = Object.values(type.getFields()).filter(
      ({ args, resolve }) => args.length === 0 && (resolve === undefined || resolve === defaultFieldResolver),
    )
    types.set(type.name, new Map(plain.map(field => [field.name, field])))
  }
  return (type, field) => types.get(type)?.get(field)
}
