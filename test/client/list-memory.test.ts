import { type FieldPolicy, gql, type InMemoryCache, type Reference } from '@apollo/client'
import { syncedList } from 'layover/client'
import { describe, expect, test } from 'vitest'
import { RecordsDevice, type TestNote } from '../support/records.ts'
import { seeded } from '../support/seeded.ts'

const byRank = (a: TestNote, b: TestNote): number => (a.rank ?? 0) - (b.rank ?? 0)
const LISTS = {
  all: {},
  sorted: { sort: (a: TestNote, b: TestNote) => String(b.title).localeCompare(String(a.title)) },
  open: { where: (note: TestNote) => !note.done },
  mine: {
    where: (note: TestNote, { name }: { name: string }) => note.owner?.name === name,
    sort: byRank,
  },
}
type ListName = keyof typeof LISTS
const READS: readonly [ListName, Record<string, unknown>][] = [
  ['all', {}],
  ['sorted', {}],
  ['open', {}],
  ['mine', { name: 'ann' }],
  ['mine', { name: 'bob' }],
]
const queryOf = (list: ListName) => gql(`query Read($name: String) { ${list}(name: $name) { id rank title } }`)
const QUERIES = { all: queryOf('all'), sorted: queryOf('sorted'), open: queryOf('open'), mine: queryOf('mine') }

const policies = (): Record<string, FieldPolicy> =>
  Object.fromEntries(Object.entries(LISTS).map(([name, options]) => [name, syncedList('Note', options as object)]))

type Extract = Record<string, Record<string, unknown> | undefined>

/** Filtered and sorted anew, from what the cache holds. */
function naive(cache: InMemoryCache, optimistic: boolean, list: ListName, args: Record<string, unknown>): string[] {
  const store = cache.extract(optimistic) as Extract
  const inIndex: string[] = []
  const { pages, gone } = (store['LayoverIndex:Note']?.['index'] ?? { pages: 0, gone: [] }) as {
    pages: number
    gone: string[]
  }
  for (let page = 0; page < pages; page += 1) {
    const found = store[`LayoverIndex:Note:${page}`]?.['index'] as { refs: Reference[] } | undefined
    inIndex.push(...(found?.refs ?? []).map(ref => ref.__ref))
  }
  const present = Object.keys(store).filter(id => id.startsWith('Note:') && store[id]?.['__typename'] !== undefined)
  expect(inIndex.filter(id => !present.includes(id))).toEqual([])
  // A late answer writes a record that a pull has deleted; it is in no list.
  expect(present.filter(id => !inIndex.includes(id) && !gone.includes(id))).toEqual([])
  const { where, sort } = LISTS[list] as { where?: (note: TestNote, args: unknown) => boolean; sort?: typeof byRank }
  // An eviction by hand under somebody else's layer may leave a reference to nothing.
  const notes = inIndex
    .filter(id => present.includes(id))
    .map(id => {
      const { owner, ...note } = store[id] as Record<string, unknown>
      return { ...note, owner: owner ? store[(owner as Reference).__ref] : null } as TestNote
    })
  const chosen = where ? notes.filter(note => where(note, args)) : notes
  return (sort ? [...chosen].sort(sort) : chosen).map(note => note.id)
}

function ids(cache: InMemoryCache, optimistic: boolean, list: ListName, variables: object): string[] | undefined {
  const data = cache.readQuery<Record<string, TestNote[]>>({ query: QUERIES[list], variables }, optimistic)
  return data?.[list]?.map(note => note.id)
}

describe('a synced list', () => {
  test.each([
    [1, 'remembering'],
    [2, 'remembering'],
    [3, 'remembering'],
    [4, 'where Apollo cannot be watched'],
  ])('equals what filtering and sorting everything gives, at every step (seed %i, %s)', async (seed, how) => {
    const random = seeded(seed)
    const pick = (below: number): number => Math.floor(random() * below)
    const device = new RecordsDevice(policies())
    const { cache } = device
    if (how !== 'remembering') {
      Object.assign(cache.policies, { cache: Object.create(cache, { optimisticData: { value: undefined } }) })
    }
    const layers: string[] = []
    /** Somebody else's layers, as Apollo lays one for a mutation that is no task. */
    const foreign = (): (() => unknown)[] => [
      () => {
        const [id, rank, done, owner] = [`n${pick(40)}`, pick(6), pick(2) === 0, person()]
        layers.push(`foreign ${layers.length} ${pick(1e6)}`)
        cache.recordOptimisticTransaction(layered => {
          layered.modify({ id: `Note:${id}`, fields: { rank: () => rank, done: () => done } })
          layered.modify({ id: `Person:${owner.id}`, fields: { name: () => owner.name } })
        }, layers.at(-1)!)
      },
      () => cache.removeOptimistic(layers.splice(pick(layers.length), 1)[0] ?? 'none'),
      () => cache.removeOptimistic(layers.splice(pick(layers.length), 1)[0] ?? 'none'),
    ]
    const seen: (string[] | undefined)[] = []
    cache.watch({
      query: QUERIES.mine,
      variables: { name: 'ann' },
      optimistic: true,
      callback: ({ result }) => seen.push((result as { mine?: TestNote[] } | null)?.mine?.map(note => note.id)),
    })
    const person = () => ({ __typename: 'Person' as const, id: `p${pick(3)}`, name: pick(2) ? 'ann' : 'bob' })
    const note = (id = `n${pick(40)}`): TestNote => ({
      id,
      title: `t${pick(5)}`,
      rank: pick(6),
      done: pick(2) === 0,
      owner: pick(4) === 0 ? null : person(),
    })
    await device.pull(Array.from({ length: 20 }, () => note()))
    const steps: (() => unknown)[] = [
      () => device.pull([note(), note()]),
      () => device.pull([note()], [`n${pick(40)}`]),
      () => device.pull([], [`n${pick(40)}`, `n${pick(40)}`]),
      () => device.save(note()),
      () => device.save({ id: `n${pick(40)}`, rank: pick(6) }),
      () => device.save(note(`new${pick(1000)}`)),
      () => device.drop(`n${pick(40)}`),
      () => device.settle(true),
      () => device.settle(false),
      () => cache.modify({ id: `Note:n${pick(40)}`, fields: { rank: () => pick(6) } }),
      () => cache.modify({ id: `Person:p${pick(3)}`, fields: { name: () => (pick(2) ? 'ann' : 'bob') } }),
      () => cache.evict({ id: `Note:n${pick(40)}` }),
      () => cache.gc(pick(2) ? { resetResultCache: true } : {}),
      () =>
        cache.batch({
          update: () => {
            cache.modify({ id: `Note:n${pick(40)}`, fields: { done: () => true } })
            cache.modify({ id: `Note:n${pick(40)}`, fields: { title: () => `t${pick(5)}` } })
          },
        }),
      () =>
        device.pull(
          Array.from({ length: 15 }, () => note()),
          [],
          true,
        ),
      () => (pick(8) === 0 ? cache.reset() : undefined),
      () => (pick(8) === 0 ? cache.restore(cache.extract()) : undefined),
      ...foreign(),
    ]
    for (let step = 0; step < 100; step += 1) {
      await steps[pick(steps.length)]?.()
      if (pick(3) === 0) continue // Not every change is looked at.
      await Promise.resolve() // The view follows what the application itself wrote.
      await Promise.resolve()
      for (const [list, args] of READS) {
        for (const optimistic of [true, false]) {
          const found = ids(cache, optimistic, list, args)
          if (found) expect(found).toEqual(naive(cache, optimistic, list, args))
        }
      }
      await Promise.resolve()
      const found = ids(cache, true, 'mine', { name: 'ann' })
      if (found && seen.length > 0) expect(seen.at(-1)).toEqual(found)
    }
    expect(device.errors).toEqual([])
  })

  test('asks `where` of a record that changed once, and of no other', async () => {
    const judged: string[] = []
    const device = new RecordsDevice({
      open: syncedList('Note', {
        where: (note: TestNote) => {
          judged.push(note.id)
          return !note.done
        },
        sort: byRank,
      }),
    })
    const note = (index: number): TestNote => ({ id: `n${index}`, title: 't', rank: index, done: false, owner: null })
    await device.pull(Array.from({ length: 300 }, (_, index) => note(index)))
    const query = gql`query Open($first: Int) { open(first: $first) { id rank } }`
    const seen: string[] = []
    device.cache.watch({
      query,
      variables: { first: 2 },
      optimistic: true,
      immediate: true,
      callback: ({ result }) => seen.push((result as { open: TestNote[] }).open.map(({ id }) => id).join()),
    })
    judged.length = 0
    await device.pull([{ ...note(7), rank: -1 }])
    expect(judged).toEqual(['n7'])
    device.save({ id: 'n9', rank: -2 })
    expect(judged).toEqual(['n7', 'n9'])
    device.save({ id: 'n9', rank: 0.5 })
    expect(judged).toEqual(['n7', 'n9', 'n9'])
    device.save({ id: 'n1', title: 'another' })
    expect(judged).toEqual(['n7', 'n9', 'n9', 'n1'])
    await device.pull([], ['n7'])
    expect(judged.slice(4).filter(id => id !== 'n9' && id !== 'n1')).toEqual([])
    expect(seen).toEqual(['n0,n1', 'n7,n0', 'n9,n7', 'n7,n0', 'n0,n9'])
  })

  test('a record that joins or leaves writes one page of the index', async () => {
    const device = new RecordsDevice(policies())
    const note = (index: number): TestNote => ({ id: `n${index}`, title: 't', rank: index, done: false, owner: null })
    await device.pull(Array.from({ length: 1000 }, (_, index) => note(index)))
    const pages = (): Extract => device.cache.extract() as Extract
    const changed = (before: Extract): string[] =>
      Object.keys(pages()).filter(id => id.startsWith('LayoverIndex') && pages()[id] !== before[id])
    let before = pages()
    await device.pull([note(5)])
    expect(changed(before)).toEqual([])
    await device.pull([note(1000)])
    expect(changed(before)).toEqual(['LayoverIndex:Note:3'])
    before = pages()
    await device.pull([], ['n300'])
    expect(changed(before).sort()).toEqual(['LayoverIndex:Note', 'LayoverIndex:Note:1'])
    for (let index = 0; index < 1000; index += 50) {
      await device.pull(
        [],
        Array.from({ length: 50 }, (_, offset) => `n${index + offset}`),
      )
    }
    expect(Object.keys(pages()).filter(id => id.startsWith('LayoverIndex:Note:')).length).toBeLessThan(10)
    expect(ids(device.cache, true, 'all', {})).toEqual(['n1000'])
  })

  test('watches Apollo by names that are still there', async () => {
    // When this fails every list is still right, but looks at all records whenever one changes: see client/type-memory.ts.
    const { cache } = new RecordsDevice({})
    const base = cache['data'] as unknown as { group: { dirty: unknown; parent: unknown }; canRead: unknown }
    const view = cache['optimisticData'] as unknown as typeof base & { parent: unknown }
    expect(typeof base.group.dirty).toBe('function')
    expect(typeof base.canRead).toBe('function')
    expect(view.group.parent).toBe(base.group)
    expect(view.parent).toBe(base)
  })
})
