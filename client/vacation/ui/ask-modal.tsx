import { Button, Group, Modal, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import { useOpenerFocus } from './opener-focus.ts'

export interface AskProps {
  question: string
  /** What else goes with it. */
  children?: ReactNode
  /** What is done then, as the button says it: "Discard". */
  action: string
  onConfirm(): void
  onClose(): void
}

export function AskModal({ question, children, action, onConfirm, onClose }: AskProps): ReactNode {
  useOpenerFocus()
  return (
    <Modal opened onClose={onClose} title={question}>
      <Stack>
        {children}
        <Group justify="flex-end">
          <Button data-autofocus onClick={onClose}>
            {texts.common.keep}
          </Button>
          <Button
            variant="filled"
            color="red"
            onClick={() => {
              onClose()
              onConfirm()
            }}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
