/**
 * Puts the rooms together. The only file that knows all of them. It is fetched apart, while the device is read: nothing of it
 * is needed before.
 */
import { ApolloClient, ApolloLink, Observable } from '@apollo/client'
import { DEFAULT_TASKS_PER_DOCUMENT, MAX_TASKS_PER_DOCUMENT } from '../protocol/protocol.ts'
import { Batches } from './batch.ts'
import { Conflicts } from './conflicts.ts'
import { browserHint, type ConnectionMode, Connectivity } from './connectivity.ts'
import { resolveConflictTask } from './decision-task.ts'
import { Deliveries } from './deliveries.ts'
import { Delta } from './delta.ts'
import type { Device } from './device.ts'
import { DocumentSize } from './document-size.ts'
import { LayoverError } from './layover-error.ts'
import { Leaving } from './leaving.ts'
import { Meter } from './metered.ts'
import { enqueue, type MutatePorts, overrideMutate } from './mutate.ts'
import type { ApolloOptions, OfflineClient, OfflineClientOptions } from './offline-client.ts'
import { positive } from './option.ts'
import { OutboxDoor } from './outbox-door.ts'
import { Packing, type PayloadTypes } from './packing.ts'
import { openQueue, type QueueRooms } from './queue-rooms.ts'
import { Replay } from './replay.ts'
import { restoreEntry } from './restore.ts'
import { type SettlePorts, settle } from './settle.ts'
import { SignIn } from './sign-in.ts'
import type { OutboxRecords } from './storage/outbox-records.ts'
import { SyncLoop } from './sync.ts'
import type { Sharing } from './tabs/sharing.ts'
import type { Tabs } from './tabs/tabs.ts'
import { type DeviceViewer, Wire } from './wire.ts'

const DEFAULT_ANSWER_WITHIN_MS = 2500
const DEFAULT_DOCUMENTS_IN_FLIGHT = 4
const MODE = 'mode'
const PAYLOADS = 'payloads'
const DOCUMENT_SIZE = 'document-size'
const VIEWER = 'viewer'

/** @param tabs of several tabs of this user, this one */
export async function connect(
  options: OfflineClientOptions,
  device: Device,
  tabs: Tabs | undefined,
): Promise<OfflineClient> {
  let sharing: Sharing | undefined
  // While the view is made.
  const epoch = tabs?.isLeading ? device.writer.lead(device.clock.now()) : undefined
  epoch?.catch(() => undefined) // Told where it is awaited.
  const queueRooms = openQueue(options, device)
  const { definitions, changes, temporaryIds } = queueRooms
  const rooms = openRooms(options, queueRooms, mode => sharing?.sayMode(mode))
  const { client, queue, replay, sync, conflicts, connectivity } = rooms
  const leaving = new Leaving({ ...rooms, tabs, sayLeaving: () => sharing?.sayLeaving() })
  const ports: MutatePorts = {
    ...rooms,
    answerWithinMs: options.answerWithinMs ?? DEFAULT_ANSWER_WITHIN_MS,
    isReachable: () => connectivity.isProven && connectivity.mode === 'auto' && !replay.paused,
    isClosed: () => leaving.isClosed,
    kick: () => replay.kick(),
  }
  overrideMutate(ports)
  conflicts.decideThrough((variables, overlay) =>
    enqueue(ports, definitions.get(resolveConflictTask.name)!, variables, {
      optimistic: undefined,
      update: undefined,
      overlay,
      isLimited: false, // A decision makes room.
    }),
  )
  const outbox = new OutboxDoor({
    queue,
    replay,
    random: device.random,
    definition: name => definitions.get(name),
    foreseen: entry => changes.foreseenOf(entry),
    temporaryIds,
    adopt: entry => restoreEntry(entry, definitions),
  })
  if (tabs) {
    const { Sharing, throughLeader } = await import('./tabs/sharing.ts')
    sharing = new Sharing(tabs, { ...rooms, epoch, leave: () => void leaving.leave() })
    throughLeader(tabs, sharing, { outbox, sync, conflicts })
    await tabs.start(sharing)
  } else conflicts.decideArrived(conflicts.list.map(({ id }) => id))
  sync.start()
  replay.kick()
  return Object.assign(client, {
    outbox,
    sync,
    connection: connectivity,
    conflicts,
    signOut: ({ pending }: { pending: 'keep' | 'send' | 'discard' }) => leaving.signOut(pending),
    close: () => leaving.close(),
    closed: leaving.left,
  })
}

function openRooms(options: OfflineClientOptions, device: QueueRooms, sayMode: (mode: ConnectionMode) => void) {
  const { cache, clock, random, report, definitions, records, settings, templates, changes, layer, queue } = device
  const connectivity = new Connectivity(
    options.network ?? browserHint,
    clock,
    modeOf(settings.get(MODE)),
    mode => {
      void records.saveSetting(MODE, mode, false)
      sayMode(mode)
    },
    report,
  )
  const client = new ApolloClient({ ...apolloOptions(options), cache, link: gated(options.link, connectivity) })
  const wire = new Wire(
    client,
    clock,
    connectivity,
    deviceViewer(settings.get(VIEWER), records),
    options.requestTimeoutMs,
  )
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
    deliver: (id, delivery) => deliveries.deliver(id, delivery),
    noteAnswer: payload => delta.noteAnswer(payload),
  }
  queue.subscribe(changed => {
    for (const id of changed ?? []) if (!queue.known(id)) changes.forget(id)
  })
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
      Math.min(
        positive('tasksPerDocument', options.tasksPerDocument ?? DEFAULT_TASKS_PER_DOCUMENT),
        MAX_TASKS_PER_DOCUMENT,
      ),
      clock,
      settings.get(DOCUMENT_SIZE),
      learned => void records.saveSetting(DOCUMENT_SIZE, learned),
    ),
    signIn,
    settle: (answered, nextAttemptAt) => settle(settlePorts, answered, nextAttemptAt),
    nothingSoon: () => deliveries.deliverAll(),
    clock,
    random,
    documents: positive('documentsInFlight', options.documentsInFlight ?? DEFAULT_DOCUMENTS_IN_FLIGHT),
    report,
  })
  const sync = new SyncLoop(
    { client, cache, delta, queue, replay, wire, connectivity, meter, signIn, clock, random, report },
    options.sync,
  )
  return { ...device, client, connectivity, wire, signIn, deliveries, delta, conflicts, replay, sync, settlePorts }
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

/** The first answer tells; from then on it stays. */
function deviceViewer(kept: unknown, records: OutboxRecords): DeviceViewer {
  let known = typeof kept === 'string' ? kept : undefined
  return {
    get: () => known,
    learn(viewer) {
      if (known !== undefined) return
      known = viewer
      void records.saveSetting(VIEWER, viewer)
    },
  }
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
    historySize: _historySize,
    limits: _limits,
    tabs: _tabs,
    clock: _clock,
    random: _random,
    network: _network,
    ...apollo
  } = options
  return apollo
}
