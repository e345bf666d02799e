import { Button, Group } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'

const words = texts.common
const CLOSE = { 'aria-label': words.close }
const UNDO_MS = 8000

/** Says that something is saved on this device, and offers for eight seconds to take it back. */
export function toastUndo(message: string, undo: () => Promise<unknown>): void {
  const id = notifications.show({
    message: (
      <Group justify="space-between" wrap="nowrap">
        {message}
        <Button
          size="compact-sm"
          onClick={() => {
            notifications.hide(id)
            undo().catch(toastProblem)
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

/** Says why something did not work; stays until it is closed. */
export function toastProblem(reason: unknown): void {
  notifications.show({
    title: words.notDone,
    message: problemText(reason),
    color: 'red',
    autoClose: false,
    closeButtonProps: CLOSE,
    role: 'alert',
  })
}
