import { Button } from '@mantine/core'
import { IconWifi, IconWifiOff } from '@tabler/icons-react'
import { useConnection } from 'layover/react'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import classes from './frame.module.css'
import { onDemand } from './on-demand.ts'
import { Opener } from './opener.tsx'

const ConnectionPanel = onDemand(async () => (await import('./connection-panel.tsx')).ConnectionPanel)

export function ConnectionMenu(): ReactNode {
  const { mode } = useConnection()
  const Icon = mode === 'offline' ? IconWifiOff : IconWifi
  const button = (
    <Button
      variant="subtle"
      color="gray"
      px="xs"
      aria-haspopup="dialog"
      aria-label={texts.shell.connection}
      leftSection={<Icon size={18} aria-hidden />}
    >
      <span className={classes['wideText']}>{texts.shell.connection}</span>
    </Button>
  )
  return <Opener button={button}>{target => <ConnectionPanel target={target} />}</Opener>
}
