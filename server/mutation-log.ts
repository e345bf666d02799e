/** Exactly once: who has been here before, and with what. */
import { createHash } from 'node:crypto'
import {
  type GraphQLArgument,
  type GraphQLInputField,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { REJECTION_CODES, TASK_ARGUMENT } from '../protocol/index.ts'
import type { StoredTask } from './store/store.ts'
import { type Rejected, rejected } from './tasks/outcome.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * SHA-256 of what was asked for: the field and its arguments, keys in order, without what says the same as leaving it out
 * (nothing for an argument, or its default). So a default added by a later version doesn't make a retry look like another task.
 */
export function inputHash(field: string, args: Fields, declared: readonly GraphQLArgument[]): string {
  const relevant = declared.filter(argument => argument.name !== TASK_ARGUMENT)
  return createHash('sha256')
    .update(JSON.stringify([field, canonicalFields(args, relevant)]))
    .digest('hex')
}

function canonicalFields(values: Fields, declared: readonly (GraphQLArgument | GraphQLInputField)[]): unknown[] {
  return [...declared]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .filter(({ name }) => values[name] !== undefined)
    .map(input => ({ input, value: canonicalValue(values[input.name], input.type) }))
    .filter(
      ({ input, value }) => JSON.stringify(value) !== JSON.stringify(canonicalValue(input.defaultValue, input.type)),
    )
    .map(({ input, value }) => [input.name, value])
}

function canonicalValue(value: unknown, type: GraphQLArgument['type']): unknown {
  const bare = isNonNullType(type) ? type.ofType : type
  if (Array.isArray(value) && isListType(bare)) return value.map(item => canonicalValue(item, bare.ofType))
  const named = getNamedType(bare)
  if (isInputObjectType(named) && isFields(value)) return canonicalFields(value, Object.values(named.getFields()))
  return sorted(value)
}

/** Custom scalars may hold anything: objects with their keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(key => [key, sorted(value[key])]),
  )
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** It may still become anything: it is answered as it stands, however long that takes. */
const UNDECIDED: ReadonlySet<StoredTask['status']> = new Set(['CONFLICT', 'IN_REVIEW', 'PARKED'])

/** Why a known id can't be answered with its first outcome, or undefined when it can. */
export function refusalOfRepeat(
  known: StoredTask,
  hash: string,
  now: number,
  retentionMs: number,
): Rejected | undefined {
  if (known.inputHash !== hash) {
    return rejected(
      REJECTION_CODES.ID_REUSED,
      `The task id ${known.id} was used before, for ${known.name} with another input. Nothing was done; send this task under a new id.`,
      { field: 'task.id' },
    )
  }
  const isOld = known.finishedAt !== null && now - known.finishedAt > retentionMs
  if (known.expired || (isOld && !UNDECIDED.has(known.status))) {
    return rejected(
      REJECTION_CODES.EXPIRED,
      `The task ${known.id} was executed longer ago than outcomes are kept. It isn't executed again.`,
      { field: 'task.id' },
    )
  }
  return undefined
}
