import { Group, Title } from '@mantine/core'
import { type ReactNode, Suspense, useCallback, useState } from 'react'
import { useLocation } from 'wouter'
import { FaultStrip } from '../faults/fault-strip.tsx'
import { FaultsButton } from '../faults/faults-button.tsx'
import { AbsenceReport } from '../report/absence-report.tsx'
import { texts } from '../texts/index.ts'
import { AccountMenu } from './account-menu.tsx'
import { Announcer } from './announcer.tsx'
import { ConnectionMenu } from './connection-menu.tsx'
import { FirstRun } from './first-run.tsx'
import classes from './frame.module.css'
import { Navigation } from './navigation.tsx'
import { onDemand } from './on-demand.ts'
import { PageTitle } from './page-title.tsx'
import { ScreenBoundary } from './screen-boundary.tsx'
import { useShortcuts } from './shortcuts.ts'
import { SendingProgress, Strips } from './strips.tsx'
import { SyncChip } from './sync-chip.tsx'
import { useSyncState } from './sync-context.tsx'
import { VersionBanner } from './version-banner.tsx'
import { WorkOffline } from './work-offline.tsx'

const words = texts.shell
const ShortcutList = onDemand(async () => (await import('./shortcut-list.tsx')).ShortcutList)
const CONTENT = 'content'

/** What stands around every screen: where one can go, how the changes fare, and who works here. */
export function Frame({ children }: { children: ReactNode }): ReactNode {
  const sync = useSyncState()
  const [location] = useLocation()
  const [isHelping, setHelping] = useState(false)
  useShortcuts(useCallback(() => setHelping(true), []))
  return (
    <>
      <PageTitle sync={sync} />
      <a href={`#${CONTENT}`} className={classes['skip']}>
        {words.skip}
      </a>
      <header className={classes['header']}>
        <div className={classes['bar']}>
          <Group gap="xs" wrap="nowrap" className={classes['brand']}>
            <img src="/icon.svg" alt="" width={28} height={28} />
            <Title order={1} size="h4" className={classes['product']}>
              {words.product}
            </Title>
          </Group>
          <Navigation />
          <SyncChip sync={sync} />
          <div className={classes['wideOnly']}>
            <WorkOffline />
          </div>
          <div className={classes['wideOnly']}>
            <FaultsButton />
          </div>
          <Group gap={0} wrap="nowrap" className={classes['tools']}>
            <ConnectionMenu />
            <AccountMenu onShortcuts={() => setHelping(true)} />
          </Group>
        </div>
        <VersionBanner />
        <FaultStrip />
        <Strips sync={sync} />
        <SendingProgress sync={sync} />
        <AbsenceReport />
      </header>
      <main id={CONTENT} tabIndex={-1} className={classes['content']}>
        <FirstRun>
          <ScreenBoundary place={location}>{children}</ScreenBoundary>
        </FirstRun>
      </main>
      <Announcer sync={sync} />
      {isHelping && (
        <Suspense fallback={null}>
          <ShortcutList onClose={() => setHelping(false)} />
        </Suspense>
      )}
    </>
  )
}
