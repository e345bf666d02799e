import { gql, InMemoryCache, type TypedDocumentNode } from '@apollo/client'
import { syncedList, task } from 'layover/client'
import { confirmed, device, memoryGateway, queueTimeline, simulatedNetwork, virtualClock } from 'layover/testing'
import { expect, it } from 'vitest'

type Added = { addNote: { note: { id: string; version: number; text: string } } }
const ADD: TypedDocumentNode<Added, { id: string; text: string }> =
  gql`mutation AddNote($task: TaskInput, $id: ID!, $text: String!) {
  addNote(task: $task, id: $id, text: $text) { task { id status } note { id version text } } }`
const CHANGES = gql`query Changes($since: Cursor, $scopes: [ScopeInput!], $first: Int!) {
  changes(since: $since, scopes: $scopes, first: $first) { cursor hasMore reset removed { type id }
    changed { id version ... on Note { text } ... on Task { status } } } }`
const NOTES = gql`query { notes { id text } }`

const typeDefs = `
  extend type Query { notes: [Note!]! }
  extend type Mutation { addNote(task: TaskInput, id: ID!, text: String!): NotePayload }
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID text: String! }
  type NotePayload implements TaskPayload { task: Task! note: Note }`

it('a note that was written in a tunnel is there once, though the answer was lost and the battery died', async () => {
  const clock = virtualClock()
  const gateway = memoryGateway({
    clock,
    typeDefs,
    tasks: {
      addNote: async ({ id, text }, transaction) => {
        const written = await transaction.create('Note', id, { text })
        return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
      },
    },
  })
  const network = simulatedNetwork({ gateway, clock, latencyMs: 100 })
  const phone = device({
    network,
    clock,
    app: () => ({
      cache: new InMemoryCache({ typePolicies: { Query: { fields: { notes: syncedList('Note') } } } }),
      user: 'ann',
      tasks: [
        task(ADD, {
          optimistic: ({ id, text }) => ({ addNote: { note: { __typename: 'Note', id, version: 0, text } } }),
        }),
      ],
      sync: { document: CHANGES },
    }),
  })

  let client = await phone.open()
  await clock.until(client.sync.pull())
  network.offline()
  const { extensions } = await client.mutate({ mutation: ADD, variables: { id: 'n1', text: 'hello' } })
  expect(extensions?.['layover']).toMatchObject({ status: 'queued' }) // Saved on the device, and no more is said.
  expect(client.readQuery({ query: NOTES }, true)).toMatchObject({ notes: [{ text: 'hello' }] })

  network.fault('cut', { when: request => request.tasks.length > 0 }) // The gateway will have it; the phone won't know.
  network.online()
  await clock.advance(200)
  expect(gateway.list('Note')).toMatchObject([{ id: 'n1', version: 1 }])

  client = await phone.reopen() // The battery died.
  const timeline = queueTimeline(client, { clock })
  await clock.runUntil(() => client.outbox.entries.length === 0, { describe: () => String(timeline) })
  expect(timeline.order, String(timeline)).toEqual(gateway.applied)
  expect(gateway.list('Note')).toMatchObject([{ id: 'n1', version: 1 }])
  await phone.close()
})
