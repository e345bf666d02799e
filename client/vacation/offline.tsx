import { ApolloProvider } from '@apollo/client/react'
import type { ConflictEntry, Connection, OfflineClient, OutboxEntry } from 'layover/client'
import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react'

const OfflineContext = createContext<OfflineClient | undefined>(undefined)

/** Hands the client to Apollo's hooks and to ours. */
export function OfflineProvider({ client, children }: { client: OfflineClient; children: ReactNode }): ReactNode {
  return (
    <OfflineContext value={client}>
      <ApolloProvider client={client}>{children}</ApolloProvider>
    </OfflineContext>
  )
}

/** Throws outside `OfflineProvider`. */
export function useOfflineClient(): OfflineClient {
  const client = useContext(OfflineContext)
  if (!client) throw new Error('useOfflineClient outside OfflineProvider')
  return client
}

/** What waits, in queue order, and whether the user holds it back. */
export function useOutbox(): { entries: readonly OutboxEntry[]; paused: boolean } {
  const { outbox } = useOfflineClient()
  const subscribe = (listener: () => void): (() => void) => outbox.subscribe(listener)
  return {
    entries: useSyncExternalStore(subscribe, () => outbox.entries),
    paused: useSyncExternalStore(subscribe, () => outbox.paused),
  }
}

export function useConnection(): Pick<Connection, 'mode' | 'state'> {
  const { connection } = useOfflineClient()
  const subscribe = (listener: () => void): (() => void) => connection.subscribe(listener)
  return {
    mode: useSyncExternalStore(subscribe, () => connection.mode),
    state: useSyncExternalStore(subscribe, () => connection.state),
  }
}

export function useConflicts(): readonly ConflictEntry[] {
  const { conflicts } = useOfflineClient()
  return useSyncExternalStore(
    listener => conflicts.subscribe(listener),
    () => conflicts.list,
  )
}

/** Milliseconds since the epoch; undefined before the first sync. */
export function useLastSyncedAt(): number | undefined {
  const { sync } = useOfflineClient()
  return useSyncExternalStore(
    listener => sync.subscribe(listener),
    () => sync.lastSyncedAt?.getTime(),
  )
}
