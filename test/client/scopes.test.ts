import { memoryStorage } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import {
  CHANGES,
  createNote,
  NOTE_BY_ID,
  NOTES,
  newName,
  openNotes,
  shownIds,
  startGateway,
  UPDATE,
} from './notes-app.ts'

type Gateway = Awaited<ReturnType<typeof startGateway>>
const pulls = (gateway: Gateway): { since: unknown; scopes: unknown }[] =>
  gateway.requests
    .filter(({ operation }) => operation === 'Changes')
    .map(({ body }) => ({ since: body.variables['since'], scopes: body.variables['scopes'] }))

const DONE = { type: 'Note', where: { done: true } }
const OPEN = { type: 'Note', where: { done: false } }
const ONES = { type: 'Note', where: { count: 1 } }

async function openScoped(scopes: object[], options: object = {}) {
  const gateway = await startGateway()
  gateway.write({ id: 'done1', title: 'a', done: true, count: 1 })
  gateway.write({ id: 'done2', title: 'b', done: true, count: 2 })
  gateway.write({ id: 'open1', title: 'c', done: false, count: 1 })
  gateway.write({ id: 'open2', title: 'd', done: false, count: 2 })
  const opened = await openNotes(gateway, { sync: { document: CHANGES, scopes: scopes as never }, ...options })
  await opened.client.sync.pull()
  gateway.requests.length = 0
  return { ...opened, gateway }
}

describe('scopes at run time', () => {
  test('one that is added pulls its own records only', async () => {
    const { client, cache, gateway } = await openScoped([DONE])
    expect(shownIds(cache)).toEqual(['done1', 'done2'])
    await client.sync.setScopes([DONE, OPEN])
    expect(shownIds(cache)).toEqual(['done1', 'done2', 'open1', 'open2'])
    expect(pulls(gateway)).toEqual([
      { since: expect.any(String), scopes: [DONE] },
      { since: null, scopes: [OPEN] },
    ])
    gateway.write({ id: 'open3', title: 'e', done: false })
    expect(await client.sync.pull()).toMatchObject({ changed: 1, reset: false })
    expect(pulls(gateway).filter(({ since }) => since === null)).toHaveLength(1)
  })

  test('one that is dropped takes along only what no other holds, and nothing is pulled again', async () => {
    const { client, cache, gateway } = await openScoped([DONE])
    await client.sync.setScopes([DONE, ONES])
    expect(shownIds(cache)).toEqual(['done1', 'done2', 'open1'])
    gateway.requests.length = 0
    await client.sync.setScopes([ONES])
    expect(shownIds(cache)).toEqual(['done1', 'open1'])
    expect(pulls(gateway).every(({ since }) => since !== null)).toBe(true)
    await client.sync.setScopes([])
    expect(shownIds(cache)).toEqual([])
    expect(cache.extract()['Note:open1']).toBeUndefined()
  })

  test('a record that leaves one scope stays while another holds it', async () => {
    const { client, cache, gateway } = await openScoped([DONE])
    await client.sync.setScopes([DONE, ONES])
    gateway.write({ id: 'done1', title: 'a', done: false, count: 1 })
    await client.sync.pull()
    expect(shownIds(cache)).toContain('done1')
    gateway.write({ id: 'done1', title: 'a', done: false, count: 2 })
    await client.sync.pull()
    expect(shownIds(cache)).not.toContain('done1')
  })

  test('a record that leaves the scope leaves the device with the next pull', async () => {
    const { client, cache, gateway } = await openScoped([DONE])
    const single: unknown[] = []
    client
      .watchQuery({ query: NOTE_BY_ID, variables: { id: 'done1' } })
      .subscribe(({ data }) => single.push(data?.note === null ? null : data?.note?.id))
    gateway.write({ id: 'done1', title: 'a', done: false })
    expect(await client.sync.pull()).toMatchObject({ removed: 1 })
    expect(shownIds(cache)).toEqual(['done2'])
    expect(cache.extract()['Note:done1']).toBeUndefined()
    await vi.waitFor(() => expect(single.at(-1)).toBeNull())
    expect(gateway.requests.every(({ operation }) => operation === 'Changes')).toBe(true)
  })

  test('what is there stays readable until the other scopes are in', async () => {
    const { client, cache, gateway } = await openScoped([DONE], {
      sync: { document: CHANGES, scopes: [DONE], pageSize: 1 },
    })
    const seen: string[] = []
    cache.watch({
      query: NOTES,
      variables: {},
      optimistic: true,
      callback: ({ result }) => seen.push((result as { notes: { id: string }[] }).notes.map(note => note.id).join()),
    })
    await client.sync.setScopes([ONES])
    expect(seen.every(ids => ids.includes('done1'))).toBe(true)
    expect(shownIds(cache)).toEqual(['done1', 'open1'])
    expect(pulls(gateway).length).toBeGreaterThan(1)
  })

  test('the gateway’s reset joins the cursors again', async () => {
    const { client, cache, gateway } = await openScoped([DONE])
    await client.sync.setScopes([DONE, ONES])
    gateway.expireCursors()
    gateway.requests.length = 0
    expect(await client.sync.pull()).toMatchObject({ reset: true, removed: 0 })
    expect(pulls(gateway).at(-1)).toEqual({ since: null, scopes: [DONE, ONES] })
    expect(shownIds(cache)?.sort()).toEqual(['done1', 'done2', 'open1'])
    gateway.requests.length = 0
    await client.sync.pull()
    expect(pulls(gateway)).toHaveLength(1)
  })

  test('many of them do not become as many requests', async () => {
    const { client, cache, gateway } = await openScoped([DONE])
    const added = Array.from({ length: 9 }, (_, index) => ({ type: 'Note', where: { count: index } }))
    for (let count = 1; count <= added.length; count += 1) await client.sync.setScopes([DONE, ...added.slice(0, count)])
    gateway.requests.length = 0
    await client.sync.pull()
    expect(pulls(gateway).length).toBeLessThanOrEqual(6)
    expect(shownIds(cache)?.sort()).toEqual(['done1', 'done2', 'open1', 'open2'])
  })

  test('one that the gateway refuses keeps none of the others back', async () => {
    const { client, cache, gateway } = await openScoped([DONE])
    gateway.write({ id: 'done3', title: 'e', done: true })
    gateway.fault({ kind: 'refuse', code: 'BAD_USER_INPUT' }, ({ body }) =>
      JSON.stringify(body.variables['scopes']).includes('count'),
    )
    await expect(client.sync.setScopes([DONE, ONES])).rejects.toMatchObject({ code: 'REFUSED' })
    expect(shownIds(cache)).toEqual(['done1', 'done2', 'done3'])
  })
})

describe('a reset', () => {
  test('that is broken off goes on after a restart, with the old records readable and the tentative ones in place', async () => {
    const gateway = await startGateway()
    for (const id of ['n1', 'n2', 'n3', 'n4']) gateway.write({ id, title: id })
    const [storage, name] = [memoryStorage(), newName()]
    const options = { storage, name, sync: { document: CHANGES, pageSize: 2 } }
    const first = await openNotes(gateway, options)
    await first.client.sync.pull()
    first.client.outbox.pause()
    await createNote(first.client, 'mine')
    await first.client.mutate({ mutation: UPDATE, variables: { id: 'n3', baseVersion: 1, patch: { title: 'x' } } })
    gateway.notes.delete('n2')
    gateway.forget('Note', 'n2')
    gateway.expireCursors()
    // The first page comes, the second does not.
    let answered = 0
    gateway.fault({ kind: 'cut-before' }, ({ operation }) => {
      if (operation === 'Changes') answered += 1
      return answered === 2
    })
    await expect(first.client.sync.pull()).rejects.toMatchObject({ code: 'UNREACHABLE' })
    expect(shownIds(first.cache)).toEqual(['n1', 'n2', 'n3', 'n4', 'mine'])
    await first.client.close()

    const second = await openNotes(gateway, options)
    second.client.outbox.pause()
    expect(shownIds(second.cache)).toEqual(['n1', 'n2', 'n3', 'n4', 'mine'])
    gateway.requests.length = 0
    await second.client.sync.pull()
    expect(pulls(gateway).some(({ since }) => since === null)).toBe(false)
    expect(shownIds(second.cache)).toEqual(['n1', 'n3', 'n4', 'mine'])
    expect(second.cache.extract()['Note:n2']).toBeUndefined()
  })

  test('keeps a record that came with an answer while it was under way', async () => {
    const gateway = await startGateway()
    for (const id of ['n1', 'n2', 'n3']) gateway.write({ id, title: id })
    const { client, cache } = await openNotes(gateway, { sync: { document: CHANGES, pageSize: 1 } })
    await client.sync.pull()
    gateway.expireCursors()
    const pulled = client.sync.pull()
    await createNote(client, 'new')
    expect(await pulled).toMatchObject({ reset: true })
    expect(shownIds(cache)?.sort()).toEqual(['n1', 'n2', 'n3', 'new'])
  })
})
