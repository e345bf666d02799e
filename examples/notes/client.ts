import { type ApolloLink, gql, InMemoryCache } from '@apollo/client'
import { createOfflineClient, type OfflineClient, syncedList, syncedRecord } from 'layover/client'
import { deviceKey, forgetKey } from './key.ts'
import { type Note, TASKS } from './tasks.ts'

const CHANGES = gql`query Changes($since: Cursor, $scopes: [ScopeInput!], $first: Int!) {
  changes(since: $since, scopes: $scopes, first: $first) { cursor hasMore reset removed { type id }
    changed { id version ... on Note { text } ... on Task { status } } } }`
const NOTICE = gql`subscription ChangesAvailable { changesAvailable { at } }`

const createCache = (): InMemoryCache =>
  new InMemoryCache({
    possibleTypes: { Entity: ['Note', 'Task'] },
    typePolicies: {
      Query: {
        fields: {
          notes: syncedList('Note', {
            where: (note: Note, { search }: { search?: string }) => !search || note.text.includes(search),
            sort: (a: Note, b: Note) => a.text.localeCompare(b.text),
          }),
          note: syncedRecord('Note'),
        },
      },
    },
  })

/** Opens what this device keeps of the user; needs no network. */
export const openNotes = async (
  user: string,
  link: ApolloLink,
  reauthenticate: () => Promise<void>,
): Promise<OfflineClient> =>
  createOfflineClient({
    cache: createCache(),
    link,
    user,
    tasks: TASKS,
    sync: { document: CHANGES, notice: NOTICE, freshness: { types: { Note: { staleAfterMs: 60_000 } } } },
    encryptionKey: await deviceKey(user),
    reauthenticate,
    onError: error => console.warn(error.code, error.message),
  })

/** Sends what can be sent and leaves nothing on the device. Rejects with PENDING_TASKS if something stays: ask the person then. */
export async function leave(client: OfflineClient, user: string): Promise<void> {
  await client.signOut({ pending: 'send' })
  await forgetKey(user)
}
