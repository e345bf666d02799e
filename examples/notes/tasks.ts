import { gql, type TypedDocumentNode } from '@apollo/client'
import { task } from 'layover/client'

export interface Note {
  id: string
  version: number
  text: string
}
interface Payload {
  note: Note | null
}

export const ADD_NOTE: TypedDocumentNode<{ addNote: Payload }, { id: string; text: string }> = gql`
  mutation AddNote($task: TaskInput, $id: ID!, $text: String!) {
    addNote(task: $task, id: $id, text: $text) { task { id status } note { id version text } } }`
const addNote = task(ADD_NOTE, {
  optimistic: ({ id, text }) => ({ addNote: { note: { __typename: 'Note', id, version: 0, text } } }),
})

export interface Edit {
  id: string
  baseVersion: number
  patch: { text?: string }
}
export const EDIT_NOTE: TypedDocumentNode<{ editNote: Payload }, Edit> = gql`
  mutation EditNote($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: NotePatch!) {
    editNote(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) {
      task { id status } note { id version text } } }`
const editNote = task(EDIT_NOTE, {
  optimistic: ({ id, patch }) => ({ editNote: { note: { __typename: 'Note', id, ...patch } } }),
  squash: (earlier, later) =>
    earlier.id === later.id ? { ...earlier, patch: { ...earlier.patch, ...later.patch } } : undefined,
  onConflict: conflict => (conflict.theirs === null ? 'TAKE_THEIRS' : 'KEEP_MINE'),
  migrations: [({ text, ...rest }) => ({ ...rest, patch: { text } })],
})

export const DELETE_NOTE: TypedDocumentNode<{ deleteNote: Payload }, { id: string; baseVersion: number }> = gql`
  mutation DeleteNote($task: TaskInput, $id: ID!, $baseVersion: Int!) {
    deleteNote(task: $task, id: $id, baseVersion: $baseVersion) { task { id status } note { id version text } } }`
const deleteNote = task(DELETE_NOTE, {
  update: (cache, _result, { id }) => void cache.evict({ id: `Note:${id}` }),
})

export const TASKS = [addNote, editNote, deleteNote]
