import { Menu, useMantineColorScheme } from '@mantine/core'
import {
  IconCheck,
  IconCode,
  IconDeviceDesktop,
  IconFlask,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSun,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { faultPanel } from '../faults/panel-state.ts'
import { texts } from '../texts/index.ts'
import { InstallButton } from './install-button.tsx'
import { useOverlay } from './overlay.ts'

const words = texts.shell
const SCHEMES = [
  ['auto', IconDeviceDesktop],
  ['light', IconSun],
  ['dark', IconMoon],
] as const

interface AccountItemsProps {
  target: ReactNode
  onShortcuts(): void
}

/** The menu, open from the start: it is loaded when somebody wants it. */
export function AccountItems({ target, onShortcuts }: AccountItemsProps): ReactNode {
  const { session } = useSignedIn()
  const { show } = useOverlay()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu withInitialFocusPlaceholder={false} defaultOpened position="bottom-end" width={240}>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{words.signedInAs(session.label)}</Menu.Label>
        {session.by === 'demo' && (
          <Menu.Item leftSection={<IconFlask size={16} aria-hidden />} onClick={faultPanel.open}>
            {words.faults}
          </Menu.Item>
        )}
        <Menu.Item component="a" href="/playground/" leftSection={<IconCode size={16} aria-hidden />}>
          {words.playground}
        </Menu.Item>
        <InstallButton />
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={onShortcuts}>
          {words.shortcuts}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{words.colours}</Menu.Label>
        {SCHEMES.map(([scheme, Icon]) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={colorScheme === scheme ? <IconCheck size={16} aria-label={words.chosen} /> : undefined}
            onClick={() => setColorScheme(scheme)}
          >
            {words.colourSchemes[scheme]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => show('leave')}>
          {words.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
