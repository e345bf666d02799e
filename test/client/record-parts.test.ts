import { InMemoryCache, type InMemoryCacheConfig, type StoreObject } from '@apollo/client'
import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { recordParts } from '../../client/record-parts.ts'
import { fitResult } from '../../client/tentative-result.ts'

const ADDRESS = { __typename: 'Address', street: 'Quay 1', town: { __typename: 'Town', id: 't1', name: 'Lisbon' } }
const RESULT = {
  __typename: 'Mutation',
  book: {
    __typename: 'BookPayload',
    task: { __typename: 'Task', id: 'k1', status: 'ACCEPTED' },
    trip: {
      __typename: 'Trip',
      id: 'v1',
      label: 'Spring',
      seats: 0,
      paid: false,
      notes: null,
      address: ADDRESS,
      guests: [
        { __typename: 'Guest', id: 'g1', name: 'Ann' },
        { __typename: 'Guest', id: 'g2', name: '' },
      ],
      empty: [],
    },
  },
}
const DOCUMENT = parse(`query Book($id: ID!) { book(id: $id) {
  task { id status } ... on BookPayload { trip { id title: label seats paid notes empty { id }
    address { street town { id name } } guests { ...Person } } }
} } fragment Person on Guest { id name }`)

/** What stands in a layer when Apollo writes the result, and when its parts are merged. */
function bothWays(config: InMemoryCacheConfig, document = DOCUMENT, result: Record<string, unknown> = aliased(RESULT)) {
  const stored = (write: (cache: InMemoryCache) => unknown): unknown => {
    const cache = new InMemoryCache(config)
    cache.restore({ 'Guest:g1': { __typename: 'Guest', id: 'g1', name: 'Anna', age: 7 } })
    let isPossible: unknown = true
    cache.recordOptimisticTransaction(() => {
      isPossible = write(cache)
    }, 'layer')
    const {
      result: _own,
      ROOT_MUTATION: _root,
      __META: _meta,
      ...records
    } = cache.extract(true) as Record<string, object>
    return isPossible === undefined ? undefined : records
  }
  const prepare = (cache: InMemoryCache) =>
    fitResult(
      cache,
      cache.transformDocument(document),
      result,
      () => false,
      () => null,
    )
  return {
    written: stored(cache => {
      const { document: query, result: fitted } = prepare(cache)
      cache.write({ dataId: 'result', query, variables: { id: 'v1' }, result: fitted })
      return true
    }),
    merged: stored(cache => {
      const parts = recordParts(
        cache,
        cache.transformDocument(document),
        result,
        object => cache.identify(object as StoreObject),
        () => false,
        () => null,
      )
      for (const [id, part] of parts ?? []) cache['data'].merge(id, part)
      return parts
    }),
  }
}

/** As the document names its fields. */
function aliased(result: typeof RESULT): Record<string, unknown> {
  const { label, ...trip } = result.book.trip
  return { ...result, book: { ...result.book, trip: { ...trip, title: label } } }
}

test('the parts of a result are what Apollo writes of it', () => {
  const { written, merged } = bothWays({})
  expect(merged).toEqual(written)
  expect(merged).toMatchObject({
    'Trip:v1': {
      label: 'Spring',
      notes: null,
      address: { town: { __ref: 'Town:t1' } },
      guests: [{ __ref: 'Guest:g1' }, {}],
    },
    'Guest:g1': { name: 'Ann', age: 7 },
  })
})

test('keys of an application’s own are kept', () => {
  const { written, merged } = bothWays({
    typePolicies: { Guest: { keyFields: ['id', 'name'] }, Town: { keyFields: false } },
  })
  expect(merged).toEqual(written)
  expect(Object.keys(merged as object)).toContain('Guest:{"id":"g1","name":"Ann"}')
})

test.each<[string, InMemoryCacheConfig, string?]>([
  [
    'a merge function of a field',
    { typePolicies: { Trip: { fields: { label: { merge: (_before, label) => `${label}!` } } } } },
  ],
  ['a merge function of a type', { typePolicies: { Address: { merge: true } } }],
  [
    'a merge function of the mutation',
    { typePolicies: { Mutation: { fields: { book: { merge: (_before, book) => book } } } } },
  ],
  ['key arguments', { typePolicies: { Trip: { fields: { guests: { keyArgs: ['first'] } } } } }],
  ['arguments', {}, 'query Book($id: ID!) { book(id: $id) { trip { id label(language: "pt") } } }'],
  ['a directive', {}, 'query Book($id: ID!) { book(id: $id) { trip { id label @include(if: true) } } }'],
  ['a value that is an object', {}, 'query Book($id: ID!) { book(id: $id) { trip { id address } } }'],
])('%s is left to Apollo', (_name, config, document) => {
  const { merged } = document === undefined ? bothWays(config) : bothWays(config, parse(document), RESULT)
  expect(merged).toBeUndefined()
})
