import { Button, Popover, Stack, Switch, Text } from '@mantine/core'
import { IconRefresh, IconWifi, IconWifiOff } from '@tabler/icons-react'
import { useConnection, useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.tsx'
import classes from './frame.module.css'
import { useSyncedText } from './sync-chip.tsx'

const words = texts.shell

/** The choice is the user's: it is kept apart from what the network does, and survives a restart. */
export function WorkOffline({ hint = false }: { hint?: boolean }): ReactNode {
  const { mode, setMode } = useConnection()
  return (
    <Switch
      label={words.workOffline}
      description={hint ? words.workOfflineHint : undefined}
      checked={mode === 'offline'}
      onChange={event => setMode(event.currentTarget.checked ? 'offline' : 'auto')}
    />
  )
}

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

/** Whether anything may leave, how sparingly, and when something last came. */
export function ConnectionMenu(): ReactNode {
  const { mode, setMode } = useConnection()
  const { text, exact } = useSyncedText()
  const Icon = mode === 'offline' ? IconWifiOff : IconWifi
  return (
    <Popover width={300} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="subtle" color="gray" px="xs" leftSection={<Icon size={18} aria-hidden />}>
          <span className={classes['wideText']}>{words.connection}</span>
          <span className={classes['narrowName']}>{words.connection}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
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
