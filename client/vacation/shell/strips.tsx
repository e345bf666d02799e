import { Button, Progress } from '@mantine/core'
import { useConnection, useOfflineClient } from 'layover/react'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.ts'
import classes from './frame.module.css'
import { useOverlay } from './overlay.ts'
import type { SyncState } from './sync-state.ts'

const words = texts.shell

function Strip({ text, action, onAction }: { text: string; action: string; onAction(): void }): ReactNode {
  return (
    <div className={classes['strip']}>
      <span>{text}</span>
      <Button size="xs" onClick={onAction}>
        {action}
      </Button>
    </div>
  )
}

/** What keeps the changes from leaving, where a person can end it: nobody forgets a switch that is shown. */
export function Strips({ sync }: { sync: SyncState }): ReactNode {
  const { mode, setMode } = useConnection()
  const { outbox, sync: pulling } = useOfflineClient()
  const { show } = useOverlay()
  if (sync.kind === 'sign-in') {
    return (
      <Strip text={words.signInNeeded(sync.unsettled)} action={words.signInAgain} onAction={() => show('sign-in')} />
    )
  }
  if (mode === 'offline') {
    return <Strip text={words.workingOffline} action={words.goOnline} onAction={() => setMode('auto')} />
  }
  if (sync.kind === 'paused') {
    return <Strip text={words.pausedByYou} action={words.resume} onAction={() => outbox.resume()} />
  }
  if (sync.kind === 'unreachable') {
    const tryNow = (): void => {
      pulling.pull().catch(toastProblem)
    }
    return <Strip text={words.announce.unreachable} action={words.tryNow} onAction={tryNow} />
  }
  return null
}

/** n of m while several changes leave. What is on its way already cannot be called back; the rest can be held. */
export function SendingProgress({ sync: { burst, kind } }: { sync: SyncState }): ReactNode {
  const { outbox } = useOfflineClient()
  if (!burst || burst.of < 2 || kind !== 'sending') return null
  return (
    <div className={classes['strip']} data-quiet>
      {/* Of the whole bar, not of its filled part, which has no width at the beginning. */}
      <Progress.Root
        size="md"
        className={classes['progress']}
        role="progressbar"
        aria-label={words.progressName}
        aria-valuemin={0}
        aria-valuenow={burst.done}
        aria-valuemax={burst.of}
        aria-valuetext={words.progress(burst.done, burst.of)}
      >
        <Progress.Section value={(100 * burst.done) / burst.of} withAria={false} />
      </Progress.Root>
      <span>{words.progress(burst.done, burst.of)}</span>
      <Button size="xs" onClick={() => outbox.pause()}>
        {words.stopSending}
      </Button>
    </div>
  )
}
