import { Button, Popover, Stack, Switch, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useConnection, useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.ts'
import classes from './frame.module.css'
import { useSyncedText } from './synced-text.ts'
import { WorkOffline } from './work-offline.tsx'

const words = texts.shell

function SyncNow(): ReactNode {
  const { sync } = useOfflineClient()
  const { mode } = useConnection()
  const [running, setRunning] = useState(false)
  return (
    <Button
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={running}
      disabled={mode === 'offline'}
      onClick={() => {
        setRunning(true)
        sync
          .pull()
          .catch(toastProblem)
          .finally(() => setRunning(false))
      }}
    >
      {words.syncNow}
    </Button>
  )
}

/** Whether anything may leave, how sparingly, and when something last came. Open from the start: it is loaded when it is wanted. */
export function ConnectionPanel({ target }: { target: ReactNode }): ReactNode {
  const { mode, setMode } = useConnection()
  const { text, exact } = useSyncedText()
  return (
    <Popover defaultOpened width={300} position="bottom-end" trapFocus>
      <Popover.Target>{target}</Popover.Target>
      <Popover.Dropdown aria-label={words.connection}>
        <Stack gap="md">
          <div className={classes['narrowOnly']}>
            <WorkOffline hint />
          </div>
          <Switch
            label={words.metered}
            description={words.meteredHint}
            checked={mode === 'metered'}
            disabled={mode === 'offline'}
            onChange={event => setMode(event.currentTarget.checked ? 'metered' : 'auto')}
          />
          <Text size="sm" title={exact}>
            {text}
          </Text>
          <SyncNow />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
