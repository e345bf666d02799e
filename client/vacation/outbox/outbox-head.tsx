import { Progress as Bar, Button, Group, Stack, Text } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconSend } from '@tabler/icons-react'
import { useConnection, useOfflineClient, useOutbox } from 'layover/react'
import { type ReactNode, useId } from 'react'
import { useOverlay } from '../shell/overlay.ts'
import { useSyncState } from '../shell/sync-context.tsx'
import { chipText, type SyncState } from '../shell/sync-state.ts'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.ts'
import { useNow } from '../ui/use-now.ts'
import classes from './outbox.module.css'
import { stateLine, whyNotSend } from './state-line.ts'

const words = texts.outbox
const ICON = { size: 16, 'aria-hidden': true }

/** What holds for all of it, and what a person can do about all of it. */
export function OutboxHead(): ReactNode {
  const { outbox, sync: pulling } = useOfflineClient()
  const { mode } = useConnection()
  const pausedBy = useOutbox(state => state.pausedBy)
  const sync = useSyncState()
  const { show } = useOverlay()
  const reasonId = useId()
  const next = sync.kind === 'unreachable' ? sync.nextAttemptAt : undefined
  const now = useNow(next === undefined ? undefined : 1000)
  const seconds = next !== undefined && next > now ? Math.ceil((next - now) / 1000) : undefined
  const reason = whyNotSend(sync, mode)
  return (
    <Stack gap="sm" className={classes['head']}>
      <div>
        <Text fw={650}>{chipText(sync, seconds)}</Text>
        <Text size="sm">{stateLine(sync, mode)}</Text>
      </div>
      <Progress sync={sync} />
      <Group gap="xs" className={classes['actions']}>
        <Button
          size="xs"
          variant={reason === undefined ? 'filled' : 'default'}
          leftSection={<IconSend {...ICON} />}
          disabled={reason !== undefined}
          aria-describedby={reason === undefined ? undefined : reasonId}
          onClick={() => void pulling.push().catch(toastProblem)}
        >
          {words.sendNow}
        </Button>
        {sync.kind === 'sign-in' && (
          <Button size="xs" variant="filled" onClick={() => show('sign-in')}>
            {texts.shell.signInAgain}
          </Button>
        )}
        {pausedBy === 'user' ? (
          <Button size="xs" variant="filled" leftSection={<IconPlayerPlay {...ICON} />} onClick={() => outbox.resume()}>
            {words.resume}
          </Button>
        ) : (
          <Button
            size="xs"
            leftSection={<IconPlayerPause {...ICON} />}
            disabled={pausedBy === 'sign-in'}
            onClick={() => outbox.pause()}
          >
            {words.pause}
          </Button>
        )}
      </Group>
      {reason !== undefined && sync.unsettled > 0 && (
        <Text size="sm" id={reasonId}>
          {reason}
        </Text>
      )}
    </Stack>
  )
}

/** n of m while several changes leave. */
function Progress({ sync: { burst, kind } }: { sync: SyncState }): ReactNode {
  if (!burst || burst.of < 2 || kind !== 'sending') return null
  const text = texts.shell.progress(burst.done, burst.of)
  return (
    <div className={classes['progress']}>
      <Bar.Root
        size="md"
        role="progressbar"
        aria-label={texts.shell.progressName}
        aria-valuemin={0}
        aria-valuenow={burst.done}
        aria-valuemax={burst.of}
        aria-valuetext={text}
      >
        <Bar.Section value={(100 * burst.done) / burst.of} withAria={false} />
      </Bar.Root>
      <Text size="sm">{text}</Text>
    </div>
  )
}
