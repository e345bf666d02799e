import { type ReactNode, useEffect } from 'react'
import { texts } from '../texts/index.ts'
import { useViewName } from './navigation.tsx'
import type { SyncState } from './sync-state.ts'

/** How many changes wait or need somebody: in the tab's title, and on the icon of the installed app where the system shows that. */
export function PageTitle({ sync }: { sync: SyncState }): ReactNode {
  const name = useViewName()
  const count = sync.unsettled + sync.review + sync.failed + sync.parked
  useEffect(() => {
    const badge = navigator as Partial<Pick<Navigator, 'setAppBadge' | 'clearAppBadge'>>
    // Refused where the page is not installed: then there is no icon to mark.
    if (count > 0) badge.setAppBadge?.(count).catch(() => undefined)
    else badge.clearAppBadge?.().catch(() => undefined)
  }, [count])
  return <title>{texts.shell.pageTitle(count, name)}</title>
}
