/** What of the data a device wants: its scopes, checked and turned into selections of the store. */
import { GraphQLError, type GraphQLLeafType, getNullableType, isLeafType } from 'graphql'
import { ERROR_CODES } from '../../protocol/index.ts'
import { refuse } from '../errors.ts'
import type { PlainFields } from '../plain-fields.ts'
import { selectionFor } from '../records.ts'
import type { Condition, FeedSelection } from '../store/store.ts'
import type { Viewer } from '../viewer.ts'
import type { Collection } from './collection.ts'

export interface ScopeInput {
  readonly type: string
  readonly where?: unknown
}

interface ScopeSetting {
  readonly collections: ReadonlyMap<string, Collection>
  readonly fields: PlainFields
}

export const MAX_SCOPES = 50
/** Of one scope. */
export const MAX_CONDITIONS = 20
/** Of one `in`. */
export const MAX_VALUES = 200

const RANGES = ['gt', 'gte', 'lt', 'lte'] as const

/**
 * Selections by partition, of each type one; no scopes at all means every type. Throws BAD_USER_INPUT that names the scope
 * and the field. A type that the viewer may not read is no error: there is nothing of it for him.
 */
export function selectionsByPartition(
  viewer: Viewer,
  scopes: readonly ScopeInput[] | null | undefined,
  { collections, fields }: ScopeSetting,
): Map<string, FeedSelection[]> {
  const wanted: readonly ScopeInput[] = scopes ?? [...collections.keys()].map(type => ({ type }))
  if (wanted.length > MAX_SCOPES && scopes != null) {
    throw wrong('scopes', `holds ${wanted.length} scopes, at most ${MAX_SCOPES} are taken: ask for whole types.`)
  }
  const filters = new Map<string, Condition[][]>()
  for (const [index, { type, where }] of wanted.entries()) {
    const collection = collections.get(type)
    if (collection === undefined) {
      const known = [...collections.keys()].join(', ')
      throw wrong(`scopes[${index}].type`, `names no type to sync; there are ${known}.`)
    }
    const place = `scopes[${index}].where`
    filters.set(type, [...(filters.get(type) ?? []), conditionsOf(where, place, collection, viewer, fields)])
  }
  const partitions = new Map<string, FeedSelection[]>()
  for (const [type, alternatives] of [...filters].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const collection = collections.get(type) as Collection
    const selection = selectionFor(collection, viewer)
    if (selection === undefined) continue
    // One scope without a filter is the whole type, whatever the others say.
    const isWhole = alternatives.some(conditions => conditions.length === 0)
    const partition = collection.partition(viewer)
    partitions.set(partition, [
      ...(partitions.get(partition) ?? []),
      isWhole ? selection : { ...selection, where: alternatives },
    ])
  }
  return partitions
}

function conditionsOf(
  where: unknown,
  place: string,
  collection: Collection,
  viewer: Viewer,
  fields: PlainFields,
): Condition[] {
  if (where == null) return []
  if (!isObject(where))
    throw wrong(place, 'must be an object: {field: value}, {field: {in: [...]}} or {field: {gte: …}}.')
  const hidden = new Set(collection.hides(viewer))
  const conditions = Object.entries(where).flatMap(([field, test]) => {
    const at = `${place}.${field.slice(0, 64)}`
    const type = hidden.has(field) ? undefined : fields(collection.type, field)?.type
    const leaf = type && getNullableType(type)
    if (!isLeafType(leaf)) throw wrong(at, `is no field of ${collection.type} that can be filtered by.`)
    return isObject(test) ? testsOf(field, test, at, leaf) : [oneOf(field, [test], at, leaf)]
  })
  if (conditions.length > MAX_CONDITIONS) {
    throw wrong(place, `holds ${conditions.length} conditions, at most ${MAX_CONDITIONS} are taken.`)
  }
  return conditions
}

function testsOf(
  field: string,
  tests: Readonly<Record<string, unknown>>,
  at: string,
  leaf: GraphQLLeafType,
): Condition[] {
  const entries = Object.entries(tests)
  if (entries.length === 0) throw wrong(at, 'says nothing: give a value, or one of in, gt, gte, lt, lte.')
  return entries.map(([test, value]) => {
    if (test === 'in') {
      if (!Array.isArray(value) || value.length > MAX_VALUES) {
        throw wrong(`${at}.in`, `must be a list of at most ${MAX_VALUES} values.`)
      }
      return oneOf(field, value, `${at}.in`, leaf)
    }
    const range = RANGES.find(name => name === test)
    if (range === undefined) throw wrong(`${at}.${test.slice(0, 64)}`, 'is no test; there are in, gt, gte, lt, lte.')
    const limit = scalarOf(value, `${at}.${range}`, leaf)
    if (limit === null || typeof limit === 'boolean') {
      throw wrong(`${at}.${range}`, 'must be a value that has an order.')
    }
    return { field, test: range, values: [limit] }
  })
}

const oneOf = (field: string, values: readonly unknown[], at: string, leaf: GraphQLLeafType): Condition => ({
  field,
  test: 'in',
  values: values.map(value => scalarOf(value, at, leaf)),
})

/** As the record holds it: what the scalar makes of the value. */
function scalarOf(value: unknown, at: string, leaf: GraphQLLeafType): Condition['values'][number] {
  if (value === null) return null
  let parsed: unknown
  try {
    parsed = leaf.parseValue(value)
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    throw wrong(at, `must be a value of ${leaf.name}.`)
  }
  if (typeof parsed === 'string' || typeof parsed === 'number' || typeof parsed === 'boolean') return parsed
  throw wrong(at, 'must be text, a number, true, false or null.')
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const wrong = (field: string, what: string): GraphQLError =>
  refuse(ERROR_CODES.BAD_USER_INPUT, `${field} ${what}`, { field })
