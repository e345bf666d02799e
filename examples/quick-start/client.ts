import { gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client'
import { createOfflineClient, type OfflineClient, syncedList, task } from 'layover/client'

type Added = { addNote: { note: { id: string; version: number; text: string } } }
export const ADD_NOTE: TypedDocumentNode<Added, { id: string; text: string }> = gql`
  mutation AddNote($task: TaskInput, $id: ID!, $text: String!) {
    addNote(task: $task, id: $id, text: $text) { task { id status } note { id version text } } }`
const CHANGES = gql`query Changes($since: Cursor, $scopes: [ScopeInput!], $first: Int!) {
  changes(since: $since, scopes: $scopes, first: $first) { cursor hasMore reset removed { type id }
    changed { id version ... on Note { text } ... on Task { status } } } }`
const addNote = task(ADD_NOTE, {
  optimistic: ({ id, text }) => ({ addNote: { note: { __typename: 'Note', id, version: 0, text } } }),
})
export const openNotes = (uri: string, token: string, user: string): Promise<OfflineClient> =>
  createOfflineClient({
    cache: new InMemoryCache({ typePolicies: { Query: { fields: { notes: syncedList('Note') } } } }),
    link: new HttpLink({ uri, headers: { authorization: `Bearer ${token}` } }),
    user,
    tasks: [addNote],
    sync: { document: CHANGES },
  })
