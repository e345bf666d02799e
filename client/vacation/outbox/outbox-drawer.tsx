import { Drawer } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'

export function OutboxDrawer({ opened, onClose }: { opened: boolean; onClose(): void }): ReactNode {
  return (
    <Drawer opened={opened} onClose={onClose} position="right" title={texts.outbox.title}>
      …
    </Drawer>
  )
}
