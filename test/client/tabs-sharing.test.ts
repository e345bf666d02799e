/** What tabs of one user have in common beside the queue: the way out, the key, ids, rules, merged tasks. */
import type { TypedDocumentNode } from '@apollo/client'
import { parse } from 'graphql'
import { task, temporaryId } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import { agree, Browser, entryIds, openBrowser, rename } from '../support/tabs-app.ts'
import { createNote, emptied, noteTasks, shown, startGateway, UPDATE } from './notes-app.ts'

const ADD = parse(`mutation AddNote($task: TaskInput, $input: AddNoteInput!) {
  addNote(task: $task, input: $input) { task { id status } note { id version updatedAt updatedBy title body count done parentId } }
}`) as TypedDocumentNode<{ addNote: { note: object } }, { input: { title: string }; noteId: string }>
const addTask = task(ADD, {
  optimistic: ({ input: { title }, noteId }) => ({ addNote: { note: { __typename: 'Note', id: noteId, title } } }),
})
const optimistic = ({ id, patch }: { id: string; patch: object }) => ({
  updateNote: { note: { __typename: 'Note', id, ...patch } },
})

describe('signing out in one tab', () => {
  const stored = async (name: string): Promise<string[]> => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(`${name}/ann`)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const keys = await Promise.all(
      // A database that is not there is made by looking at it, without any shelf.
      [...database.objectStoreNames].map(
        shelf =>
          new Promise<string[]>(resolve => {
            const request = database.transaction(shelf).objectStore(shelf).getAllKeys()
            request.onsuccess = () => resolve(request.result.map(String))
          }),
      ),
    )
    database.close()
    return keys.flat()
  }

  test.each(['discard', 'keep'] as const)(
    'with %s closes the others, and one that hangs writes nothing back',
    async pending => {
      const { gateway, browser, a, b, c } = await openBrowser(3)
      await a.client.sync.pull()
      await createNote(c.client, 'n1')
      b.client.connection.setMode('offline')
      await createNote(c.client, 'n2')
      await agree([a, b, c], tab => expect(entryIds(tab)).toEqual(['n2']))
      a.tab.hang()
      browser.house.loses = (_message, tab) => tab === a.tab // It is never told.
      await b.client.signOut({ pending })
      expect(await b.client.closed).toBe('signed-out')
      expect(await c.client.closed).toBe('signed-out')
      browser.house.loses = () => false
      const left = await stored(browser.name)
      expect(left.filter(key => !/^entry\/|^(client|sequence|epoch|left|mode|payloads)$/.test(key))).toEqual([])
      expect(left.filter(key => key.startsWith('entry/'))).toHaveLength(pending === 'keep' ? 1 : 0)
      if (pending === 'discard') expect(left).toEqual([])
      a.tab.wake()
      expect(await a.client.closed).toBe('signed-out')
      expect(await stored(browser.name)).toEqual(left)
      const again = await browser.open()
      expect(entryIds(again)).toEqual(pending === 'keep' ? ['n2'] : [])
      expect(gateway.applied).toHaveLength(1)
    },
  )
})

describe('tabs', () => {
  test('with a key read what the others stored', async () => {
    const encryptionKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ])
    const { gateway, browser, a, b, c } = await openBrowser(3, { encryptionKey })
    let open = false
    gateway.onRequest = request => (request.tasks.length > 0 && !open ? new Promise(() => undefined) : undefined)
    void createNote(b.client, 'n1')
    void createNote(c.client, 'n2')
    await agree([a, b, c], tab => expect(entryIds(tab).sort()).toEqual(['n1', 'n2']))
    a.tab.die()
    open = true
    await Promise.all([b, c].map(({ client }) => emptied(client)))
    expect(gateway.applied).toHaveLength(2)
    const late = await browser.open()
    await agree([b, c, late], ({ client }) => expect(client.outbox.history).toHaveLength(2))
  })

  test('know the server’s ids of what was made under temporary ones, also where the answer did not come', async () => {
    const { gateway, browser, tabs, b, c } = await openBrowser(3, { tasks: [...noteTasks(), addTask] })
    browser.house.loses = ({ kind }, tab) => tab === c.tab && kind === 'news'
    const noteId = temporaryId()
    await b.client.mutate({ mutation: ADD, variables: { input: { title: 'added' }, noteId } })
    const [made] = [...gateway.notes.keys()]
    expect(b.client.outbox.resolveId(noteId)).toBe(made)
    expect(c.client.outbox.resolveId(noteId)).toBe(noteId)
    browser.house.loses = () => false
    await vi.waitFor(() => expect(c.client.outbox.resolveId(noteId)).toBe(made), { timeout: 5000 })
    await rename(c, noteId, 'renamed')
    await agree(tabs, ({ cache, client }) => {
      expect(client.outbox.entries).toEqual([])
      expect(shown(cache)).toMatchObject([{ id: made, title: 'renamed' }])
    })
  })

  test('leave it to the leader to decide conflicts by rule, once', async () => {
    const decided: string[] = []
    const gateway = await startGateway()
    const browser = new Browser(gateway)
    const rule = (tab: string) => ({
      tasks: [
        task(UPDATE, {
          optimistic,
          onConflict: () => {
            decided.push(tab)
            return 'KEEP_MINE'
          },
        }),
      ],
    })
    const tabs = [await browser.open(rule('a')), await browser.open(rule('b')), await browser.open(rule('c'))]
    gateway.write({ id: 'n1', title: 'first' })
    await tabs[1]!.client.sync.pull()
    gateway.write({ id: 'n1', title: 'theirs' })
    await rename(tabs[1]!, 'n1', 'mine')
    await vi.waitFor(() => expect(gateway.notes.get('n1')).toMatchObject({ title: 'mine' }))
    await agree(tabs, ({ client }) => expect(client.outbox.entries).toEqual([]))
    expect(decided).toEqual(['a'])
  })

  test('merge only what the leader itself stores: what one merged that no longer leads is a task of its own', async () => {
    const squash = <T extends { patch: object }>(earlier: T, later: T): T => ({
      ...earlier,
      patch: { ...earlier.patch, ...later.patch },
    })
    const { gateway, browser, tabs, a, b, c } = await openBrowser(3, { tasks: [task(UPDATE, { optimistic, squash })] })
    gateway.write({ id: 'n1', title: 'first' })
    gateway.write({ id: 'n2', title: 'other' })
    await a.client.sync.pull()
    a.client.outbox.pause()
    await agree(tabs, ({ client }) => expect(client.outbox.paused).toBe(true))
    await rename(a, 'n1', 'one')
    await rename(a, 'n1', 'two')
    await agree(tabs, tab => expect(entryIds(tab)).toEqual(['n1']))
    await rename(b, 'n1', 'three')
    await agree(tabs, tab => expect(entryIds(tab)).toEqual(['n1', 'n1']))
    a.tab.hang()
    // Its first write is what keeps the other's from the store.
    await rename(await browser.led(a), 'n2', 'another')
    const merged = rename(a, 'n1', 'four')
    await vi.waitFor(() => expect(a.client.outbox.storing).toEqual([]))
    a.tab.wake()
    const { extensions } = await merged
    expect(extensions?.['layover']).toMatchObject({ status: 'queued' })
    await agree(tabs, tab => expect(entryIds(tab)).toEqual(['n1', 'n1', 'n2', 'n1']))
    c.client.outbox.resume()
    await agree(tabs, ({ client }) => expect(client.outbox.entries).toEqual([]))
    expect(gateway.applied).toHaveLength(4)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'four' })
  })
})
