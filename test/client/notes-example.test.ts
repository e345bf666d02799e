/** The application of docs/client.md and docs/react.md, file by file as it is printed there. */
import 'fake-indexeddb/auto'
import { InMemoryCache } from '@apollo/client'
import { createOfflineClient, memoryStorage, temporaryId } from 'layover/client'
import { confirmed, memoryGateway, simulatedNetwork } from 'layover/testing'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import { App, NOTES } from '../../examples/notes/app.tsx'
import { leave, openNotes } from '../../examples/notes/client.ts'
import { deviceKey } from '../../examples/notes/key.ts'
import { inAsyncStorage } from '../../examples/notes/storage.ts'
import { ADD_NOTE, DELETE_NOTE, EDIT_NOTE } from '../../examples/notes/tasks.ts'
import { OPEN_TICKET, openTicket } from '../../examples/notes/tickets.ts'

const typeDefs = `
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID text: String! }
  input NotePatch { text: String }
  type NotePayload implements TaskPayload { task: Task! note: Note }
  extend type Query { notes: [Note!]! note(id: ID!): Note }
  extend type Mutation {
    addNote(task: TaskInput, id: ID!, text: String!): NotePayload
    editNote(task: TaskInput, id: ID!, baseVersion: Int!, patch: NotePatch!): NotePayload
    deleteNote(task: TaskInput, id: ID!, baseVersion: Int!): NotePayload
  }`

function world() {
  const gateway = memoryGateway({
    typeDefs,
    tasks: {
      addNote: async ({ id, text }, transaction) => {
        const written = await transaction.create('Note', id, { text })
        return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
      },
      editNote: async ({ id, baseVersion, patch }, transaction) => {
        const written = await transaction.update('Note', id, baseVersion, patch)
        return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
      },
      deleteNote: async ({ id, baseVersion }, transaction) => {
        const written = await transaction.remove('Note', id, baseVersion)
        return written.kind === 'written' ? confirmed({}) : written
      },
    },
  })
  return { gateway, network: simulatedNetwork({ gateway }) }
}

const signIn = (): Promise<void> => Promise.reject(new Error('Nobody signs in here.'))

it('the key is made once and cannot be read, and what is stored under it is no plain text', async () => {
  const key = await deviceKey('ann')
  expect(key).toMatchObject({ extractable: false, usages: ['encrypt', 'decrypt'] })
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
  const { network } = world()
  network.offline()
  const link = network.link({ headers: () => ({ authorization: 'Bearer ann' }) })
  const first = await openNotes('ann', link, signIn)
  await first.mutate({ mutation: ADD_NOTE, variables: { id: 'secret', text: 'nobody reads this' } })
  await first.close()
  expect(await stored('layover/ann')).not.toContain('nobody reads this')
  const second = await openNotes('ann', link, signIn)
  expect(second.readQuery({ query: NOTES }, true)).toMatchObject({ notes: [{ text: 'nobody reads this' }] })
  network.online()
  await vi.waitFor(() => expect(second.outbox.entries).toHaveLength(0))
  await leave(second, 'ann')
  expect(await stored('layover/ann')).not.toContain('~')
  expect(await sealed(await deviceKey('ann'))).not.toBe(await sealed(key))
})

it('edits of a note leave as one, a deleted one is hidden at once, and a conflict about a deleted one gives way', async () => {
  const { gateway, network } = world()
  gateway.write('Note', { id: 'n1', text: 'one' })
  gateway.write('Note', { id: 'n2', text: 'two' })
  const client = await openNotes('ben', network.link({ headers: () => ({ authorization: 'Bearer ben' }) }), signIn)
  await client.sync.pull()
  client.connection.setMode('offline')
  const edit = (words: string) =>
    client.mutate({ mutation: EDIT_NOTE, variables: { id: 'n1', baseVersion: 1, patch: { text: words } } })
  await edit('uno')
  await edit('eins')
  await client.mutate({ mutation: DELETE_NOTE, variables: { id: 'n2', baseVersion: 1 } })
  expect(client.outbox.entries).toMatchObject([{ variables: { patch: { text: 'eins' } } }, { name: 'DeleteNote' }])
  expect(client.readQuery({ query: NOTES }, true)).toMatchObject({ notes: [{ text: 'eins' }] })
  gateway.remove('Note', 'n1')
  client.connection.setMode('auto')
  await vi.waitFor(() => expect(client.outbox.entries).toHaveLength(0))
  expect(gateway.list('Note')).toEqual([])
  expect(client.outbox.history.map(({ name, outcome }) => `${name} ${outcome.status}`)).toContain('EditNote discarded')
  await client.close()
})

it('a ticket that the server numbers is known by its temporary id until then', async () => {
  const gateway = memoryGateway({
    typeDefs: `
      type Ticket implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID about: String! }
      type TicketPayload implements TaskPayload { task: Task! ticket: Ticket }
      extend type Mutation { openTicket(task: TaskInput, about: String!): TicketPayload }`,
    tasks: {
      openTicket: async ({ about }, transaction) => {
        await transaction.create('Ticket', 'T-1', { about })
        return confirmed({ ticket: { type: 'Ticket', id: 'T-1' } })
      },
    },
  })
  const network = simulatedNetwork({ gateway })
  network.offline()
  const client = await createOfflineClient({
    cache: new InMemoryCache(),
    link: network.link({ headers: () => ({ authorization: 'Bearer dan' }) }),
    user: 'dan',
    tasks: [openTicket],
    storage: memoryStorage(),
    network: network.hint,
  })
  const temporary = temporaryId()
  const { data } = await client.mutate({ mutation: OPEN_TICKET, variables: { temporary, about: 'leaks' } })
  expect(data?.openTicket.ticket?.id).toBe(temporary)
  network.online()
  await vi.waitFor(() => expect(client.outbox.resolveId(temporary)).toBe('T-1'))
  await client.close()
})

it('the page renders with all its hooks', async () => {
  const { network } = world()
  const client = await openNotes('cat', network.link(), signIn)
  expect(renderToString(createElement(App, { opening: client }))).toContain('<form')
  expect(renderToString(createElement(App, { opening: Promise.resolve(client) }))).toBe('<p>Opening…</p>')
  await client.close()
})

it("React Native's storage is a driver with one method renamed", async () => {
  const { keys, ...rest } = memoryStorage()
  const driver = inAsyncStorage({ ...rest, getAllKeys: keys } as Parameters<typeof inAsyncStorage>[0])
  await driver.setItem('a', '1')
  expect([await driver.keys(), await driver.getItem('a')]).toEqual([['a'], '1'])
})

/** The same under the same key, and only then. */
const sealed = async (key: CryptoKey): Promise<string> =>
  Buffer.from(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, Buffer.from('x'))).toString(
    'hex',
  )

/** All that the database of that name holds, as one text. */
async function stored(name: string): Promise<string> {
  const opening = indexedDB.open(name)
  await new Promise(resolve => opening.addEventListener('success', resolve))
  const shelves = [...opening.result.objectStoreNames].map(async shelf => {
    const all = opening.result.transaction(shelf).objectStore(shelf).getAll()
    await new Promise(resolve => all.addEventListener('success', resolve))
    return JSON.stringify(all.result)
  })
  const found = (await Promise.all(shelves)).join()
  opening.result.close()
  return found
}
