/** A mutation's result on its way into the cache: under a root of our own, which is gone again once its records are there. */
import type { InMemoryCache, StoreObject } from '@apollo/client'
import type { DocumentNode } from 'graphql'

type Fields = Record<string, unknown>

/** An answer of the gateway, to be written to the base. */
export interface SettledAnswer {
  readonly name: string
  readonly document: DocumentNode
  readonly variables: Fields
  readonly data: Fields
  readonly update?: ((cache: InMemoryCache, data: Fields) => void) | undefined
}

/**
 * Not ROOT_MUTATION, where Apollo itself writes answers: in a layer its deleted fields stay as keys, a thousand after a
 * thousand changes, and every write copies them.
 */
export const RESULT_ID = 'LayoverResult'

/** Of the record as the cache has it; -1 where that is not known. */
export function heldVersion(cache: InMemoryCache, id: string): number {
  let held: unknown
  cache.modify({ id, fields: { version: value => (held = value) }, broadcast: false })
  return typeof held === 'number' ? held : -1
}

/** Whether the cache has a later version of a record in the payload. */
export function isOutdated(cache: InMemoryCache, data: Fields): boolean {
  return Object.values(data).some(
    payload =>
      isFields(payload) &&
      Object.values(payload).some(record => {
        if (!isFields(record) || typeof record['version'] !== 'number' || record['__typename'] === 'Task') return false
        const id = cache.identify(record as StoreObject)
        return id !== undefined && heldVersion(cache, id) > record['version']
      }),
  )
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

export function writeResult(cache: InMemoryCache, query: DocumentNode, variables: Fields, data: Fields): void {
  cache.write({
    dataId: RESULT_ID,
    query,
    variables,
    result: { ...data, __typename: cache.policies.rootTypenamesById['ROOT_MUTATION'] ?? 'Mutation' },
    broadcast: false,
  })
}

export function forgetResult(cache: InMemoryCache): void {
  cache.modify({ id: RESULT_ID, broadcast: false, fields: (_value, { DELETE }) => DELETE })
  while (cache.release(RESULT_ID) > 0);
}
