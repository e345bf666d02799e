import { useConnection, useOutbox } from 'layover/react'
import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { type Burst, nextBurst } from './burst.ts'
import { countsOf, kindOf, type SyncState } from './sync-state.ts'

const SyncContext = createContext<SyncState | undefined>(undefined)

/** One for the page: where a burst has come to must be the same in the header and in the outbox. */
export function SyncStateProvider({ children }: { children: ReactNode }): ReactNode {
  const { state } = useConnection()
  const { pausedBy: holder, entries } = useOutbox()
  const { tokens } = useSignedIn()
  // Also while nothing waits to be sent: then it is the news that does not come.
  const isNeeded = useSyncExternalStore(tokens.subscribe, tokens.isNeeded)
  const pausedBy = isNeeded ? 'sign-in' : holder
  const counts = countsOf(entries)
  const { underWay } = counts
  const flows = state === 'online' && pausedBy === undefined
  const [burst, setBurst] = useState<Burst>()
  const next = nextBurst(burst, { unsettled: counts.unsettled - counts.blocked, underWay, flows })
  if (next !== burst) setBurst(next)
  const sync: SyncState = { ...counts, kind: kindOf(counts, state, pausedBy), burst: next }
  return <SyncContext value={sync}>{children}</SyncContext>
}

/** How the changes fare. Only below the sign-in. */
export function useSyncState(): SyncState {
  const sync = useContext(SyncContext)
  if (!sync) throw new Error('useSyncState stands above SyncStateProvider')
  return sync
}
