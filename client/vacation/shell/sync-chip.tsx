import { Button } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconClockHour4,
  IconCloudOff,
  IconCloudUpload,
  IconKey,
  IconPlayerPause,
  IconPlugConnectedX,
} from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import { useNow } from '../ui/use-now.ts'
import classes from './frame.module.css'
import { useOverlay } from './overlay.ts'
import { chipText, type SyncKind, type SyncState } from './sync-state.ts'
import { useSyncedText } from './synced-text.ts'

const words = texts.shell

const LOOKS: Readonly<
  Record<SyncKind, [color: string, icon: ComponentType<{ size: number; 'aria-hidden': boolean }>]>
> = {
  saved: ['teal', IconCircleCheck],
  waiting: ['gray', IconClockHour4],
  sending: ['blue', IconCloudUpload],
  offline: ['gray', IconCloudOff],
  unreachable: ['orange', IconPlugConnectedX],
  paused: ['yellow', IconPlayerPause],
  'sign-in': ['orange', IconKey],
  stuck: ['orange', IconAlertTriangle],
}

/** Icon and words, never colour alone. Opens the outbox, or the sign-in when that is what is waited for. */
export function SyncChip({ sync }: { sync: SyncState }): ReactNode {
  const { show } = useOverlay()
  const counts = sync.kind === 'unreachable' && sync.nextAttemptAt !== undefined
  const now = useNow(counts ? 1000 : undefined)
  const seconds = counts ? Math.max(0, Math.ceil(((sync.nextAttemptAt ?? 0) - now) / 1000)) : undefined
  const [color, Icon] = LOOKS[sync.kind]
  const text = chipText(sync, seconds)
  const { text: synced, exact } = useSyncedText()
  const opensSignIn = sync.kind === 'sign-in'
  return (
    <Button
      title={exact ? `${synced} (${exact})` : synced}
      variant="light"
      color={color}
      radius="xl"
      className={classes['chip']}
      leftSection={<Icon size={18} aria-hidden />}
      aria-label={`${text}. ${opensSignIn ? words.chip.openSignIn : words.chip.open}`}
      data-kind={sync.kind}
      onClick={() => show(opensSignIn ? 'sign-in' : 'outbox')}
    >
      {text}
    </Button>
  )
}
