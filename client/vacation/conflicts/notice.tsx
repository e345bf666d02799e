import { Button, Group, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'

/** The end of a dialog: what was done with the decision. */
export function Notice({ text, onClose }: { text: string; onClose(): void }): ReactNode {
  return (
    <Stack>
      <Text role="status">{text}</Text>
      <Group justify="flex-end">
        <Button variant="filled" data-autofocus onClick={onClose}>
          {texts.conflicts.close}
        </Button>
      </Group>
    </Stack>
  )
}
