import { ApolloLink, HttpLink, type InMemoryCache, Observable } from '@apollo/client'
import { OperationTypeNode, parse } from 'graphql'
import { memoryStorage } from 'layover/client'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { notesWorld } from '../simulation/notes-world.ts'
import {
  CHANGES,
  createNote,
  emptied,
  fixedRandom,
  ManualClock,
  NOTES,
  newName,
  openNotes,
  openOffline,
  shown,
  shownIds,
  startGateway,
} from './notes-app.ts'

const pulls = (gateway: { requests: { operation: string }[] }): number =>
  gateway.requests.filter(({ operation }) => operation === 'Changes').length

describe('a pull', () => {
  test('pushes first, and reports what it brought', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    gateway.write({ id: 'n2', title: 'two' })
    gateway.remove('n2')
    const { client, cache } = await openOffline(gateway)
    await createNote(client, 'n3')
    client.connection.setMode('auto')
    const result = await client.sync.pull()
    expect(client.outbox.entries).toEqual([])
    expect(result).toMatchObject({ reset: false })
    expect(shownIds(cache)).toEqual(expect.arrayContaining(['n1', 'n3']))
    expect(client.sync.lastSyncedAt).toBeInstanceOf(Date)
    expect(await client.sync.pull()).toEqual({ changed: 0, removed: 0, pages: 1, reset: false })
  })

  test('a pull of many pages equals a pull of one', async () => {
    const gateway = await startGateway()
    for (let index = 0; index < 25; index += 1) gateway.write({ id: `n${index}`, title: `${index}` })
    for (let index = 0; index < 5; index += 1) gateway.remove(`n${index}`)
    const many = await openNotes(gateway, { sync: { document: CHANGES, pageSize: 4 } })
    const one = await openNotes(gateway)
    await many.client.sync.pull()
    await one.client.sync.pull()
    expect(pulls(gateway)).toBeGreaterThan(7)
    expect(shown(many.cache)).toEqual(shown(one.cache))
    expect(shownIds(many.cache)).toHaveLength(20)
  })

  test('goes on where it was after a restart, and the cursor is never ahead of the records', async () => {
    const gateway = await startGateway()
    for (let index = 0; index < 10; index += 1) gateway.write({ id: `n${index}`, title: `${index}` })
    const name = newName()
    const first = await openNotes(gateway, { name })
    await first.client.sync.pull()
    await first.client.close()
    gateway.write({ id: 'n3', title: 'changed' })
    const second = await openNotes(gateway, { name })
    expect(shownIds(second.cache)).toHaveLength(10)
    await second.client.sync.pull()
    expect(shown(second.cache)?.find(note => note.id === 'n3')?.title).toBe('changed')
    const sinces = gateway.requests
      .filter(({ operation }) => operation === 'Changes')
      .map(({ body }) => body.variables['since'])
    expect(sinces.filter(since => since === null)).toHaveLength(1)
  })

  test('a device that lost what it had not stored yet is given it again', async () => {
    const gateway = await startGateway()
    const clock = new ManualClock() // Never advanced: the cache is not written.
    const storage = memoryStorage()
    const name = newName()
    gateway.write({ id: 'n1', title: 'one' })
    const first = await openNotes(gateway, { name, storage, clock, random: fixedRandom })
    await vi.waitFor(() => expect(shownIds(first.cache)).toEqual(['n1']))
    const second = await openNotes(gateway, { name, storage })
    await second.client.sync.pull()
    expect(shownIds(second.cache)).toEqual(['n1'])
  })

  test('starts anew when the cursor is too old, and drops what no longer comes', async () => {
    const gateway = await startGateway()
    for (const id of ['n1', 'n2', 'n3']) gateway.write({ id, title: id })
    const { client, cache } = await openNotes(gateway, { sync: { document: CHANGES, pageSize: 1 } })
    await client.sync.pull()
    gateway.notes.delete('n2')
    gateway.forget('Note', 'n2')
    gateway.expireCursors()
    const seen: string[] = []
    cache.watch({
      query: NOTES,
      variables: {},
      optimistic: true,
      callback: diff => seen.push(String((diff.result as { notes?: unknown[] } | null)?.notes?.length)),
    })
    const result = await client.sync.pull()
    expect(result).toMatchObject({ reset: true, removed: 1, pages: 2 })
    expect(shownIds(cache)).toEqual(['n1', 'n3'])
    expect(seen).not.toContain('0')
  })

  test('with other scopes starts anew', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one', done: true })
    const { client, cache } = await openNotes(gateway, { sync: { document: CHANGES, scopes: [{ type: 'Note' }] } })
    await client.sync.pull()
    await client.sync.setScopes([{ type: 'Note', where: { done: true } }])
    const last = gateway.requests.filter(({ operation }) => operation === 'Changes').at(-1)
    expect(last?.body.variables).toMatchObject({ since: null, scopes: [{ type: 'Note', where: { done: true } }] })
    expect(shownIds(cache)).toEqual(['n1'])
  })

  test('that begins takes off what only an answer told of and was deleted since, and keeps what was answered meanwhile', async () => {
    const { clock, gateway, network, device } = notesWorld()
    const client = await device().open()
    await clock.until(client.sync.pull())
    const cache = client.cache as InMemoryCache
    await clock.until(client.sync.purge())
    await clock.until(createNote(client, 'n1'))
    gateway.remove('Note', 'n1')
    network.fault(
      { kind: 'delay', ms: 1000, leg: 'answer' },
      { when: ({ operationName }) => operationName === 'Changes' },
    )
    const pulled = client.sync.pull()
    await clock.settle()
    await clock.until(createNote(client, 'n2'))
    await clock.until(pulled)
    expect(shownIds(cache)).toEqual(['n2'])
  })

  test('does not take a record back behind an answer that is newer', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    const { UPDATE } = await import('./notes-app.ts')
    await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 1, patch: { title: 'two' } } })
    gateway.notes.set('n1', { ...gateway.notes.get('n1')!, version: 1, title: 'read before the answer' })
    await client.sync.pull()
    expect(shown(cache)?.[0]).toMatchObject({ version: 2, title: 'two' })
  })

  test('is refused with a reason when the document lacks what it needs', async () => {
    const gateway = await startGateway()
    const document = parse(
      'query Changes($since: Cursor, $first: Int!) { changes(since: $since, first: $first) { cursor hasMore changed { id } } }',
    )
    const { client } = await openNotes(gateway, { sync: { document } })
    await expect(client.sync.pull()).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('removed'),
    })
  })

  test('in offline mode is refused; without `sync` too', async () => {
    const gateway = await startGateway()
    const offline = await openOffline(gateway)
    await expect(offline.client.sync.pull()).rejects.toMatchObject({ code: 'OFFLINE' })
    await expect(offline.client.sync.push()).rejects.toMatchObject({ code: 'OFFLINE' })
    const plain = await openNotes(gateway, { sync: undefined as never })
    await expect(plain.client.sync.pull()).rejects.toMatchObject({ code: 'REFUSED' })
  })

  test('a task that waits does not hold it up', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    gateway.onTask = () => {
      throw new Error('bug')
    }
    void createNote(client, 'n1')
    await vi.waitFor(() => expect(gateway.documents.length).toBeGreaterThan(0))
    gateway.write({ id: 'n2', title: 'two' })
    await client.sync.pull()
    expect(shownIds(cache)).toContain('n2')
  })
})

describe('by itself the client pulls', () => {
  test('not before the time for which the gateway asked', async () => {
    const gateway = await startGateway()
    const clock = new ManualClock()
    gateway.fault({ kind: 'status', status: 429, headers: { 'retry-after': '300' } })
    await openNotes(gateway, { clock, random: fixedRandom, sync: { document: CHANGES, everyMs: 10_000 } })
    await vi.waitFor(() => expect(clock.waits).toContain(300_000))
    clock.advance(299_000)
    expect(pulls(gateway)).toBe(1)
    clock.advance(1000)
    await vi.waitFor(() => expect(pulls(gateway)).toBe(2))
  })

  test('at the start, every so often, and again soon after a failure', async () => {
    const gateway = await startGateway()
    const clock = new ManualClock()
    const { client } = await openNotes(gateway, {
      clock,
      random: fixedRandom,
      sync: { document: CHANGES, everyMs: 10_000 },
    })
    await vi.waitFor(() => expect(client.sync.lastSyncedAt).not.toBeNull())
    expect(pulls(gateway)).toBe(1)
    gateway.fault({ kind: 'gone-html' })
    clock.advance(10_000)
    await vi.waitFor(() => expect(pulls(gateway)).toBe(2))
    await vi.waitFor(() => expect(Math.min(...clock.waits)).toBeLessThan(1100))
    clock.advance(1000)
    await vi.waitFor(() => expect(pulls(gateway)).toBe(3))
  })

  test('when the gateway pokes, once for many pokes', async () => {
    const gateway = await startGateway()
    let poke: () => void = () => undefined
    const link = ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new ApolloLink(
        () =>
          new Observable(observer => {
            poke = () => observer.next({ data: { changesAvailable: { at: 'now', __typename: 'ChangesAvailable' } } })
          }),
      ),
      new HttpLink({ uri: gateway.url }),
    )
    const notice = parse('subscription { changesAvailable { at } }')
    const { client, cache } = await openNotes(gateway, { link, sync: { document: CHANGES, notice } })
    await vi.waitFor(() => expect(client.sync.lastSyncedAt).not.toBeNull())
    const before = pulls(gateway)
    gateway.write({ id: 'n1', title: 'one' })
    for (let index = 0; index < 5; index += 1) poke()
    await vi.waitFor(() => expect(shownIds(cache)).toEqual(['n1']))
    expect(pulls(gateway)).toBe(before + 1)
  })

  test('when the device says that it has a network again', async () => {
    const gateway = await startGateway()
    let online = false
    const hints = new Set<() => void>()
    const network = {
      isOnline: () => online,
      subscribe: (listener: () => void) => {
        hints.add(listener)
        return () => hints.delete(listener)
      },
    }
    await gateway.stop()
    const { client, cache } = await openNotes(gateway, { network })
    expect(client.connection.state).toBe('offline')
    await createNote(client, 'n1')
    await gateway.start()
    online = true
    for (const hint of hints) hint()
    await vi.waitFor(() => expect(client.connection.state).toBe('online'))
    await emptied(client)
    expect(shownIds(cache)).toEqual(['n1'])
  })

  test('again after the gateway refused, and when a page whose records are old is shown again', async () => {
    const gateway = await startGateway()
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    onTestFinished(() => void vi.unstubAllGlobals())
    vi.stubGlobal('document', page)
    for (const name of ['addEventListener', 'removeEventListener']) vi.stubGlobal(name, () => undefined)
    const clock = new ManualClock()
    const options = { clock, random: fixedRandom, sync: { document: CHANGES, everyMs: 10_000 } }
    gateway.fault({ kind: 'refuse', code: 'BAD_USER_INPUT' })
    const { client, errors } = await openNotes(gateway, options)
    await vi.waitFor(() => expect(errors).toMatchObject([{ code: 'REFUSED' }]))
    clock.advance(1000)
    await vi.waitFor(() => expect(client.sync.lastSyncedAt).not.toBeNull())
    const before = pulls(gateway)
    const show = (): boolean => page.dispatchEvent(new Event('visibilitychange'))
    show()
    await client.sync.pull()
    expect(pulls(gateway)).toBe(before + 1)
    // A hidden page's timers do not run in time.
    const time = vi.spyOn(clock, 'now').mockReturnValue(clock.now() + 20_000)
    show()
    await vi.waitFor(() => expect(pulls(gateway)).toBe(before + 2))
    time.mockRestore()
  })

  test('even while the device wrongly says that it has none', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway, {
      network: { isOnline: () => false, subscribe: () => () => undefined },
    })
    await createNote(client, 'n1')
    await emptied(client)
    expect(client.connection.state).toBe('online')
  })
})

describe('leaving', () => {
  test('purge refuses while tasks wait, and otherwise takes the records off the device', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    const { client, cache } = await openNotes(gateway)
    await client.sync.pull()
    client.connection.setMode('offline')
    await createNote(client, 'n2')
    await expect(client.sync.purge()).rejects.toMatchObject({ code: 'PENDING_TASKS' })
    await client.sync.purge({ force: true })
    expect(shownIds(cache)).toEqual(['n2'])
    expect(client.sync.lastSyncedAt).toBeNull()
    expect(client.outbox.entries).toHaveLength(1)
    client.connection.setMode('auto')
    await client.sync.pull()
    expect(shownIds(cache)?.sort()).toEqual(['n1', 'n2'])
  })

  test('purge of one type leaves the others, and the next pull brings it again', async () => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'one' })
    const { client, cache } = await openNotes(gateway)
    await createNote(client, 'n2')
    await client.sync.pull()
    await client.sync.purge({ type: 'Note' })
    expect(shownIds(cache)).toBeUndefined()
    expect(Object.keys(cache.extract()).filter(id => id.startsWith('Note:'))).toEqual([])
    expect(Object.keys(cache.extract()).filter(id => id.startsWith('Task:'))).not.toEqual([])
    expect(client.sync.freshness('Note').state).toBe('never')
    expect(client.sync.freshness('Task').state).toBe('fresh')
    expect(await client.sync.pull()).toMatchObject({ reset: false })
    expect(shownIds(cache)).toEqual(['n1', 'n2'])
    gateway.write({ id: 'n3', title: 'three' })
    await client.sync.pull()
    expect(shownIds(cache)).toEqual(['n1', 'n2', 'n3'])
  })

  test.each(['keep', 'discard'] as const)('sign-out with %s leaves nothing else behind', async pending => {
    const gateway = await startGateway()
    gateway.write({ id: 'n1', title: 'a secret' })
    const storage = memoryStorage()
    const name = newName()
    const { client, cache } = await openNotes(gateway, { name, storage })
    await client.sync.pull()
    client.connection.setMode('offline')
    await createNote(client, 'n2')
    await client.signOut({ pending })
    const left = await Promise.all((await storage.keys()).map(async key => `${key} ${await storage.getItem(key)}`))
    expect(left.join()).not.toContain('a secret')
    expect(left.some(each => each.includes('/entry/'))).toBe(pending === 'keep')
    if (pending === 'discard') expect(left).toEqual([])
    expect(cache.extract(true)).toEqual({})
    await expect(createNote(client, 'n3')).rejects.toMatchObject({ code: 'CLOSED' })
    const again = await openNotes(gateway, { name, storage })
    expect(again.client.outbox.entries).toHaveLength(pending === 'keep' ? 1 : 0)
  })

  test('sign-out with send pushes first, and refuses while something is left', async () => {
    const gateway = await startGateway()
    const storage = memoryStorage()
    const { client } = await openOffline(gateway, { storage })
    await createNote(client, 'n1')
    await createNote(client, 'n2', { count: 'many' as never })
    await expect(client.signOut({ pending: 'send' })).rejects.toMatchObject({ code: 'OFFLINE' })
    client.connection.setMode('auto')
    await expect(client.signOut({ pending: 'send' })).rejects.toMatchObject({ code: 'PENDING_TASKS' })
    expect([...gateway.notes.keys()]).toEqual(['n1'])
    await client.outbox.discard(client.outbox.entries[0]!.id)
    await client.signOut({ pending: 'send' })
    expect(await storage.keys()).toEqual([])
  })
})
