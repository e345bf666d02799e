/** What stands on the device: in which records, together with what, and readable by whom. */
import { gql } from '@apollo/client'
import { CachePersistor, persistCache } from 'apollo3-cache-persist'
import { memoryStorage, type OfflineClientOptions, type StorageDriver } from 'layover/client'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  createNote,
  emptied,
  ManualClock,
  NOTES,
  newName,
  notesCache,
  openNotes,
  openOffline,
  shown,
  shownIds,
  startGateway,
} from './notes-app.ts'

interface WatchedStorage extends StorageDriver {
  readonly items: Map<string, string>
  /** Keys, without namespace, in the order in which they were written. */
  writes: string[]
  fails: (key: string) => boolean
}

function watchedStorage(): WatchedStorage {
  const storage = memoryStorage()
  const items = new Map<string, string>()
  const local = (key: string): string => key.split('/').slice(2).join('/')
  const watched: WatchedStorage = {
    ...storage,
    items,
    writes: [],
    fails: () => false,
    async setItem(key, value) {
      if (watched.fails(local(key))) throw new DOMException('no room', 'QuotaExceededError')
      watched.writes.push(local(key))
      items.set(local(key), value)
      await storage.setItem(key, value)
    },
    async removeItem(key) {
      watched.writes.push(local(key))
      items.delete(local(key))
      await storage.removeItem(key)
    },
  }
  return watched
}

const note = (id: string) => ({
  __typename: 'Note' as const,
  id,
  version: 1,
  updatedAt: '2026-11-20T00:00:00.000Z',
  updatedBy: 'ann',
  title: `note ${id}`,
  body: null,
  count: null,
  done: null,
  parentId: null,
})
const buckets = (storage: WatchedStorage): string[] => storage.writes.filter(key => key.startsWith('cache/'))
const settled = (client: { close(): Promise<void> }): Promise<void> => client.close()

async function pulledNotes(count: number, options: Partial<OfflineClientOptions> = {}) {
  const gateway = await startGateway()
  for (let index = 0; index < count; index += 1) gateway.write({ id: `n${index}`, title: `note ${index}` })
  const storage = watchedStorage()
  const name = newName()
  const opened = await openNotes(gateway, { storage, name, ...options })
  await opened.client.sync.pull()
  return { gateway, storage, name, ...opened }
}

describe('the cache', () => {
  test('lies in buckets: a change of one record writes one of them', async () => {
    const { gateway, storage, client, name } = await pulledNotes(1000)
    await settled(client)
    const again = await openNotes(gateway, { storage, name })
    await again.client.sync.pull()
    await settled(again.client)
    storage.writes = []
    const third = await openNotes(gateway, { storage, name })
    gateway.write({ id: 'n500', title: 'changed' })
    await third.client.sync.pull()
    await settled(third.client)
    const written = buckets(storage)
    expect(written.filter(key => /^cache\/\d+$/.test(key))).toHaveLength(1)
    // The others are the cursor's and, at most, the list's.
    expect(written.filter(key => !/^cache\/(\d+|Layover.*|ROOT_QUERY|__META)$/.test(key))).toEqual([])
    expect(storage.items.get(written.find(key => /^cache\/\d+$/.test(key)) ?? '')).toContain('changed')
  })

  test('comes back as it was, what was removed stays away, and the room is used again', async () => {
    const { gateway, storage, client, cache, name } = await pulledNotes(300)
    for (let index = 0; index < 200; index += 1) gateway.remove(`n${index}`)
    await client.sync.pull()
    for (let index = 0; index < 200; index += 1) gateway.write({ id: `m${index}`, title: `other ${index}` })
    await client.sync.pull()
    const left = cache.extract()
    await settled(client)
    const again = await openOffline(gateway, { storage, name })
    expect(again.cache.extract()).toEqual(left)
    expect(shownIds(again.cache)).toHaveLength(300)
    expect([...storage.items.keys()].filter(key => /^cache\/\d+$/.test(key)).length).toBeLessThanOrEqual(3)
  })

  test('of which a part cannot be read is pulled anew, and the outbox stays', async () => {
    const { gateway, storage, client, name } = await pulledNotes(3)
    client.connection.setMode('offline')
    await createNote(client, 'mine')
    await settled(client)
    const bucket = [...storage.items.keys()].find(key => /^cache\/\d+$/.test(key)) ?? ''
    await storage.setItem(`${name}/ann/${bucket}`, '{"torn')
    const again = await openOffline(gateway, { storage, name })
    expect(again.errors).toMatchObject([{ code: 'STORAGE_FAILED' }])
    expect(shownIds(again.cache)).toEqual(['mine'])
    again.client.connection.setMode('auto')
    await emptied(again.client)
    await again.client.sync.pull()
    expect(shownIds(again.cache)?.sort()).toEqual(['mine', 'n0', 'n1', 'n2'])
  })

  test('is stored with the acknowledgement, not some time after it', async () => {
    const gateway = await startGateway()
    const storage = watchedStorage()
    const clock = new ManualClock() // No time passes: nothing is stored by itself.
    const name = newName()
    const { client } = await openNotes(gateway, { storage, clock, name })
    await client.sync.pull()
    await createNote(client, 'n1')
    await emptied(client)
    await vi.waitFor(() => expect([...storage.items.keys()].filter(key => key.includes('/entry/'))).toEqual([]))
    // Killed here.
    const again = await openOffline(gateway, { storage, name })
    expect(shown(again.cache)).toMatchObject([{ id: 'n1', version: 1 }])
  })

  test('for which there is no room leaves the outbox at work, is reported, and stored when there is room again', async () => {
    const { gateway, storage, client, errors, name } = await pulledNotes(3)
    storage.fails = key => key.startsWith('cache/')
    await createNote(client, 'n9')
    await emptied(client)
    expect(gateway.notes.has('n9')).toBe(true)
    const entries = () => [...storage.items.keys()].filter(key => key.startsWith('outbox/entry/'))
    await vi.waitFor(() => expect(entries()).toEqual([]))
    expect(errors[0]).toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringContaining('no room') })
    storage.fails = () => false
    await settled(client)
    const again = await openOffline(gateway, { storage, name })
    expect(shownIds(again.cache)).toContain('n9')
  })

  test('an ordinary query’s answer and what the application retains come back, too', async () => {
    const { gateway, storage, client, cache, name } = await pulledNotes(0)
    const query = gql`query Count { countedNotes @client }`
    cache.writeQuery({ query, data: { countedNotes: 7 } })
    cache.writeFragment({
      id: 'Draft:1',
      fragment: gql`fragment DraftParts on Draft { text }`,
      data: { __typename: 'Draft', text: 'kept' },
    })
    await settled(client)
    const again = await openOffline(gateway, { storage, name, cache: notesCache() })
    again.cache.gc()
    expect(again.cache.readQuery({ query })).toEqual({ countedNotes: 7 })
    expect(again.cache.extract()['Draft:1']).toMatchObject({ text: 'kept' })
  })
})

test('a cache that apollo3-cache-persist has kept until now is taken over', async () => {
  const gateway = await startGateway()
  const earlier = new Map<string, string>()
  const persisted = {
    storage: {
      getItem: (key: string) => earlier.get(key) ?? null,
      setItem: (key: string, value: string) => void earlier.set(key, value),
      removeItem: (key: string) => void earlier.delete(key),
    },
    maxSize: false as const,
  }
  const before = notesCache()
  before.writeQuery({ query: NOTES, variables: {}, data: { notes: [note('old')] } })
  await new CachePersistor({ ...persisted, cache: before as never }).persist()
  const cache = notesCache()
  await persistCache({ ...persisted, cache: cache as never })
  const storage = watchedStorage()
  const name = newName()
  const { client } = await openOffline(gateway, { storage, name, cache })
  await createNote(client, 'new')
  await settled(client)
  const again = await openOffline(gateway, { storage, name })
  expect(again.cache.extract()['Note:old']).toMatchObject({ title: 'note old' })
})

describe('encryption', () => {
  const newKey = (): Promise<CryptoKey> =>
    crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])

  test('leaves nothing readable on the device, and gives everything back to the key', async () => {
    const encryptionKey = await newKey()
    const { gateway, storage, client, name } = await pulledNotes(3, { encryptionKey })
    client.connection.setMode('offline')
    await createNote(client, 'n9', { title: 'a secret title' })
    await settled(client)
    const stored = [...storage.items.values()].join('\n')
    expect(stored).not.toMatch(/note|secret|title|__typename/)
    const again = await openOffline(gateway, { storage, name, encryptionKey })
    expect(shownIds(again.cache)).toEqual(['n0', 'n1', 'n2', 'n9'])
    again.client.connection.setMode('auto')
    await emptied(again.client)
    expect(gateway.notes.get('n9')).toMatchObject({ title: 'a secret title' })
  })

  test('with another key, without one, or with records exchanged, refuses to open and changes nothing', async () => {
    const encryptionKey = await newKey()
    const { gateway, storage, client, name } = await pulledNotes(1, { encryptionKey })
    client.connection.setMode('offline')
    await createNote(client, 'n8')
    await createNote(client, 'n9')
    await settled(client)
    const before = new Map(storage.items)
    const wrong = { code: 'WRONG_KEY' }
    await expect(openNotes(gateway, { storage, name, encryptionKey: await newKey() })).rejects.toMatchObject(wrong)
    await expect(openNotes(gateway, { storage, name })).rejects.toMatchObject(wrong)
    expect(storage.items).toEqual(before)
    const [one, two] = [...storage.items].filter(([key]) => key.startsWith('outbox/entry/'))
    await storage.setItem(`${name}/ann/${one?.[0]}`, two?.[1] ?? '')
    await expect(openNotes(gateway, { storage, name, encryptionKey })).rejects.toMatchObject(wrong)
  })

  test('takes over what was stored in the clear', async () => {
    const { gateway, storage, client, name } = await pulledNotes(1)
    client.connection.setMode('offline')
    await createNote(client, 'n9')
    await settled(client)
    const again = await openOffline(gateway, { storage, name, encryptionKey: await newKey() })
    expect(shownIds(again.cache)).toEqual(['n0', 'n9'])
  })

  test('by a key that cannot encrypt is refused at once', async () => {
    const gateway = await startGateway()
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    await expect(openNotes(gateway, { encryptionKey: key })).rejects.toMatchObject({ code: 'WRONG_KEY' })
  })
})

test('the browser is asked to keep what is stored, once, and not before there is something to keep', async () => {
  const persist = vi.fn(async () => true)
  vi.stubGlobal('navigator', { storage: { persist } })
  onTestFinished(() => void vi.unstubAllGlobals())
  const gateway = await startGateway()
  const { client } = await openOffline(gateway)
  expect(persist).not.toHaveBeenCalled()
  await createNote(client, 'n1')
  await createNote(client, 'n2')
  expect(persist).toHaveBeenCalledOnce()
})
