/** What a person may do with the outbox. */
import type { Random } from '../protocol/ports.ts'
import type { OutboxEntry, Outcome, StoredEntry } from './entry.ts'
import type { SettledTask } from './history.ts'
import { LayoverError } from './layover-error.ts'
import { plain } from './mutate.ts'
import type { OutboxQueue } from './outbox.ts'
import { readExport, writeExport } from './outbox-export.ts'
import { renew, suggested } from './renewal.ts'
import type { Replay } from './replay.ts'
import type { Pausing } from './standstill.ts'
import type { TaskDefinition } from './task.ts'
import type { TemporaryIds } from './temporary-ids.ts'
import { migrated } from './tentative-changes.ts'
import { type TouchedRecord, touchedRecords } from './touched-records.ts'

/** All promises reject with UNKNOWN_ENTRY for an id that is not in the outbox, and with STORAGE_FAILED. */
export interface Outbox {
  /** In queue order; the array is replaced, never changed. Confirmed ones leave it; the others stay until they are dealt with. */
  readonly entries: readonly OutboxEntry[]
  /** Queued a moment ago and not on the device yet, so not in `entries`; in queue order. */
  readonly storing: readonly OutboxEntry[]
  /** By `pause`, or while somebody has to sign in. */
  readonly paused: boolean
  /** Who `paused` it: the user, or the gateway, which wants somebody to sign in. Undefined while it is not. */
  readonly pausedBy: Pausing
  /** Also one that is being stored. */
  get(id: string): OutboxEntry | undefined
  /** What `settled` resolves to, if it is known. */
  outcome(id: string): Outcome | undefined
  /** What the entry makes or changes: the records of its foreseen answer; without any, whatever its variables mention. */
  recordsOf(id: string): readonly TouchedRecord[]
  /**
   * What left the outbox, newest first, with the gateway's reconciliation reports: the last `historySize`, kept on the device.
   * The array is replaced, never changed.
   */
  readonly history: readonly SettledTask[]
  /**
   * The verdict: at once if there is one. Also of what left: in this session (the last 10,000), and as far as `history` goes back.
   * The id of a task that was merged into an earlier one has the verdict of that one.
   */
  settled(id: string): Promise<Outcome>
  /**
   * Parked: queued again. Rejected: queued again under a new id, at the end, for the gateway remembers the old id's outcome; what
   * waits for it, or was rejected with DEPENDENCY_FAILED because of it, goes with it and builds on the new id. Waiting for its next attempt: tried now. Accepted: asked for now. Rejects with NOT_POSSIBLE in conflict or while blocked.
   */
  retry(id: string): Promise<void>
  /**
   * Not sent yet: changed in its place. Rejected or parked: queued with these variables under a new id, at the end, with the
   * same dependents as in `retry`. Rejects with NOT_POSSIBLE once the gateway may have it, BAD_VARIABLES.
   */
  edit(id: string, variables: object): Promise<void>
  /**
   * Takes the rejection's suggestion of that index: queued with the variables it makes (see `suggestion` of the registration),
   * under a new id, at the end, with the same dependents as in `retry`. Resolves to the new id. Rejects with NOT_POSSIBLE
   * for an entry that is not rejected and for an index that its suggestions do not have.
   */
  applySuggestion(id: string, index: number): Promise<string>
  /** What would fall with it, in queue order. */
  dependents(id: string): readonly OutboxEntry[]
  /** Gives it up, with its dependents, also those that are just being stored. Rejects with NOT_POSSIBLE while the gateway may be about to do it, or a dependent. */
  discard(id: string): Promise<void>
  /**
   * Withdraws it, with its dependents, while the gateway cannot have it: the undo of its optimistic change. Records and lists are
   * as if it had never been queued when this returns; the promise is the disk's. A task that others were merged into goes with
   * them. Rejects with NOT_POSSIBLE afterwards.
   */
  cancel(id: string): Promise<void>
  /** The server's id of a record that was made under a temporary one, else the id itself; kept on the device (the last 10,000). */
  resolveId(id: string): string
  pause(): void
  /** Also goes on when the gateway asked for a sign-in. */
  resume(): void
  /** All entries as JSON, for a file or another device; with them the server's ids of what was made under temporary ones. */
  export(): Promise<string>
  /**
   * Takes in what `export` gave: entries keep their ids and go to the end. Those already here are skipped, and so are those that
   * were settled or discarded here, as far as `settled` still knows them. Rejects with BAD_EXPORT: then nothing was taken in.
   */
  import(json: string): Promise<void>
  /** The listener is given the ids of the entries that came, changed or left; none when only `paused` did; nothing when all may have. */
  subscribe(listener: (changed?: ReadonlySet<string>) => void): () => void
  /** Tells when `storing` has one more, or one that could not be stored. */
  onStoring(listener: () => void): () => void
}

export interface OutboxDoorPorts {
  readonly queue: OutboxQueue
  readonly replay: Replay
  readonly random: Random
  readonly temporaryIds: TemporaryIds
  readonly definition: (name: string) => TaskDefinition | undefined
  /** The answer that the application foresees. */
  readonly foreseen: (entry: StoredEntry) => unknown
  /** Gives an entry of unknown origin its place among what this application knows. */
  readonly adopt: (entry: StoredEntry) => StoredEntry
}

export class OutboxDoor implements Outbox {
  readonly #ports: OutboxDoorPorts
  readonly subscribe: Outbox['subscribe']
  readonly onStoring: Outbox['onStoring']

  constructor(ports: OutboxDoorPorts) {
    this.#ports = ports
    this.subscribe = ports.queue.subscribe
    this.onStoring = ports.queue.storing.subscribe
  }

  get entries(): readonly OutboxEntry[] {
    return this.#ports.queue.entries
  }

  get storing(): readonly OutboxEntry[] {
    return [...this.#ports.queue.drafts.values()]
  }

  get(id: string): OutboxEntry | undefined {
    return this.#ports.queue.known(id)
  }

  outcome(id: string): Outcome | undefined {
    return this.#ports.queue.outcomeOf(id)
  }

  recordsOf(id: string): readonly TouchedRecord[] {
    const { queue, foreseen } = this.#ports
    const entry = queue.known(id)
    return entry ? touchedRecords(entry, foreseen(entry), queue) : []
  }

  get history(): readonly SettledTask[] {
    return this.#ports.queue.history
  }

  get paused(): boolean {
    return this.#ports.replay.paused
  }

  get pausedBy(): Pausing {
    return this.#ports.replay.standstill.why
  }

  settled(id: string): Promise<Outcome> {
    return this.#ports.queue.settled(id)
  }

  async retry(wanted: string): Promise<void> {
    const { queue, replay } = this.#ports
    const entry = queue.require(wanted)
    const { id } = entry
    switch (entry.status) {
      case 'queued':
      case 'in-doubt':
      case 'sending':
        break
      case 'accepted':
        return replay.ask([id])
      case 'parked': {
        const known = this.#known(entry)
        const { text, migrations } = known
        // What the gateway may have stays as it was sent.
        const isOld = !entry.inDoubt && entry.version < migrations.length
        const mended = isOld ? { variables: migrated(entry, known), version: migrations.length } : {}
        await queue.change(change => change.move(id, 'queued', { document: text, faults: 0, ...mended }))
        break
      }
      case 'rejected':
        await this.#renew(entry, migrated(entry, this.#known(entry)))
        break
      case 'blocked':
        throw notPossible(entry, 'retried: it waits for a parked task. Retry or discard that one.')
      case 'conflict':
        throw notPossible(entry, 'retried: decide with conflicts.resolve().')
      case 'confirmed':
        return
      default:
        return entry.status satisfies never
    }
    replay.kick(true)
  }

  async edit(id: string, variables: object): Promise<void> {
    const { queue, replay } = this.#ports
    const entry = queue.require(id)
    const { task: _filledByTheClient, ...wanted } = plain(variables, entry.name)
    if (entry.status === 'queued' || entry.status === 'blocked') {
      await queue.change(change => {
        change.move(id, entry.status, { variables: wanted, after: queue.afterOf(wanted, entry) })
      })
    } else if (entry.status === 'rejected' || entry.status === 'parked') {
      await this.#renew(entry, wanted)
    } else {
      throw notPossible(entry, 'edited: the gateway may have it. Wait for its verdict.')
    }
    replay.kick(true)
  }

  async applySuggestion(id: string, index: number): Promise<string> {
    const { queue, replay } = this.#ports
    const entry = queue.require(id)
    const suggestion = entry.outcome?.status === 'rejected' ? entry.outcome.suggestions[index] : undefined
    if (!suggestion) throw notPossible(entry, `mended by its suggestion ${index}: it has none of that index.`)
    const known = this.#known(entry)
    const wanted = plain(suggested(known, migrated(entry, known), suggestion.patch), entry.name)
    const renewed = await this.#renew(entry, wanted)
    replay.kick(true)
    return renewed
  }

  dependents(id: string): readonly OutboxEntry[] {
    return this.#ports.queue.dependents(id)
  }

  async discard(id: string): Promise<void> {
    const { queue, replay } = this.#ports
    const falling = [queue.require(id), ...queue.dependents(id)]
    for (const entry of falling) {
      if (entry.status === 'sending' || entry.status === 'in-doubt' || entry.status === 'accepted') {
        throw notPossible(entry, 'discarded: the gateway may have it. Wait for its verdict.')
      }
    }
    await queue.discard(falling)
    replay.kick()
  }

  async cancel(id: string): Promise<void> {
    const { queue } = this.#ports
    const falling = [queue.require(id), ...queue.dependents(id)]
    for (const entry of falling) {
      if (entry.status === 'queued' || entry.status === 'blocked') continue
      throw notPossible(entry, 'cancelled: it was sent. Use discard() for what was rejected or parked.')
    }
    await queue.discard(falling)
  }

  resolveId(id: string): string {
    return this.#ports.temporaryIds.resolve(id)
  }

  pause(): void {
    this.#ports.replay.pause()
  }

  resume(): void {
    this.#ports.replay.resume()
  }

  async export(): Promise<string> {
    return writeExport(this.#ports.queue.stored(), this.#ports.temporaryIds.all())
  }

  async import(json: string): Promise<void> {
    const { queue, replay, adopt } = this.#ports
    const { entries, ids } = readExport(json)
    // A verdict that was given here stands, whatever the file says.
    const isNew = ({ id }: StoredEntry): boolean => !queue.known(id) && !queue.outcomeOf(id)
    entries.sort((a, b) => a.sequence - b.sequence)
    const place = await queue.places(() => entries.length)
    await queue.change(change => {
      change.assign(ids)
      for (const entry of entries.filter(isNew)) change.enqueue({ ...adopt(entry), sequence: place() })
    })
    replay.kick(true)
  }

  #renew(entry: StoredEntry, variables: Record<string, unknown>): Promise<string> {
    return renew(
      this.#ports.queue,
      each => this.#known(each),
      entry,
      variables,
      () => this.#ports.random.uuid(),
    )
  }

  #known(entry: StoredEntry): TaskDefinition {
    const definition = this.#ports.definition(entry.name)
    if (definition) return definition
    throw new LayoverError(
      'UNKNOWN_TASK',
      `This application registers no task ${entry.name || 'of that kind'}: register it again, or export or discard the entry ${entry.id}.`,
    )
  }
}

const notPossible = (entry: StoredEntry, rule: string): LayoverError =>
  new LayoverError('NOT_POSSIBLE', `${entry.name} ${entry.id} is ${entry.status} and cannot be ${rule}`)
