import { Button, Modal, Textarea } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'

const words = texts.outbox

/** Everything that this device knows of the entry, for a message to somebody who helps. */
export function CopyDetails({ entry, reach }: { entry: OutboxEntry; reach: 0 | -1 }): ReactNode {
  const [state, setState] = useState<'copied' | 'by hand'>()
  const details = JSON.stringify(entry, null, 2)
  const copy = async (): Promise<void> => {
    try {
      // Only a secure page has a clipboard, and a person may have forbidden it.
      await navigator.clipboard.writeText(details)
      setState('copied')
    } catch {
      setState('by hand')
    }
  }
  return (
    <>
      <Button variant="subtle" color="gray" size="xs" tabIndex={reach} onClick={() => void copy()}>
        <span aria-live="polite">{state === 'copied' ? words.copied : words.copy}</span>
      </Button>
      <Modal opened={state === 'by hand'} onClose={() => setState(undefined)} title={words.copyByHand}>
        <Textarea
          aria-label={words.details}
          readOnly
          autosize
          maxRows={16}
          value={details}
          data-autofocus
          onFocus={event => event.currentTarget.select()}
        />
      </Modal>
    </>
  )
}
