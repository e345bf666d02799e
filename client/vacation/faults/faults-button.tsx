import { Button } from '@mantine/core'
import { IconFlask } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { texts } from '../texts/index.ts'
import { faultPanel, useFaultPanel } from './panel-state.ts'

/** In demo mode, where a visitor sees it. */
export function FaultsButton(): ReactNode {
  const { session } = useSignedIn()
  const isOpen = useFaultPanel()
  if (session.by !== 'demo' || isOpen) return null
  return (
    <Button
      variant="subtle"
      color="gray"
      px="xs"
      leftSection={<IconFlask size={18} aria-hidden />}
      onClick={faultPanel.open}
    >
      {texts.faults.title}
    </Button>
  )
}
