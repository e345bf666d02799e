/** The lab's page: a notes client on the browser's real IndexedDB, for tests and benches to drive as `window.lab`. */
import { HttpLink } from '@apollo/client'
import { createOfflineClient, memoryStorage, type OfflineClient } from 'layover/client'
import { CHANGES, CREATE, NOTES, type Note, notesCache, noteTasks, PAGE, UPDATE } from './notes.ts'
import { onCommits, onWrites, type StoredWrite, storedRecords } from './stored.ts'

export interface LabOptions {
  /** Default 'lab'. */
  readonly name?: string
  /** Default 'ann'. */
  readonly user?: string
  /** Nothing is sent until `client.connection.setMode('auto')`. */
  readonly offline?: boolean
  /** Default true. */
  readonly sync?: boolean
  readonly inMemory?: boolean
  readonly tasksPerDocument?: number
  /** Default 5,000. */
  readonly answerWithinMs?: number
  /** Signs in again when the gateway wants it; `signIns` notes what waited then. */
  readonly signsIn?: boolean
}

interface Entry {
  readonly id: string
  readonly sequence: number
  readonly status: string
  /** Of the note that a CreateNote makes or an UpdateNote changes. */
  readonly note: string
}

const signIns: { paused: boolean; waiting: number }[] = []
const errors: { code: string; message: string }[] = []
let client: OfflineClient | undefined
let writes: StoredWrite[] = []

const opened = (): OfflineClient => {
  if (!client) throw new Error('lab.open() comes first')
  return client
}

export const lab = {
  documents: { CREATE, UPDATE, NOTES, PAGE },
  notesCache,
  onCommits,
  onWrites,
  stored: storedRecords,

  /** Opens a client and makes it the page's. Rejects with what createOfflineClient rejects with, as `CODE: message`: an error's fields do not reach the test. */
  async open(options: LabOptions = {}): Promise<void> {
    client = await lab.make(options)
  },

  async make(options: LabOptions = {}): Promise<OfflineClient> {
    let made: OfflineClient
    try {
      made = await createOfflineClient({
        cache: notesCache(),
        link: new HttpLink({ uri: '/graphql' }),
        name: options.name ?? 'lab',
        user: options.user ?? 'ann',
        tasks: noteTasks(),
        ...(options.sync === false ? {} : { sync: { document: CHANGES } }),
        ...(options.inMemory ? { storage: memoryStorage() } : {}),
        ...(options.tasksPerDocument === undefined ? {} : { tasksPerDocument: options.tasksPerDocument }),
        answerWithinMs: options.answerWithinMs ?? 5000,
        ...(options.signsIn
          ? {
              reauthenticate: async () =>
                void signIns.push({ paused: made.outbox.paused, waiting: made.outbox.entries.length }),
            }
          : {}),
        onError: ({ code, message }) => errors.push({ code, message }),
      })
    } catch (error) {
      throw coded(error)
    }
    if (options.offline) made.connection.setMode('offline')
    return made
  },

  get client(): OfflineClient {
    return opened()
  },

  /** Resolves with the entry's status when `mutate` resolves. */
  async create(id: string, title = `note ${id}`): Promise<string> {
    try {
      const { extensions } = await opened().mutate({ mutation: CREATE, variables: { input: { id, title } } })
      return (extensions as { layover: { status: string } }).layover.status
    } catch (error) {
      throw coded(error)
    }
  },

  entries: (): Entry[] =>
    opened().outbox.entries.map(({ id, sequence, status, variables }) => ({
      id,
      sequence,
      status,
      note: String((variables['input'] as { id?: string } | undefined)?.id ?? variables['id']),
    })),

  /** Ids in the list as a query sees it, tentative ones included. */
  shown: (): string[] => lab.notes().map(({ id }) => id),
  notes: (): readonly Note[] => opened().cache.readQuery({ query: NOTES }, true)?.notes ?? [],

  signIns: () => signIns,
  /** What `onError` was told. */
  errors: () => errors,

  /** Starts anew to note writes to IndexedDB; `writes` gives them. */
  noteWrites(): void {
    stopNoting()
    writes = []
    stopNoting = onWrites(write => writes.push(write))
  },
  writes: (): readonly StoredWrite[] => writes,

  /** The page does nothing else for so long: no event, no timer, no answer. */
  hang(ms: number): void {
    for (const end = performance.now() + ms; performance.now() < end; );
  },
}

let stopNoting = (): void => undefined

function coded(error: unknown): Error {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return new Error(`${code ?? 'NO_CODE'}: ${error instanceof Error ? error.message : String(error)}`)
}

export type Lab = typeof lab
declare global {
  interface Window {
    lab: Lab
  }
}
window.lab = lab
