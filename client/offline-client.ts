/** Puts the rooms together. The only file that knows all of them. */
import { ApolloClient, ApolloLink, type InMemoryCache, Observable } from '@apollo/client'
import { type Clock, type Random, systemClock, systemRandom } from '../protocol/ports.ts'
import { DEFAULT_TASKS_PER_DOCUMENT, MAX_TASKS_PER_DOCUMENT } from '../protocol/protocol.ts'
import { BaseWrites } from './base-writes.ts'
import { Batches, Templates } from './batch.ts'
import { Conflicts, resolveConflictTask } from './conflicts.ts'
import { browserHint, type Connection, type ConnectionMode, Connectivity, type NetworkHint } from './connectivity.ts'
import { Deliveries } from './deliveries.ts'
import { Delta } from './delta.ts'
import { DocumentSize } from './document-size.ts'
import type { ConflictEntry, Decision } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import { Leaving } from './leaving.ts'
import type { Report } from './listeners.ts'
import { Meter, type MeteredOptions } from './metered.ts'
import { enqueue, type MutatePorts, overrideMutate } from './mutate.ts'
import { OptimisticLayer } from './optimistic.ts'
import { positive } from './option.ts'
import { OutboxQueue } from './outbox.ts'
import { type Outbox, OutboxDoor } from './outbox-door.ts'
import { Packing, type PayloadTypes } from './packing.ts'
import { Replay } from './replay.ts'
import { restoreEntry } from './restore.ts'
import { type SettlePorts, settle } from './settle.ts'
import { SignIn } from './sign-in.ts'
import { CacheRecords } from './storage/cache-records.ts'
import { openDatabase, type StorageDriver } from './storage/database.ts'
import { OutboxRecords } from './storage/outbox-records.ts'
import { type Sync, SyncLoop, type SyncOptions } from './sync.ts'
import { type TaskRegistration, taskDefinitions } from './task.ts'
import { TentativeChanges } from './tentative-changes.ts'
import { Wire } from './wire.ts'

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
}

type ApolloOptions = Pick<
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
  /** Not in this version: rejected with NOT_IMPLEMENTED. */
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
  clock?: Clock
  random?: Random
  /** What the device believes about its network; default: the browser's events. */
  network?: NetworkHint
}

const DEFAULT_ANSWER_WITHIN_MS = 2500
const DEFAULT_DOCUMENTS_IN_FLIGHT = 4
const MODE = 'mode'
const PAYLOADS = 'payloads'
const DOCUMENT_SIZE = 'document-size'

/** Opens what this device keeps of the user. Rejects with STORAGE_FAILED, UNKNOWN_TASK, DOCUMENT_NOT_A_TASK, BAD_OPTION, NOT_IMPLEMENTED. */
export async function createOfflineClient(options: OfflineClientOptions): Promise<OfflineClient> {
  if (options.encryptionKey) {
    throw new LayoverError(
      'NOT_IMPLEMENTED',
      '`encryptionKey`: this version cannot encrypt what it stores. Leave it out to store it in the clear.',
    )
  }
  const device = await openDevice(options)
  const rooms = connect(options, device)
  const { client, queue, replay, sync, conflicts, connectivity } = rooms
  const leaving = new Leaving(rooms)
  const ports: MutatePorts = {
    ...device,
    ...rooms,
    answerWithinMs: options.answerWithinMs ?? DEFAULT_ANSWER_WITHIN_MS,
    isReachable: () => connectivity.isProven && connectivity.mode === 'auto' && !replay.paused,
    isClosed: () => leaving.isClosed,
    kick: () => replay.kick(),
  }
  overrideMutate(ports)
  conflicts.decideThrough((variables, overlay) =>
    enqueue(ports, device.definitions.get(resolveConflictTask.name)!, variables, {
      optimistic: undefined,
      update: undefined,
      overlay,
    }),
  )
  const outbox = new OutboxDoor({
    queue,
    replay,
    definition: name => device.definitions.get(name),
    adopt: entry => restoreEntry(entry, device.definitions),
  })
  sync.start()
  replay.kick()
  return Object.assign(client, {
    outbox,
    sync,
    connection: connectivity,
    conflicts,
    signOut: ({ pending }: { pending: 'keep' | 'send' | 'discard' }) => leaving.signOut(pending),
    close: () => leaving.close(),
  })
}

/** What is on the device: cache, outbox and the view over both. */
async function openDevice(options: OfflineClientOptions) {
  const { cache, clock = systemClock, random = systemRandom, onError } = options
  const report: Report = error => onError?.(error)
  const definitions = taskDefinitions([...options.tasks, resolveConflictTask])
  const database = await openDatabase(options.name ?? 'layover', options.user, options.storage)
  const records = new OutboxRecords(database.outbox, report)
  const loaded = await records.load()

  // Restoring the cache drops layers, so it comes before the outbox, which makes one.
  const cacheRecords = new CacheRecords(cache, database.cache, clock, report)
  await cacheRecords.restore()
  const base = new BaseWrites(cache)
  base.subscribe({ written: () => cacheRecords.changed(), replaced: () => cacheRecords.changed() })

  const templates = new Templates(cache)
  const changes = new TentativeChanges(definitions, templates, report)
  const layer = new OptimisticLayer(cache, base, options.sync !== undefined, report)
  const queue = new OutboxQueue({
    clock,
    random,
    records,
    isKnownRecord: id => base.holds(id),
    foreseenRecords: entry => changes.recordsOf(entry),
    view: ({ remove, add, write }) => layer.change({ remove, add: changes.ofAll(add), ...(write ? { write } : {}) }),
    report,
  })
  await queue.restore({ ...loaded, entries: loaded.entries.map(entry => restoreEntry(entry, definitions)) })
  const { settings } = loaded
  return {
    cache,
    clock,
    random,
    report,
    definitions,
    records,
    settings,
    cacheRecords,
    base,
    templates,
    changes,
    layer,
    queue,
  }
}

/** What speaks with the gateway. */
function connect(options: OfflineClientOptions, device: Awaited<ReturnType<typeof openDevice>>) {
  const { cache, clock, random, report, definitions, records, settings, templates, changes, layer, queue } = device
  const { tasksPerDocument = DEFAULT_TASKS_PER_DOCUMENT, documentsInFlight = DEFAULT_DOCUMENTS_IN_FLIGHT } = options
  const connectivity = new Connectivity(
    options.network ?? browserHint,
    clock,
    modeOf(settings.get(MODE)),
    mode => void records.saveSetting(MODE, mode),
    report,
  )
  const client = new ApolloClient({ ...apolloOptions(options), cache, link: gated(options.link, connectivity) })
  const wire = new Wire(client, clock, connectivity, options.requestTimeoutMs)
  const delta = new Delta(cache, layer, clock)
  const signIn = new SignIn(options.reauthenticate, report)
  const deliveries = new Deliveries()
  const conflicts: Conflicts = new Conflicts({
    queue,
    onConflict: name => definitions.get(name)?.onConflict ?? 'ask',
    ask: ids => void replay.ask(ids),
    report,
  })
  const settlePorts: SettlePorts = {
    queue,
    layer,
    conflicts,
    updateOf: entry => changes.updateOf(entry),
    deliver(id, delivery) {
      if (!queue.get(id)) changes.forget(id)
      deliveries.deliver(id, delivery)
    },
    noteAnswer: payload => delta.noteAnswer(payload),
  }
  const meter = new Meter(connectivity, queue, clock, options.metered ?? {}, () => replay.kick())
  const replay: Replay = new Replay({
    queue,
    wire,
    packing: new Packing({
      queue,
      templates,
      batches: new Batches(),
      payloads: payloadTypes(settings.get(PAYLOADS), records),
    }),
    connectivity,
    meter,
    size: new DocumentSize(
      Math.min(positive('tasksPerDocument', tasksPerDocument), MAX_TASKS_PER_DOCUMENT),
      clock,
      settings.get(DOCUMENT_SIZE),
      learned => void records.saveSetting(DOCUMENT_SIZE, learned),
    ),
    signIn,
    settle: (answered, nextAttemptAt) => settle(settlePorts, answered, nextAttemptAt),
    nothingSoon: () => deliveries.deliverAll(),
    clock,
    random,
    documents: positive('documentsInFlight', documentsInFlight),
    report,
  })
  const sync = new SyncLoop(
    { client, cache, delta, queue, replay, wire, connectivity, meter, signIn, clock, random, report },
    options.sync,
  )
  return { ...device, client, connectivity, wire, signIn, deliveries, conflicts, replay, sync }
}

const modeOf = (kept: unknown): ConnectionMode => (kept === 'offline' || kept === 'metered' ? kept : 'auto')

/** In mode 'offline' nothing leaves the device, queries and subscriptions neither. */
function gated(link: ApolloLink, connectivity: Connectivity): ApolloLink {
  return new ApolloLink((operation, forward) =>
    connectivity.mode === 'offline'
      ? new Observable(observer =>
          observer.error(
            new LayoverError('OFFLINE', "The connection is set to 'offline': nothing is sent until setMode('auto')."),
          ),
        )
      : forward(operation),
  ).concat(link)
}

/** What answers have told of payload types, kept so that the first document after a restart has its fragments, too. */
function payloadTypes(kept: unknown, records: OutboxRecords): PayloadTypes {
  const known = new Map<string, string>(
    typeof kept === 'object' && kept !== null
      ? Object.entries(kept).filter(([, type]) => typeof type === 'string')
      : [],
  )
  return {
    get: name => known.get(name),
    learn(name, type) {
      if (known.get(name) === type) return
      known.set(name, type)
      void records.saveSetting(PAYLOADS, Object.fromEntries(known))
    },
  }
}

function apolloOptions(options: OfflineClientOptions): ApolloOptions {
  const {
    cache: _cache,
    link: _link,
    user: _user,
    tasks: _tasks,
    sync: _sync,
    name: _name,
    storage: _storage,
    reauthenticate: _reauthenticate,
    encryptionKey: _encryptionKey,
    answerWithinMs: _answerWithinMs,
    requestTimeoutMs: _requestTimeoutMs,
    tasksPerDocument: _tasksPerDocument,
    documentsInFlight: _documentsInFlight,
    metered: _metered,
    onError: _onError,
    clock: _clock,
    random: _random,
    network: _network,
    ...apollo
  } = options
  return apollo
}
