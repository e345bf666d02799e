/** The door: what an application hands in and what it gets. */
import type { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client'
import { type Clock, type Random, systemClock, systemRandom } from '../protocol/ports.ts'
import type { Connection, NetworkHint } from './connectivity.ts'
import { openDevice } from './device.ts'
import type { ConflictEntry, Decision } from './entry.ts'

import type { LayoverError } from './layover-error.ts'
import type { MeteredOptions } from './metered.ts'
import type { Outbox } from './outbox-door.ts'
import type { OutboxLimits } from './outbox-limits.ts'
import { namespaceOf, openDatabase, type StorageDriver } from './storage/database.ts'
import type { Sync, SyncOptions } from './sync.ts'
import { browserTabs, type Lead, leadIfFree, type TabPorts } from './tabs/ports.ts'
import type { Tabs } from './tabs/tabs.ts'
import type { TaskRegistration } from './task.ts'

export interface ConflictsDoor {
  /** In queue order, without those about which a decision waits; replaced, never changed. */
  readonly list: readonly ConflictEntry[]
  /**
   * Queues the decision as a task: it works offline, too. `values` (with MERGE) are the record's fields as they shall be.
   * Rejects with UNKNOWN_ENTRY, NOT_POSSIBLE (a decision waits already), STORAGE_FAILED and, when the gateway says so soon,
   * CONFLICT_CHANGED (it is in the list again, with what is new), NOT_IMPLEMENTED or REFUSED.
   */
  resolve(id: string, decision: Decision, values?: object): Promise<void>
  subscribe(listener: () => void): () => void
}

export interface OfflineClient extends ApolloClient {
  readonly outbox: Outbox
  readonly sync: Sync
  readonly connection: Connection
  readonly conflicts: ConflictsDoor
  /**
   * Leaves nothing of this user on the device but what `pending` says, and closes the client. 'send' pushes first and rejects
   * with PENDING_TASKS if anything is left in the outbox (or with what `push` rejects with): then nothing was removed.
   */
  signOut(options: { pending: 'keep' | 'send' | 'discard' }): Promise<void>
  /** Stops timers, requests and the subscription, and stores what is still to be stored. The queue stays on the device. */
  close(): Promise<void>
  /** Resolves when the client is closed: by this page, or because the user signed out in another tab. */
  readonly closed: Promise<'closed' | 'signed-out'>
}

export type ApolloOptions = Pick<
  ApolloClient.Options,
  | 'assumeImmutableResults'
  | 'clientAwareness'
  | 'dataMasking'
  | 'defaultContext'
  | 'defaultOptions'
  | 'devtools'
  | 'documentTransform'
  | 'localState'
  | 'queryDeduplication'
>

export interface OfflineClientOptions extends ApolloOptions {
  cache: InMemoryCache
  /** In mode 'offline' nothing reaches it. */
  link: ApolloLink
  /** Whose outbox this is; never a token. Another user gets another namespace. */
  user: string
  /** Mutations that are queued; all others behave as in any ApolloClient. */
  tasks: TaskRegistration[]
  sync?: SyncOptions
  /** Namespace on the device; default 'layover'. */
  name?: string
  /** Default: IndexedDB. */
  storage?: StorageDriver
  /** Called when the gateway answers UNAUTHENTICATED; the outbox is paused meanwhile. If it fails it is called again later. */
  reauthenticate?: () => Promise<void>
  /** AES-GCM, best non-extractable; default: stored in the clear. What is lost with it is lost. */
  encryptionKey?: CryptoKey
  /** Milliseconds that `mutate` waits for the gateway's answer while it is reachable; default 2,500. */
  answerWithinMs?: number
  /** Milliseconds after which a request counts as not answered; default 30,000. */
  requestTimeoutMs?: number
  /** Default 50, at most 100. */
  tasksPerDocument?: number
  /** Documents of tasks under way at the same time, at most; default 4. One by one while the gateway does not confirm that it keeps their order. */
  documentsInFlight?: number
  /** How the mode 'metered' saves requests. */
  metered?: MeteredOptions
  /** Failures in the background, where no promise can tell of them. None of them loses a task. */
  onError?: (error: LayoverError) => void
  /** How many settled tasks `outbox.history` keeps on the device; default 200. */
  historySize?: number
  /** Beyond them `mutate` rejects with OUTBOX_FULL. */
  limits?: OutboxLimits
  /**
   * What tabs of one user share beside the storage: one of them sends, all of them queue and show the same. Default: the
   * browser's Web Locks and BroadcastChannel where `storage` is its IndexedDB; false: every client acts by itself.
   */
  tabs?: TabPorts | false
  clock?: Clock
  random?: Random
  /** What the device believes about its network; default: the browser's events. */
  network?: NetworkHint
}

// They are fetched while the application starts. One that failed to come is asked for once more when it is needed.
const earlyRooms = import('./rooms.ts').catch(() => undefined)
const earlyTabs = browserTabs() && import('./tabs/tabs.ts').catch(() => undefined)
if (browserTabs()) void import('./tabs/sharing.ts').catch(() => undefined)

/** Opens what this device keeps of the user. Rejects with STORAGE_FAILED, UNKNOWN_TASK, DOCUMENT_NOT_A_TASK, BAD_OPTION, WRONG_KEY. */
export async function createOfflineClient(options: OfflineClientOptions): Promise<OfflineClient> {
  const ports = {
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    report: (error: LayoverError): void => {
      if (error.code !== 'FENCED') options.onError?.(error)
    },
  }
  // Before anything is queued: what sends must not be missing later.
  const rooms = earlyRooms.then(known => known ?? import('./rooms.ts'))
  rooms.catch(() => undefined) // Told below, unless the device fails first.
  const shared = options.tabs ?? (options.storage === undefined ? browserTabs() : false)
  const user = namespaceOf(options.name, options.user)
  const namespace = `layover/${user}`
  const database = openDatabase(user, options.storage)
  database.catch(() => undefined) // Told by whoever reads it.
  const lead = shared ? await leadIfFree(shared.locks, namespace) : undefined

  let tabs: Tabs | undefined
  const opening = shared && openTabs(shared, lead, namespace, ports).then(opened => (tabs = opened))
  try {
    if (!lead) await opening
    // Whoever has the lead may read at once.
    const reading = openDevice(options, ports, database, () => tabs?.isLeading ?? true)
    const [device] = await Promise.all([reading, opening])
    return await (await rooms).connect(options, device, tabs)
  } catch (error) {
    const [opened] = await Promise.allSettled([database, opening])
    if (opened.status === 'fulfilled') opened.value.close()
    if (tabs) tabs.close()
    else lead?.release()
    throw error
  }
}

async function openTabs(
  shared: TabPorts,
  lead: Lead | undefined,
  namespace: string,
  { clock, random, report }: Parameters<typeof openDevice>[1],
): Promise<Tabs> {
  const { Tabs } = (await earlyTabs) ?? (await import('./tabs/tabs.ts'))
  return Tabs.open(shared, lead, namespace, clock, random, report)
}
