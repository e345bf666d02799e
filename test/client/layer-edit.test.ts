import { InMemoryCache } from '@apollo/client'
import { parse } from 'graphql'
import { syncedList } from 'layover/client'
import { describe, expect, test } from 'vitest'
import { BaseWrites } from '../../client/base-writes.ts'
import type { TentativeChange } from '../../client/fitted-changes.ts'
import { OptimisticLayer } from '../../client/optimistic.ts'
import type { IndexChanges } from '../../client/record-index.ts'
import { seededRandom } from '../../client/testing/seeded-random.ts'

const NOTES = parse('{ notes { id version title rank friend { id title } } }')
const BY_RANK = parse('{ ranked { id title rank } }')
const DOCUMENT = parse('query Save { save { task { id status } note { id version title rank friend { id title } } } }')

/** A view like any other, and beside it one that is always made anew, because somebody's layer lies below it. */
function makeView(isMadeAnew: boolean) {
  const cache = new InMemoryCache({
    typePolicies: {
      Query: {
        fields: {
          notes: syncedList('Note'),
          ranked: syncedList('Note', { sort: (a, b) => a['rank'] - b['rank'] }),
        },
      },
    },
  })
  if (isMadeAnew) cache.recordOptimisticTransaction(() => undefined, 'of somebody else')
  const failures: unknown[] = []
  const layer = new OptimisticLayer(cache, new BaseWrites(cache), true, error => failures.push(error))
  const shown: unknown[] = []
  cache.watch({ query: NOTES, optimistic: true, returnPartialData: true, callback: ({ result }) => shown.push(result) })
  return { cache, layer, shown, failures }
}

type View = ReturnType<typeof makeView>

function whatIsSeen({ cache, shown, failures }: View) {
  const records = Object.entries(cache.extract(true) as Record<string, object | undefined>)
  return {
    // What is not there and what was deleted is the same to whoever reads.
    records: Object.fromEntries(
      records
        .filter(([id, record]) => record && !/^(Layover|__META|ROOT_)/.test(id))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    notes: cache.readQuery({ query: NOTES, returnPartialData: true }, true),
    ranked: cache.readQuery({ query: BY_RANK, returnPartialData: true }, true),
    watched: shown.at(-1),
    failures,
  }
}

describe('a layer that is changed where it differs', () => {
  test.each([1, 2, 3, 4, 5])('comes to what it would be if it were made anew, at every step (seed %i)', seed => {
    const random = seededRandom(seed)
    const below = (count: number): number => Math.floor(random.fraction() * count)
    const views = [makeView(false), makeView(true)]
    let sequence = 0
    let waiting: TentativeChange[] = []
    const noteId = (): string => `n${below(12)}`

    const newChange = (): TentativeChange => {
      sequence += 1
      const isWhole = random.fraction() < 0.5
      return {
        id: `t${sequence}`,
        sequence,
        name: 'Save',
        field: 'save',
        queuedAt: '2026-01-01T00:00:00.000Z',
        document: new InMemoryCache().transformDocument(DOCUMENT),
        variables: {},
        result: {
          save: {
            __typename: 'SavePayload',
            task: { __typename: 'Task', id: `t${sequence}` },
            note: {
              __typename: 'Note',
              id: noteId(),
              ...(isWhole ? { title: `of ${sequence}`, rank: below(5) } : { rank: below(5) }),
              ...(random.fraction() < 0.3
                ? { friend: { __typename: 'Note', id: `m${below(4)}`, title: `friend of ${sequence}` } }
                : {}),
            },
          },
        },
        update:
          random.fraction() < 0.02
            ? cache => void cache.modify({ id: 'Note:n0', fields: { title: () => 'updated' } })
            : undefined,
      }
    }

    const newWrite = () => {
      const written = Array.from({ length: 1 + below(3) }, () => ({
        id: noteId(),
        title: `base ${below(100)}`,
        rank: below(5),
      }))
      const evicted = random.fraction() < 0.2 ? noteId() : undefined
      return (cache: InMemoryCache, index: IndexChanges): void => {
        for (const note of written) {
          cache.write({
            dataId: `Note:${note.id}`,
            query: parse('{ id version title rank friend { id title } }'),
            result: { __typename: 'Note', version: 1, friend: null, ...note },
          })
          index.add('Note', `Note:${note.id}`, 1)
        }
        if (evicted) cache.evict({ id: `Note:${evicted}` })
      }
    }

    for (let step = 0; step < 150; step += 1) {
      const leaving = waiting.filter(() => random.fraction() < 0.15).map(({ id }) => id)
      const kind = below(4)
      const change = newChange()
      const write = newWrite()
      const stays = waiting.filter(({ id }) => !leaving.includes(id))
      for (const { layer } of views) {
        if (kind <= 1) layer.add(change)
        else layer.change({ remove: leaving, add: kind === 2 ? [change] : [], ...(step % 3 === 0 ? {} : { write }) })
      }
      waiting = kind <= 1 ? [...waiting, change] : kind === 2 ? [...stays, change] : stays
      const [edited, madeAnew] = views.map(whatIsSeen)
      expect(edited, `step ${step}`).toEqual(madeAnew)
    }
  })
})
