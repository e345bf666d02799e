/** The smallest application on the client's door: notes, over real sockets, with the device's storage in our hands. */
import 'fake-indexeddb/auto'
import { HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client'
import { parse } from 'graphql'
import {
  createOfflineClient,
  type OfflineClient,
  type OfflineClientOptions,
  syncedList,
  syncedRecord,
  task,
} from 'layover/client'
import { systemRandom } from 'layover/protocol'
import { onTestFinished, vi } from 'vitest'
import { ManualClock } from '../support/manual-clock.ts'
import { ScriptedGateway } from '../support/scripted-gateway.ts'

export { ManualClock }

export interface NoteData {
  id: string
  version: number
  title: string
  body: string | null
  count: number | null
  done: boolean | null
}
interface NotePayload {
  task: { id: string; status: string }
  note: NoteData | null
}
export interface CreateInput {
  id: string
  title: string
  body?: string | null
  count?: number | null
  done?: boolean | null
  parentId?: string
}

const typed = <TData, TVariables>(text: string): TypedDocumentNode<TData, TVariables> =>
  parse(text) as TypedDocumentNode<TData, TVariables>

const NOTE = 'fragment NoteParts on Note { id version updatedAt updatedBy title body count done parentId }'

export const CREATE = typed<{ createNote: NotePayload | null }, { input: CreateInput }>(
  `mutation CreateNote($task: TaskInput, $input: CreateNoteInput!) {
    createNote(task: $task, input: $input) { task { id status } note { ...NoteParts } }
  } ${NOTE}`,
)
export const UPDATE = typed<
  { updateNote: NotePayload | null },
  { id: string; baseVersion: number; patch: Partial<CreateInput> }
>(
  `mutation UpdateNote($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: NotePatch!) {
    updateNote(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { task { id status } note { ...NoteParts } }
  } ${NOTE}`,
)
export const DELETE = typed<{ deleteNote: NotePayload | null }, { id: string; baseVersion: number }>(
  `mutation DeleteNote($task: TaskInput, $id: ID!, $baseVersion: Int!) {
    deleteNote(task: $task, id: $id, baseVersion: $baseVersion) { task { id status } note { ...NoteParts } }
  } ${NOTE}`,
)
export const PRINT = typed<{ printNote: NotePayload | null }, { id: string }>(
  'mutation PrintNote($task: TaskInput, $id: ID!) { printNote(task: $task, id: $id) { task { id status } } }',
)
export const COUNT_CALLS = typed<{ countCalls: number | null }, Record<string, never>>(
  'mutation CountCalls { countCalls }',
)
export const NOTES = typed<{ notes: NoteData[] }, { done?: boolean }>(
  `query Notes($done: Boolean) { notes(done: $done) { ...NoteParts } } ${NOTE}`,
)
export const NOTE_BY_ID = typed<{ note: NoteData | null }, { id: string }>(
  `query NoteById($id: ID!) { note(id: $id) { ...NoteParts } } ${NOTE}`,
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
  task(DELETE, {
    update: (cache, _result, { id }) => void cache.evict({ id: `Note:${id}` }),
  }),
  task(PRINT),
]

export function notesCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: { Entity: ['Note', 'Task'], TaskPayload: ['NotePayload', 'ResolvePayload'] },
    typePolicies: {
      Query: {
        fields: {
          notes: syncedList('Note', {
            where: (note: NoteData, { done }: { done?: boolean }) => done === undefined || note.done === done,
          }),
          note: syncedRecord('Note'),
        },
      },
    },
  })
}

let databases = 0
export const newName = (): string => {
  databases += 1
  return `app-${process.pid}-${databases}`
}

export async function startGateway(): Promise<ScriptedGateway> {
  const gateway = await new ScriptedGateway().start()
  onTestFinished(() => gateway.stop())
  return gateway
}

export interface NotesClient {
  client: OfflineClient
  cache: InMemoryCache
  errors: unknown[]
}

export async function openNotes(
  gateway: { url: string },
  options: Partial<OfflineClientOptions> & { token?: () => string } = {},
): Promise<NotesClient> {
  const errors: unknown[] = []
  const { token, ...rest } = options
  const cache = options.cache ?? notesCache()
  const client = await createOfflineClient({
    cache,
    link: new HttpLink({
      uri: gateway.url,
      fetch: (uri, init) =>
        fetch(uri, token ? { ...init, headers: { ...init?.headers, authorization: token() } } : (init ?? {})),
    }),
    user: 'ann',
    name: newName(),
    tasks: noteTasks(),
    sync: { document: CHANGES },
    answerWithinMs: 5000,
    onError: error => errors.push(error),
    ...rest,
  })
  onTestFinished(() => client.close())
  if (options.clock instanceof ManualClock) options.clock.advance(0) // The first pull.
  return { client, cache, errors }
}

/** An installation that is offline from the start, its queue under `name`. */
export async function openOffline(
  gateway: { url: string },
  options: Partial<OfflineClientOptions> = {},
): Promise<NotesClient> {
  const opened = await openNotes(gateway, options)
  opened.client.connection.setMode('offline')
  return opened
}

export const createNote = (client: OfflineClient, id: string, input: Partial<CreateInput> = {}) =>
  client.mutate({ mutation: CREATE, variables: { input: { id, title: `note ${id}`, ...input } } })

export const shown = (cache: InMemoryCache): NoteData[] | undefined =>
  cache.readQuery({ query: NOTES, variables: {} }, true)?.notes
export const shownIds = (cache: InMemoryCache): string[] | undefined => shown(cache)?.map(note => note.id)

export const emptied = (client: OfflineClient): Promise<void> =>
  vi.waitFor(
    () => {
      if (client.outbox.entries.length > 0) {
        throw new Error(
          `left: ${client.outbox.entries.map(entry => `${entry.name} ${JSON.stringify(entry.outcome)} ${entry.status}`).join()}`,
        )
      }
    },
    { timeout: 20_000 },
  )

/** Chance without chance. */
export const fixedRandom = { fraction: () => 0.5, uuid: systemRandom.uuid }
