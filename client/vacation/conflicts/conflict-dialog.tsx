import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'

export function ConflictDialog({ onClose }: { id: string; onClose(): void }): ReactNode {
  return (
    <Modal opened onClose={onClose} title="…">
      …
    </Modal>
  )
}
