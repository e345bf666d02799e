import { useFreshness } from 'layover/react'
import { momentOf, relative } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { useNow } from '../ui/use-now.ts'

const words = texts.shell
const MINUTE = 60_000

/** When everything was last fetched, e.g. "Synced 5 minutes ago". */
export function useSyncedText(): { text: string; exact: string | undefined } {
  const { lastSyncedAt } = useFreshness()
  const now = useNow(MINUTE)
  if (!lastSyncedAt) return { text: words.neverSynced, exact: undefined }
  const age = Math.min(0, lastSyncedAt.getTime() - now)
  const text = age > -MINUTE ? words.syncedNow : words.synced(relative(age))
  return { text, exact: momentOf(lastSyncedAt.toISOString()) }
}
