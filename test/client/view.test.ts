import { gql, HttpLink } from '@apollo/client'
import { syncedList } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import {
  COUNT_CALLS,
  CREATE,
  createNote,
  DELETE,
  emptied,
  NOTE_BY_ID,
  NOTES,
  notesCache,
  openNotes,
  openOffline,
  shown,
  shownIds,
  startGateway,
  UPDATE,
} from './notes-app.ts'

/** Everything a watcher of the list is given. */
function watchNotes(cache: ReturnType<typeof notesCache>): (string | undefined)[] {
  const seen: (string | undefined)[] = []
  cache.watch({
    query: NOTES,
    variables: {},
    optimistic: true,
    immediate: true,
    callback: diff =>
      seen.push((diff.result as { notes?: { title: string }[] } | null)?.notes?.map(note => note.title).join()),
  })
  return seen
}

describe('the view', () => {
  test('follows another writer below a waiting change', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one', body: 'old' })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    client.outbox.pause()
    await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { title: 'mine' } } })
    gateway.write({ id: 'n1', title: 'theirs', body: 'new' })
    gateway.write({ id: 'n2', title: 'two' })
    await client.sync.pull()
    expect(shown(cache)).toMatchObject([
      { id: 'n1', title: 'mine', body: 'new', version: 2 },
      { id: 'n2', title: 'two' },
    ])
  })

  test('follows a query’s answer below a waiting change', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one', body: 'old' })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    client.outbox.pause()
    await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { title: 'mine' } } })
    gateway.write({ id: 'n1', title: 'theirs', body: 'new' })
    await client.query({ query: NOTE_BY_ID, variables: { id: 'n1' }, fetchPolicy: 'network-only' })
    await vi.waitFor(() => expect(shown(cache)?.[0]).toMatchObject({ title: 'mine', body: 'new' }))
  })

  test('turns tentative into confirmed in one step', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n0', title: 'zero' })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    client.connection.setMode('offline')
    await createNote(client, 'n1')
    await client.mutate({ mutation: UPDATE, variables: { id: 'n0', baseVersion: 1, patch: { title: 'nought' } } })
    const seen = watchNotes(cache)
    client.connection.setMode('auto')
    await emptied(client)
    await client.sync.pull()
    expect(new Set(seen)).toEqual(new Set(['nought,note n1']))
  })

  test('takes a rejected change back', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    gateway.onTask = () => ({ code: 'FORBIDDEN', message: 'no' })
    await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { title: 'mine' } } })
    expect(shown(cache)?.map(note => note.title)).toEqual(['one'])
  })

  test('is one layer, however many changes wait', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    for (let index = 0; index < 20; index += 1) await createNote(client, `n${index}`)
    // Apollo's own: when these names change, the view falls back to a layer per change, which is slow.
    const layers: string[] = []
    type Layer = { id?: string; parent?: Layer }
    for (let layer: Layer | undefined = cache['optimisticData'] as Layer; layer?.parent; layer = layer.parent) {
      layers.push(layer.id ?? '')
    }
    expect(layers).toEqual([expect.stringMatching(/^layover#/), 'EntityStore.Stump'])
    expect(shownIds(cache)).toHaveLength(20)
  })

  test('lives with somebody else’s optimistic layer below and above it', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    const other = (id: string, title: string) =>
      cache.recordOptimisticTransaction(
        own => own.writeFragment({ id: 'Note:n1', fragment: gql`fragment T on Note { body }`, data: { body: title } }),
        id,
      )
    other('below', 'below')
    await createNote(client, 'n1')
    other('above', 'above')
    await createNote(client, 'n2')
    cache.removeOptimistic('below')
    expect(shownIds(cache)).toEqual(['n1', 'n2'])
    cache.removeOptimistic('above')
    expect(shown(cache)).toMatchObject([{ id: 'n1', body: null }, { id: 'n2' }])
    client.connection.setMode('auto')
    await emptied(client)
    expect(shownIds(cache)).toEqual(['n1', 'n2'])
  })

  test('is back after clearStore', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    await createNote(client, 'n1')
    await client.clearStore()
    expect(shownIds(cache)).toEqual(['n1'])
  })

  test('an `update` that throws stops its own task only', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway)
    await createNote(client, 'n1')
    await expect(
      client.mutate({
        mutation: DELETE,
        variables: { id: 'n1', baseVersion: 0 },
        update: () => {
          throw new Error('not called: the registration has its own')
        },
      }),
    ).resolves.toMatchObject({ extensions: { layover: { status: 'queued' } } })
    expect(shownIds(cache)).toEqual([])
  })
})

describe('a synced list', () => {
  test('that was never asked for online works offline and is complete', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one', done: true })
    gateway.write({ id: 'n2', title: 'two', done: false })
    const { client } = await openNotes(gateway)
    await client.sync.pull()
    client.connection.setMode('offline')
    const before = gateway.requests.length
    await createNote(client, 'n3', { done: true })
    const { data } = await client.query({ query: NOTES, variables: { done: true } })
    expect(data?.notes.map(note => note.id)).toEqual(['n1', 'n3'])
    expect(gateway.requests).toHaveLength(before)
  })

  test('is complete when it is empty', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    await client.sync.pull()
    client.connection.setMode('offline')
    expect((await client.query({ query: NOTES, variables: {} })).data).toEqual({ notes: [] })
  })

  test('that sync has not filled yet asks the network', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    const { client } = await openNotes(gateway, { sync: undefined as never })
    expect((await client.query({ query: NOTES, variables: {} })).data?.notes).toHaveLength(1)
  })

  test('a record that is deleted leaves lists without sending a watched query to the network', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    gateway.write({ id: 'n2', title: 'two' })
    const { client } = await openNotes(gateway)
    await client.sync.pull()
    const lists: string[] = []
    const single: unknown[] = []
    client.watchQuery({ query: NOTES, variables: {} }).subscribe(({ data }) => {
      lists.push(data?.notes?.map(note => note?.id).join() ?? '')
    })
    client
      .watchQuery({ query: NOTE_BY_ID, variables: { id: 'n1' } })
      .subscribe(({ data }) => single.push(data?.note === null ? null : data?.note?.id))
    await vi.waitFor(() => expect(lists.at(-1)).toBe('n1,n2'))
    gateway.remove('n1')
    await client.sync.pull()
    await vi.waitFor(() => expect(lists.at(-1)).toBe('n2'))
    expect(single.at(-1)).toBeNull()
    // Deleting it here, tentatively and then for good, is no different.
    client.connection.setMode('offline')
    await client.mutate({ mutation: DELETE, variables: { id: 'n2', baseVersion: 1 } })
    await vi.waitFor(() => expect(lists.at(-1)).toBe(''))
    client.connection.setMode('auto')
    await emptied(client)
    await client.sync.pull()
    expect(lists.at(-1)).toBe('')
    expect(gateway.requests.filter(({ operation }) => operation === 'Notes' || operation === 'NoteById')).toEqual([])
  })

  test('sorts, pages and speaks as a connection', async () => {
    const gateway = await startGateway()
    for (const title of ['c', 'a', 'b']) gateway.write({ id: `n-${title}`, title })
    const cache = notesCache()
    cache.policies.addTypePolicies({
      Query: {
        fields: {
          noteList: syncedList('Note', {
            connection: true,
            sort: (a: { title: string }, b: { title: string }) => a.title.localeCompare(b.title),
          }),
        },
      },
    })
    const { client } = await openNotes(gateway, { cache })
    await client.sync.pull()
    const query = gql`query List($after: String) { noteList(first: 2, after: $after) { nodes { id } endCursor hasMore } }`
    const first = await client.query<{ noteList: { endCursor: string } }>({ query, variables: {} })
    expect(first.data?.noteList).toMatchObject({
      nodes: [{ id: 'n-a' }, { id: 'n-b' }],
      endCursor: 'n-b',
      hasMore: true,
    })
    const second = await client.query({ query, variables: { after: first.data?.noteList.endCursor } })
    expect(second.data).toMatchObject({ noteList: { nodes: [{ id: 'n-c' }], endCursor: null, hasMore: false } })
  })

  test('keeps its records from garbage collection', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    expect(cache.gc()).toEqual([])
    expect(shownIds(cache)).toEqual(['n1'])
  })
})

describe('client.mutate', () => {
  test('without registration behaves as before', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    const result = await client.mutate({ mutation: COUNT_CALLS })
    expect(result).toEqual({ data: { countCalls: 1 } })
    expect(client.outbox.entries).toEqual([])
    await gateway.stop()
    await expect(client.mutate({ mutation: COUNT_CALLS })).rejects.toThrow()
    expect(client.outbox.entries).toEqual([])
  })

  test('keeps the meaning of errorPolicy for a task', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    const wrong = (id: string) => ({
      mutation: CREATE,
      variables: { input: { id, title: 't', count: 'many' as never } },
    })
    await expect(client.mutate(wrong('n1'))).rejects.toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
    const all = await client.mutate({ ...wrong('n2'), errorPolicy: 'all' })
    expect(all).toMatchObject({ data: { createNote: null }, error: { name: 'CombinedGraphQLErrors' } })
    const ignored = await client.mutate({ ...wrong('n3'), errorPolicy: 'ignore' })
    expect(ignored).toMatchObject({ data: { createNote: null }, extensions: { layover: { status: 'parked' } } })
  })

  test('runs refetchQueries once the gateway has confirmed, and not before', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway, { sync: undefined as never, cache: notesCache() })
    const query = client.watchQuery({
      query: gql`query Plain { countCallsOfNotes: notes { id } }`,
      fetchPolicy: 'cache-and-network',
    })
    query.subscribe({ next: () => undefined })
    await vi.waitFor(() => expect(gateway.requests.filter(({ operation }) => operation === 'Plain')).toHaveLength(1))
    client.outbox.pause()
    await client.mutate({
      mutation: CREATE,
      variables: { input: { id: 'n1', title: 't' } },
      refetchQueries: ['Plain'],
      awaitRefetchQueries: true,
    })
    expect(gateway.requests.filter(({ operation }) => operation === 'Plain')).toHaveLength(1)
    client.outbox.resume()
    await vi.waitFor(() => expect(gateway.requests.filter(({ operation }) => operation === 'Plain')).toHaveLength(2))
  })

  test('uses optimisticResponse and update where the registration has none', async () => {
    const gateway = await startGateway()
    const { task } = await import('layover/client')
    const { client, cache } = await openOffline(gateway, { tasks: [task(CREATE)] })
    const updates: unknown[] = []
    const result = await client.mutate({
      mutation: CREATE,
      variables: { input: { id: 'n1', title: 't' } },
      optimisticResponse: {
        createNote: { __typename: 'NotePayload', note: { __typename: 'Note', id: 'n1', title: 'foreseen' } },
      } as never,
      update: (_cache, { data }) => updates.push(data?.createNote?.note?.title),
    })
    expect(result.data?.createNote?.note?.title).toBe('foreseen')
    expect(shown(cache)?.[0]?.title).toBe('foreseen')
    expect(updates).toContain('foreseen')
  })

  test('in offline mode lets no query out', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway, {
      sync: undefined as never,
      link: new HttpLink({ uri: gateway.url }),
    })
    await expect(client.query({ query: NOTES, variables: {} })).rejects.toMatchObject({ code: 'OFFLINE' })
    expect(gateway.requests).toEqual([])
  })
})
