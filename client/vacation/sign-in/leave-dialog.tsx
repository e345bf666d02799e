import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'

export function LeaveDialog({ onClose }: { onClose(): void; onSignedOut(): void }): ReactNode {
  return (
    <Modal opened onClose={onClose} title="…">
      …
    </Modal>
  )
}
