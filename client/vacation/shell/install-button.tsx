import { Menu } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { type ReactNode, useSyncExternalStore } from 'react'
import { useHistory } from '../outbox/use-history.ts'
import { texts } from '../texts/index.ts'
import { installation } from './installation.ts'

const words = texts.shell.install

/** Offered once the page has proved itself: after the first confirmed task, never on load. */
export function InstallButton(): ReactNode {
  const offer = useSyncExternalStore(installation.subscribe, installation.offer)
  const hasProved = useHistory().some(({ outcome }) => outcome.status === 'confirmed')
  if (!hasProved || offer === 'none') return null
  const icon = <IconDownload size={16} aria-hidden />
  return offer === 'by-hand' ? (
    <Menu.Label>{words.byHand}</Menu.Label>
  ) : (
    <Menu.Item leftSection={icon} onClick={() => void installation.ask()}>
      {words.action}
    </Menu.Item>
  )
}
