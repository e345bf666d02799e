import { makeExecutableSchema } from '@graphql-tools/schema'
import { type GraphQLResolveInfo, GraphQLScalarType, type GraphQLSchema, Kind } from 'graphql'
import { ERROR_CODES } from '../protocol/index.ts'
import { gatewaySdl } from './__generated__/gateway-sdl.ts'
import type { GatewayContext } from './context.ts'
import { refuse } from './errors.ts'

/** Resolvers in the shape of @graphql-tools/schema. */
// biome-ignore lint/suspicious/noExplicitAny: the shape that graphql-tools takes; the domain's own resolvers are typed by codegen
export type Resolvers = any

export type FieldResolver = (
  source: unknown,
  args: Record<string, unknown>,
  context: GatewayContext,
  info: GraphQLResolveInfo,
) => unknown

/** The gateway's half and the domain's, as one executable schema. */
export function buildSchema(options: { typeDefs: string; resolvers: readonly Resolvers[] }): GraphQLSchema {
  return makeExecutableSchema({
    typeDefs: [gatewaySdl, options.typeDefs],
    resolvers: [scalars, ...options.resolvers],
    resolverValidationOptions: { requireResolversForResolveType: 'ignore' },
  })
}

const DATE = /^\d{4}-\d{2}-\d{2}$/
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

function isDate(value: string): boolean {
  if (!DATE.test(value)) return false
  const time = Date.parse(`${value}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value)
}

function textScalar(
  name: string,
  form: string,
  isValid: (value: string) => boolean,
  normalise = (value: string): string => value,
): GraphQLScalarType {
  const take = (value: unknown): string => {
    if (typeof value !== 'string' || !isValid(value))
      throw refuse(ERROR_CODES.BAD_USER_INPUT, `${name} must be ${form}.`)
    return normalise(value)
  }
  return new GraphQLScalarType({
    name,
    serialize: value => String(value),
    parseValue: take,
    parseLiteral: node => take(node.kind === Kind.STRING ? node.value : undefined),
  })
}

const scalars = {
  Date: textScalar('Date', 'a calendar date such as 2027-05-03', isDate),
  DateTime: textScalar(
    'DateTime',
    'a time such as 2027-05-03T08:00:00Z (RFC 3339)',
    value => DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)),
    value => new Date(Date.parse(value)).toISOString(),
  ),
  Cursor: textScalar('Cursor', 'a cursor that the gateway gave', value => value.length <= 4096),
}
