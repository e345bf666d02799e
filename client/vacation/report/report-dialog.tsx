import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'

export function ReportDialog({ opened, onClose }: { opened: boolean; onClose(): void }): ReactNode {
  return (
    <Modal opened={opened} onClose={onClose} title={texts.report.title}>
      …
    </Modal>
  )
}
