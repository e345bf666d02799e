/** Notes with everything that a task can be: ids of the server, suggestions, squashing, rules for conflicts, upgrades. */
import type { TypedDocumentNode } from '@apollo/client'
import { parse } from 'graphql'
import { type OnConflict, task } from 'layover/client'
import type { MemoryTask } from 'layover/testing'
import { CREATE, DELETE, PRINT, UPDATE } from '../client/notes-app.ts'
import { NOTES_SDL, noteTaskFunctions } from './notes-world.ts'

export const FEATURES_SDL = `${NOTES_SDL}
  extend type Mutation { addNote(task: TaskInput, input: AddNoteInput!): NotePayload }
  input AddNoteInput { title: String! body: String parentId: ID }`

export interface AddVariables {
  input: { title: string; parentId?: string }
  /** Temporary; not declared by the document, so it stays on the device. */
  noteId: string
}
export const ADD = parse(`mutation AddNote($task: TaskInput, $input: AddNoteInput!) {
  addNote(task: $task, input: $input) {
    task { id status } note { id version updatedAt updatedBy title body count done parentId }
  }
}`) as TypedDocumentNode<{ addNote: { note: { id: string } | null } | null }, AddVariables>

/** @param ran told of every run: the task, and the record that it is about */
export function featureFunctions(ran: (taskId: string, noteId: string) => void): Record<string, MemoryTask> {
  const addNote: MemoryTask = ({ input }, hands) =>
    noteTaskFunctions.createNote({ input: { ...input, id: `s-${hands.taskId}` } }, hands)
  return Object.fromEntries(
    Object.entries<MemoryTask>({ ...noteTaskFunctions, addNote }).map(([name, run]) => [
      name,
      async (args, hands) => {
        ran(hands.taskId, args.id ?? args.input?.id ?? '')
        return run(args, hands)
      },
    ]),
  )
}

/** The tasks of that version of the application: each version wants a mark of its own on what an older one queued. */
export function featureTasks(version: number, onConflict: OnConflict) {
  const migrations = Array.from({ length: version }, (_, index) => (variables: { marks?: number[] }) => ({
    ...variables,
    marks: [...(variables.marks ?? []), index],
  })) as never[]
  return [
    task(CREATE, {
      optimistic: ({ input }) => ({
        createNote: { __typename: 'NotePayload', note: { __typename: 'Note', ...input } },
      }),
      migrations,
    }),
    task(ADD, {
      optimistic: ({ input, noteId }) => ({ addNote: { note: { __typename: 'Note', id: noteId, ...input } } }) as never,
      migrations,
    }),
    task(UPDATE, {
      optimistic: ({ id, patch }) => ({ updateNote: { note: { __typename: 'Note', id, ...patch } } }),
      squash: (earlier, later) =>
        earlier.id === later.id ? { ...earlier, patch: { ...earlier.patch, ...later.patch } } : undefined,
      onConflict,
      migrations,
    }),
    task(DELETE, { update: (cache, _result, { id }) => void cache.evict({ id: `Note:${id}` }), onConflict }),
    task(PRINT),
  ]
}
