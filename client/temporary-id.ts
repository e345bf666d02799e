/** The form of temporary ids, and what field policies make of them. */
import type { ApolloCache } from '@apollo/client'
import { type Random, systemRandom } from '../protocol/ports.ts'

const TEMPORARY = /^temp:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * `temp:<UUID>`, for a record whose id the server will choose. No legal id on the wire. It goes where `optimistic` finds it,
 * e.g. in a variable that the document does not declare: such a variable is kept with the task and never sent.
 */
export const temporaryId = (random: Random = systemRandom): string => `temp:${random.uuid()}`

export const isTemporaryId = (value: unknown): value is string => typeof value === 'string' && TEMPORARY.test(value)

const byCache = new WeakMap<ApolloCache, <T>(value: T) => T>()

/** @param replaceIn puts the server's ids, so far as they are known, into a value */
export const answerWithServerIds = (cache: ApolloCache, replaceIn: <T>(value: T) => T): void =>
  void byCache.set(cache, replaceIn)

/** For field policies: the value with the server's ids in it. */
export const withServerIds = <T>(cache: ApolloCache, value: T): T => byCache.get(cache)?.(value) ?? value
