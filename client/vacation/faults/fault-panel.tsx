import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'

export function FaultPanel({ onClose }: { onClose(): void }): ReactNode {
  return (
    <Modal opened onClose={onClose} title="…">
      …
    </Modal>
  )
}
