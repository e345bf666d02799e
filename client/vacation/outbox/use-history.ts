import type { SettledTask } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { useCallback, useSyncExternalStore } from 'react'

/** What left the outbox, newest first, as far as this device remembers. */
export function useHistory(): readonly SettledTask[] {
  const { outbox } = useOfflineClient()
  return useSyncExternalStore(
    useCallback(listener => outbox.subscribe(() => listener()), [outbox]),
    () => outbox.history,
  )
}
