import { useFreshness } from 'layover/react'
import { momentOf, relative } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { useNow } from '../ui/use-now.ts'

const words = texts.shell

/** When everything was last fetched, e.g. "Synced 5 minutes ago". */
export function useSyncedText(): { text: string; exact: string | undefined } {
  const { lastSyncedAt } = useFreshness()
  const now = useNow(60_000)
  if (!lastSyncedAt) return { text: words.neverSynced, exact: undefined }
  const age = Math.min(0, lastSyncedAt.getTime() - now)
  return { text: words.synced(relative(age)), exact: momentOf(lastSyncedAt.toISOString()) }
}
