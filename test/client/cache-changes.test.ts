/** Apollo keeps the name that this listens on private: a failure of the first test says that it changed. */
import { gql, InMemoryCache } from '@apollo/client'
import { expect, test } from 'vitest'
import { CacheChanges } from '../../client/storage/cache-changes.ts'

const ITEMS = gql`{ items { id name } }`
const item = (id: number, name = `item ${id}`) => ({ __typename: 'Item', id, name })
const write = (cache: InMemoryCache, ...items: object[]): void => {
  cache.writeQuery({ query: ITEMS, data: { items } })
}
const changedIds = (changes: CacheChanges): string[] => [...changes.take().changed.keys()].sort()

test('this Apollo Client tells its root store what changes', () => {
  expect(new CacheChanges(new InMemoryCache()).isExact).toBe(true)
})

test.each([
  ['told by the store', true],
  ['by comparing', false],
])('finds what was written, changed and evicted, and nothing that is merely optimistic: %s', (_name, hook) => {
  const cache = new InMemoryCache()
  const changes = new CacheChanges(cache, hook)
  write(cache, item(1), item(2))
  expect(changes.take()).toMatchObject({ isAll: true })
  write(cache, item(1), item(2, 'new'))
  const { changed, isAll } = changes.take()
  expect(isAll).toBe(false)
  expect(changed.get('Item:2')).toEqual(item(2, 'new'))
  expect([...changed.keys()]).toEqual(['Item:2'])
  cache.recordOptimisticTransaction(each => {
    each.writeQuery({ query: ITEMS, data: { items: [item(3)] } })
  }, 'layer')
  cache.removeOptimistic('layer')
  expect(changedIds(changes)).toEqual([])
  cache.evict({ id: 'Item:1' })
  expect(changes.take().changed).toEqual(new Map([['Item:1', undefined]]))
  changes.putBack(['Item:2'], false)
  expect(changedIds(changes)).toEqual(['Item:2'])
})

test.each([
  ['told by the store', true],
  ['by comparing', false],
])('after a restore or a reset everything is new: %s', (_name, hook) => {
  const cache = new InMemoryCache()
  const changes = new CacheChanges(cache, hook)
  write(cache, item(1))
  const kept = cache.extract()
  changes.take()
  cache.restore(kept)
  if (hook) expect(changes.take()).toMatchObject({ isAll: true })
  changes.clear()
  write(cache, item(2))
  expect(changedIds(changes)).toContain('Item:2')
})

test('what the application retains is told apart', () => {
  const cache = new InMemoryCache()
  const changes = new CacheChanges(cache)
  write(cache, item(1))
  changes.take()
  cache.retain('Item:1')
  expect(changes.take().changed).toEqual(new Map([['__META', { extraRootIds: ['Item:1'] }]]))
  expect(changedIds(changes)).toEqual([])
})

test('without result caching it compares', () => {
  expect(new CacheChanges(new InMemoryCache({ resultCaching: false })).isExact).toBe(false)
})
