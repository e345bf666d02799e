/** What the hooks subscribe to: one of each per client, however many hooks and providers there are. */
import type { OfflineClient } from '../offline-client.ts'
import { OutboxStore } from './outbox-store.ts'
import { RecordStatuses } from './record-statuses.ts'

type Subscribe = (listener: () => void) => () => void

/** Functions keep their identity, or React would subscribe anew with every rendering. */
export interface Stores {
  readonly outbox: OutboxStore
  readonly records: RecordStatuses
  readonly connection: Subscribe
  readonly conflicts: Subscribe
  readonly sync: Subscribe
  readonly setMode: OfflineClient['connection']['setMode']
  readonly resolve: OfflineClient['conflicts']['resolve']
}

const stores = new WeakMap<OfflineClient, Stores>()

export function storesOf(client: OfflineClient): Stores {
  let known = stores.get(client)
  if (!known) {
    const { connection, conflicts, sync } = client
    known = {
      outbox: new OutboxStore(client),
      records: new RecordStatuses(client),
      connection: listener => connection.subscribe(listener),
      conflicts: listener => conflicts.subscribe(listener),
      sync: listener => sync.subscribe(listener),
      setMode: mode => connection.setMode(mode),
      resolve: (...decision) => conflicts.resolve(...decision),
    }
    stores.set(client, known)
  }
  return known
}
