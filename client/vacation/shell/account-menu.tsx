import { Button } from '@mantine/core'
import { IconUserCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { texts } from '../texts/index.ts'
import classes from './frame.module.css'
import { onDemand } from './on-demand.ts'
import { Opener } from './opener.tsx'

const AccountItems = onDemand(async () => (await import('./account-items.tsx')).AccountItems)

export function AccountMenu({ onShortcuts }: { onShortcuts(): void }): ReactNode {
  const { session } = useSignedIn()
  const button = (
    <Button
      variant="subtle"
      color="gray"
      px="xs"
      aria-haspopup="menu"
      aria-label={texts.shell.account}
      leftSection={<IconUserCircle size={18} aria-hidden />}
    >
      <span className={classes['wideText']}>{session.label}</span>
    </Button>
  )
  return <Opener button={button}>{target => <AccountItems target={target} onShortcuts={onShortcuts} />}</Opener>
}
