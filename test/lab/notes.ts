/** The notes application as the lab's page runs it: what test/client/notes-app.ts is in Node. */
import { InMemoryCache, type TypedDocumentNode } from '@apollo/client'
import { parse } from 'graphql'
import { syncedList, syncedRecord, task } from 'layover/client'

export interface Note {
  id: string
  version: number
  title: string
  body: string | null
}
interface Payload {
  task: { id: string; status: string }
  note: Note | null
}

const typed = <TData, TVariables>(text: string): TypedDocumentNode<TData, TVariables> =>
  parse(text) as TypedDocumentNode<TData, TVariables>

const NOTE = 'fragment NoteParts on Note { id version updatedAt updatedBy title body count done parentId }'

export const CREATE = typed<{ createNote: Payload | null }, { input: { id: string; title: string; body?: string } }>(
  `mutation CreateNote($task: TaskInput, $input: CreateNoteInput!) {
    createNote(task: $task, input: $input) { task { id status } note { ...NoteParts } }
  } ${NOTE}`,
)
export const UPDATE = typed<
  { updateNote: Payload | null },
  { id: string; baseVersion: number; patch: { title?: string; body?: string } }
>(
  `mutation UpdateNote($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: NotePatch!) {
    updateNote(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { task { id status } note { ...NoteParts } }
  } ${NOTE}`,
)
export const NOTES = typed<{ notes: Note[] }, Record<string, never>>(`query Notes { notes { ...NoteParts } } ${NOTE}`)
export const PAGE = typed<{ noteList: { nodes: Note[]; hasMore: boolean } }, { first: number }>(
  `query NotePage($first: Int!) { noteList(first: $first) { nodes { ...NoteParts } endCursor hasMore } } ${NOTE}`,
)
export const CHANGES = typed<unknown, unknown>(
  `query Changes($since: Cursor, $scopes: [ScopeInput!], $first: Int!) {
    changes(since: $since, scopes: $scopes, first: $first) {
      cursor hasMore reset removed { type id reason }
      changed { id version ... on Note { ...NoteParts } ... on Task { name state: status } }
    }
  } ${NOTE}`,
)

export const noteTasks = () => [
  task(CREATE, {
    optimistic: ({ input }) => ({
      createNote: { __typename: 'NotePayload', note: { __typename: 'Note', ...input } },
    }),
  }),
  task(UPDATE, {
    optimistic: ({ id, patch }) => ({ updateNote: { note: { __typename: 'Note', id, ...patch } } }),
  }),
]

export function notesCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: { Entity: ['Note', 'Task'], TaskPayload: ['NotePayload', 'ResolvePayload'] },
    typePolicies: {
      Query: {
        fields: {
          notes: syncedList('Note'),
          noteList: syncedList('Note', { connection: true }),
          note: syncedRecord('Note'),
        },
      },
    },
  })
}
