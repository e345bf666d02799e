/** Several tabs of one user: every tab queues, one leads, all show the same. */
import { describe, expect, test, vi } from 'vitest'
import { agree, entryIds, type OpenTab, openBrowser, rename, view } from '../support/tabs-app.ts'
import { createNote, emptied, NOTES, shown, shownIds, UPDATE } from './notes-app.ts'

describe('every tab', () => {
  test('queues, and all show the same entries, records, history and order', async () => {
    const { gateway, tabs, a, b, c } = await openBrowser(3)
    for (const { client } of tabs) expect(client.outbox.paused).toBe(false)
    b.client.outbox.pause()
    await agree(tabs, ({ client }) => expect(client.outbox.paused).toBe(true))
    for (const [index, { client }] of [c, a, b, b, a, c].entries()) await createNote(client, `n${index}`)
    const ids = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5']
    await agree(tabs, tab => expect(entryIds(tab)).toEqual(ids))
    await agree(tabs, ({ cache }) => expect(shownIds(cache)).toEqual(ids))
    c.client.outbox.resume()
    await Promise.all(tabs.map(({ client }) => emptied(client)))
    expect([...gateway.notes.keys()]).toEqual(ids)
    expect(gateway.applied).toHaveLength(6)
    await agree(tabs, ({ client }) => expect(client.outbox.history).toHaveLength(6))
  })

  test('has the gateway’s own answer from `mutate`, and its queries fetched again', async () => {
    const { gateway, b } = await openBrowser(2)
    await b.client.query({ query: NOTES, variables: {} })
    const asked = (): number => gateway.requests.filter(({ operation }) => operation === 'Notes').length
    const before = asked()
    gateway.onTask = (_field, args) => {
      ;(args['input'] as { title: string }).title = 'as the gateway has it'
      return undefined
    }
    const { data, extensions } = await createNote(b.client, 'n1')
    expect(data?.createNote?.note).toMatchObject({ title: 'as the gateway has it', version: 1 })
    expect(extensions?.['layover']).toMatchObject({ status: 'confirmed' })
    gateway.onTask = () => undefined
    const watch = b.client
      .watchQuery({ query: NOTES, variables: {}, fetchPolicy: 'network-only' })
      .subscribe(() => undefined)
    await b.client.mutate({
      mutation: UPDATE,
      variables: { id: 'n1', baseVersion: 1, patch: { title: 'again' } },
      refetchQueries: [NOTES],
    })
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(before + 1))
    watch.unsubscribe()
  })

  test('changes the mode, the scopes and pauses for all, also for those that open later', async () => {
    const { browser, tabs, b, c } = await openBrowser(3)
    b.client.connection.setMode('offline')
    await agree(tabs, ({ client }) => expect(client.connection.mode).toBe('offline'))
    c.client.outbox.pause()
    await c.client.sync.setScopes([{ type: 'Note', where: { done: true } }])
    const late = await browser.open()
    await agree([...tabs, late], ({ client }) =>
      expect([client.outbox.paused, client.connection.mode]).toEqual([true, 'offline']),
    )
    const scopes = ({ client }: OpenTab): unknown => (client.sync as unknown as { scopes: unknown }).scopes
    for (const tab of [...tabs, late]) expect(scopes(tab)).toEqual([{ type: 'Note', where: { done: true } }])
  })

  test('holds to the limits that all of them fill', async () => {
    const { tabs, a, b } = await openBrowser(2, { limits: { tasks: 3 } })
    a.client.connection.setMode('offline')
    await createNote(a.client, 'n1')
    await createNote(b.client, 'n2')
    await createNote(a.client, 'n3')
    await agree(tabs, ({ client }) => expect(client.outbox.entries).toHaveLength(3))
    for (const { client } of tabs) await expect(createNote(client, 'n4')).rejects.toMatchObject({ code: 'OUTBOX_FULL' })
  })

  test('sees a conflict, and one decision about it counts for all', async () => {
    const { gateway, tabs, b, c } = await openBrowser(3)
    gateway.write({ id: 'n1', title: 'first' })
    await b.client.sync.pull()
    gateway.write({ id: 'n1', title: 'theirs' })
    await rename(b, 'n1', 'mine')
    await agree(tabs, ({ client }) => expect(client.conflicts.list).toHaveLength(1))
    const [{ id } = { id: '' }] = c.client.conflicts.list
    await c.client.conflicts.resolve(id, 'KEEP_MINE')
    await agree(tabs, ({ client }) => expect(client.outbox.entries).toEqual([]))
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'mine' })
    expect(shown(c.cache)).toMatchObject([{ title: 'mine' }])
  })
})

describe('what only one tab may do', () => {
  test('is done by the leader for whoever asks, and its errors come back with their code', async () => {
    const { tabs, a, b } = await openBrowser(3)
    a.client.connection.setMode('offline')
    await createNote(b.client, 'n1')
    await createNote(b.client, 'n2')
    await createNote(b.client, 'n3')
    await agree(tabs, tab => expect(entryIds(tab)).toEqual(['n1', 'n2', 'n3']))
    const [first, second] = b.client.outbox.entries
    await b.client.outbox.cancel(first!.id)
    await b.client.outbox.edit(second!.id, { input: { id: 'n2', title: 'edited' } })
    await agree(tabs, ({ cache }) => expect(shown(cache)).toMatchObject([{ title: 'edited' }, { id: 'n3' }]))
    await expect(b.client.outbox.discard('unknown')).rejects.toMatchObject({ code: 'UNKNOWN_ENTRY' })
    await expect(b.client.sync.pull()).rejects.toMatchObject({ code: 'OFFLINE' })
    await expect(b.client.sync.purge()).rejects.toMatchObject({ code: 'PENDING_TASKS' })
    await expect(b.client.conflicts.resolve('unknown', 'KEEP_MINE')).rejects.toMatchObject({ code: 'UNKNOWN_ENTRY' })
    await expect(b.client.outbox.import('{')).rejects.toMatchObject({ code: 'BAD_EXPORT' })
  })

  test('asked for while nobody leads it is done by the next one, once', async () => {
    const { gateway, browser, a, b, c } = await openBrowser(3)
    a.client.connection.setMode('offline')
    await createNote(b.client, 'n1')
    await createNote(c.client, 'n2')
    await agree([a, b, c], tab => expect(entryIds(tab)).toEqual(['n1', 'n2']))
    const exported = await a.client.outbox.export()
    await b.client.outbox.discard(b.client.outbox.entries[0]!.id)
    a.tab.hang()
    const imported = b.client.outbox.import(
      exported.replaceAll('n1', 'n9').replace(b.client.outbox.history[0]!.id, crypto.randomUUID()),
    )
    const next = await browser.led(a)
    await imported
    a.tab.die()
    await agree([b, c], tab => expect(entryIds(tab)).toEqual(['n2', 'n9']))
    next.client.connection.setMode('auto')
    await Promise.all([b, c].map(({ client }) => emptied(client)))
    expect(gateway.applied).toHaveLength(2)
  })
})

describe('the leader', () => {
  test('closes: the next one leads, nothing is lost and nothing sent twice', async () => {
    const { gateway, browser, a, b, c } = await openBrowser(3)
    let open: () => void = () => undefined
    gateway.onRequest = request =>
      request.tasks.length > 0 ? new Promise<void>(resolve => (open = resolve)) : undefined
    const queued = [createNote(a.client, 'n1'), createNote(b.client, 'n2'), createNote(c.client, 'n3')]
    await vi.waitFor(() => expect(gateway.documents.length).toBeGreaterThan(0))
    gateway.onRequest = () => undefined
    await a.client.close()
    open()
    await browser.led(a)
    await Promise.all([b, c].map(({ client }) => emptied(client)))
    await Promise.all(queued.slice(1))
    await agree([b, c], ({ cache }) => expect(shownIds(cache)?.sort()).toEqual(['n1', 'n2', 'n3']))
    expect(gateway.applied).toHaveLength(3)
  })

  test('dies in the middle of a replay: what the gateway has is asked for, not done again', async () => {
    const { gateway, a, b, c } = await openBrowser(3)
    gateway.onAnswer = request => (request.tasks.length > 0 ? new Promise(() => undefined) : undefined)
    void createNote(b.client, 'n1')
    await vi.waitFor(() => expect(gateway.applied).toHaveLength(1))
    gateway.onAnswer = () => undefined
    void createNote(c.client, 'n2')
    await agree([a, b, c], tab => expect(entryIds(tab)).toEqual(['n1', 'n2']))
    a.tab.die()
    await Promise.all([b, c].map(({ client }) => emptied(client)))
    await agree([b, c], ({ cache }) => expect(shownIds(cache)).toEqual(['n1', 'n2']))
    expect(gateway.applied).toHaveLength(2)
  })

  test('hangs: another takes its place, and what it does when it wakes up counts for nothing', async () => {
    const { gateway, browser, a, b, c } = await openBrowser(3)
    await createNote(a.client, 'n1')
    await agree([a, b, c], ({ client }) => expect(client.outbox.entries).toEqual([]))
    let answer: () => void = () => undefined
    gateway.onAnswer = request =>
      request.tasks.length > 0 ? new Promise<void>(resolve => (answer = resolve)) : undefined
    void rename(a, 'n1', 'by the one that hangs')
    await vi.waitFor(() => expect(gateway.applied).toHaveLength(2))
    a.tab.hang()
    gateway.onAnswer = () => undefined
    void createNote(b.client, 'n2')
    const next = await browser.led(a)
    await Promise.all([b, c].map(({ client }) => emptied(client)))
    await rename(next, 'n1', 'by the next', 2)
    answer() // Its late answer.
    void createNote(a.client, 'n3')
    await vi.waitFor(() => expect(browser.leader).toBe(next))
    a.tab.wake()
    await agree([a, b, c], ({ client, cache }) => {
      expect(client.outbox.entries).toEqual([])
      expect(shown(cache)).toMatchObject([{ title: 'by the next', version: 3 }, { id: 'n2' }, { id: 'n3' }])
    })
    expect(gateway.applied).toHaveLength(5)
    expect(a.errors).toEqual([])
    // Nor does the device hold anything of its own.
    for (const { client } of [a, b, c]) await client.close()
    const again = await browser.open()
    expect(again.client.outbox.entries).toEqual([])
    expect(shown(again.cache)).toMatchObject([{ title: 'by the next', version: 3 }, { id: 'n2' }, { id: 'n3' }])
  })

  test('is found by a tab that opens while it hangs', async () => {
    const { browser, a } = await openBrowser(1)
    a.client.connection.setMode('offline')
    await createNote(a.client, 'n1')
    a.tab.hang()
    const late = await browser.open()
    expect(entryIds(late)).toEqual(['n1'])
    void createNote(late.client, 'n2')
    await vi.waitFor(() => expect(entryIds(late)).toEqual(['n1', 'n2']))
    a.tab.wake()
    await agree([a, late], tab => expect(entryIds(tab)).toEqual(['n1', 'n2']))
  })

  test('waits for a sign-in and dies: the next one tries for itself', async () => {
    const { gateway, browser, a, b } = await openBrowser(2, { reauthenticate: () => new Promise(() => undefined) })
    gateway.fault({ kind: 'refuse', code: 'UNAUTHENTICATED' }, request => request.tasks.length > 0)
    void createNote(b.client, 'n1')
    await agree([a, b], ({ client }) => expect(client.outbox.pausedBy).toBe('sign-in'))
    a.tab.die()
    await browser.led(a)
    await emptied(b.client)
    expect(b.client.outbox.paused).toBe(false)
  })

  test('finds what a tab has stored and died before it could tell', async () => {
    const { gateway, browser, a, b } = await openBrowser(2)
    browser.house.loses = ({ kind }) => kind === 'word'
    void createNote(b.client, 'n1')
    await vi.waitFor(() => expect(entryIds(b)).toEqual(['n1']))
    b.tab.die()
    await vi.waitFor(() => expect([...gateway.notes.keys()]).toEqual(['n1']), { timeout: 10_000 })
    await emptied(a.client)
  })
})

describe('a tab', () => {
  test('that missed messages, even the last one, takes over the leader’s state', async () => {
    const { browser, tabs, a, b, c } = await openBrowser(3)
    browser.house.loses = ({ kind }, tab) => tab === c.tab && (kind === 'news' || kind === 'word')
    await createNote(a.client, 'n1')
    await createNote(b.client, 'n2')
    a.client.outbox.pause()
    void createNote(b.client, 'n3')
    await agree([a, b], tab => expect(entryIds(tab)).toEqual(['n3']))
    expect(c.client.outbox.entries).toEqual([])
    browser.house.loses = () => false
    await agree(tabs, ({ cache }) => expect(shownIds(cache)).toEqual(['n1', 'n2', 'n3']))
  })

  test('that missed many messages asks once', async () => {
    const { browser, a, b } = await openBrowser(2)
    let hellos = 0
    let number = 0
    browser.house.loses = ({ kind }, tab) => {
      if (kind === 'hello') hellos += 1
      if (kind === 'news') number += 1
      return tab === b.tab && (kind === 'welcome' || number === 1)
    }
    a.client.connection.setMode('offline')
    for (let index = 0; index < 20; index += 1) await createNote(a.client, `n${index}`)
    await a.client.outbox.cancel(a.client.outbox.entries[0]!.id)
    await a.client.outbox.cancel(a.client.outbox.entries[0]!.id)
    await a.client.outbox.cancel(a.client.outbox.entries[0]!.id)
    expect(number).toBeGreaterThan(2)
    expect(hellos).toBe(1)
  })

  test('that opens while another leads starts with what that one holds, stored or not', async () => {
    const { gateway, browser, a } = await openBrowser(1)
    await a.client.sync.pull()
    await createNote(a.client, 'n1')
    gateway.write({ id: 'n2', title: 'pulled' })
    await a.client.sync.pull()
    a.client.outbox.pause()
    void createNote(a.client, 'n3')
    const late = await browser.open()
    expect(view(late)).toEqual(view(a))
    expect(shownIds(late.cache)).toEqual(['n1', 'n2', 'n3'])
  })

  test('of another user shares nothing with it', async () => {
    const { browser, a } = await openBrowser(1)
    const bob = await browser.open({ user: 'bob' })
    a.client.connection.setMode('offline')
    await createNote(a.client, 'n1')
    bob.client.outbox.pause()
    expect(bob.client.connection.mode).toBe('auto')
    expect(bob.client.outbox.entries).toEqual([])
    expect(a.client.outbox.paused).toBe(false)
    expect(browser.leader).toBe(a)
  })
})
