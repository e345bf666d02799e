/** The two ways out: closing, after which the device still has everything, and signing out, after which it has nothing. */
import type { ApolloClient } from '@apollo/client'
import type { Clock } from '../protocol/ports.ts'
import type { BaseWrites } from './base-writes.ts'
import type { Conflicts } from './conflicts.ts'
import type { Connectivity } from './connectivity.ts'
import { LayoverError } from './layover-error.ts'
import type { OptimisticLayer } from './optimistic.ts'
import type { OutboxQueue } from './outbox.ts'
import type { Replay } from './replay.ts'
import type { SignIn } from './sign-in.ts'
import type { CacheRecords } from './storage/cache-records.ts'
import type { Database } from './storage/database.ts'
import { LEFT, type OutboxRecords } from './storage/outbox-records.ts'
import type { Writer } from './storage/writer.ts'
import type { SyncLoop } from './sync.ts'
import type { Tabs } from './tabs/tabs.ts'
import type { Wire } from './wire.ts'

export interface LeavingRooms {
  readonly clock: Clock
  readonly client: ApolloClient
  readonly queue: OutboxQueue
  readonly replay: Replay
  readonly sync: SyncLoop
  readonly wire: Wire
  readonly signIn: SignIn
  readonly connectivity: Connectivity
  readonly conflicts: Conflicts
  readonly layer: OptimisticLayer
  readonly base: BaseWrites
  readonly records: OutboxRecords
  readonly writer: Writer
  readonly database: Database
  readonly tabs: Tabs | undefined
  /** To the other tabs. */
  readonly sayLeaving: () => void
  readonly cacheRecords: CacheRecords
}

export class Leaving {
  readonly #rooms: LeavingRooms
  readonly left: Promise<'closed' | 'signed-out'>
  #closing: Promise<void> | undefined
  #tell: (how: 'closed' | 'signed-out') => void = () => undefined

  constructor(rooms: LeavingRooms) {
    this.#rooms = rooms
    this.left = new Promise(resolve => {
      this.#tell = resolve
    })
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  close(): Promise<void> {
    this.#closing ??= this.#quiet()
      .then(() => this.#shut())
      .then(() => this.#tell('closed'))
    return this.#closing
  }

  /** The user has signed out in another tab, which removes what is on the device. */
  leave(): Promise<void> {
    this.#rooms.tabs?.close() // Nothing is stored any more, and the lead not taken.
    this.#closing ??= this.#quiet()
      .then(() => this.#shut())
      .then(() => this.#tell('signed-out'))
    return this.#closing
  }

  async signOut(pending: 'keep' | 'send' | 'discard'): Promise<void> {
    const { queue, sync } = this.#rooms
    if (pending === 'send') {
      await sync.push()
      const left = queue.entries.length
      if (left > 0) {
        throw new LayoverError(
          'PENDING_TASKS',
          `${left} tasks are still in the outbox. Deal with them, or sign out with 'keep' or 'discard'.`,
        )
      }
    }
    this.#closing = this.#alone()
      .then(() => this.#quiet())
      .then(() => this.#forget(pending === 'keep'))
      .then(() => this.#shut())
      .then(() => this.#tell('signed-out'))
    await this.#closing
  }

  /** Every other tab of this user is closed, and what it still wants to write is refused. */
  async #alone(): Promise<void> {
    const { tabs, sayLeaving, writer, records, clock } = this.#rooms
    if (!tabs) return
    sayLeaving()
    await tabs.seize()
    await records.saveSetting(LEFT, await writer.lead(clock.now()))
  }

  /** Nothing is sent, asked or awaited any more. */
  async #quiet(): Promise<void> {
    const { sync, replay, signIn, wire, client, connectivity, writer } = this.#rooms
    sync.close()
    replay.close()
    signIn.resume()
    wire.close()
    client.stop()
    connectivity.close()
    await Promise.all([sync.idle(), replay.idle()])
    await writer.idle()
  }

  async #forget(keepsOutbox: boolean): Promise<void> {
    const { layer, client, cacheRecords, database, queue, records } = this.#rooms
    layer.close()
    await client.clearStore()
    await cacheRecords.purge()
    if (keepsOutbox) await queue.forgetSettled()
    else await records.clear().then(() => database.remove())
  }

  async #shut(): Promise<void> {
    const { conflicts, queue, layer, cacheRecords, base, database, tabs, writer } = this.#rooms
    conflicts.close()
    queue.close()
    layer.close()
    await cacheRecords.close()
    tabs?.close()
    await writer.idle() // What other tabs have told until now.
    base.close()
    database.close()
  }
}
