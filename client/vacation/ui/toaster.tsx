import '@mantine/notifications/styles.css'
import { Button, Group } from '@mantine/core'
import { Notifications, notifications } from '@mantine/notifications'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'

const words = texts.common
const CLOSE = { 'aria-label': words.close }
const UNDO_MS = 8000
const SAID_MS = 5000

/** Where the toasts appear. */
export function Toaster(): ReactNode {
  return <Notifications position="bottom-center" />
}

export function showUndo(message: string, undo: () => Promise<unknown>): void {
  const id = notifications.show({
    message: (
      <Group justify="space-between" wrap="nowrap">
        {message}
        <Button
          size="compact-sm"
          flex="none"
          onClick={() => {
            notifications.hide(id)
            undo().catch(showProblem)
          }}
        >
          {words.undo}
        </Button>
      </Group>
    ),
    autoClose: UNDO_MS,
    closeButtonProps: CLOSE,
  })
}

export function showSaid(message: string): void {
  notifications.show({ message, autoClose: SAID_MS, closeButtonProps: CLOSE, role: 'status' })
}

export function showProblem(reason: unknown): void {
  notifications.show({
    title: words.notDone,
    message: problemText(reason),
    color: 'red',
    autoClose: false,
    closeButtonProps: CLOSE,
    role: 'alert',
  })
}
