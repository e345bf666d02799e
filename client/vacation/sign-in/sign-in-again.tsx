import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'

export function SignInAgain({ onClose }: { onClose(): void }): ReactNode {
  return (
    <Modal opened onClose={onClose} title="…">
      …
    </Modal>
  )
}
