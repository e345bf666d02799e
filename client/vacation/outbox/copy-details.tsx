import { Button, Modal, Textarea } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'

const words = texts.outbox

/** What helps somebody who helps; not the text of the document, which the page has anyway. */
function detailsOf(entry: OutboxEntry): string {
  const { id, sequence, name, status, attempts, queuedAt, nextAttemptAt, after, squashed, variables, outcome } = entry
  const told = { id, sequence, name, status, attempts, queuedAt, nextAttemptAt, after, squashed, variables, outcome }
  return JSON.stringify(told, null, 2)
}

/** Copies what this device knows of the entry, for a message to somebody who helps. */
export function CopyDetails({ entry, reach }: { entry: OutboxEntry; reach: 0 | -1 }): ReactNode {
  const [isCopied, setCopied] = useState(false)
  const [byHand, setByHand] = useState<string>()
  const copy = async (): Promise<void> => {
    const details = detailsOf(entry)
    try {
      // Only a secure page has a clipboard, and a person may have forbidden it.
      await navigator.clipboard.writeText(details)
      setCopied(true)
    } catch {
      setByHand(details)
    }
  }
  return (
    <>
      <Button variant="subtle" color="gray" size="xs" tabIndex={reach} onClick={() => void copy()}>
        <span aria-live="polite">{isCopied ? words.copied : words.copy}</span>
      </Button>
      <Modal opened={byHand !== undefined} onClose={() => setByHand(undefined)} title={words.copyByHand}>
        <Textarea
          aria-label={words.details}
          readOnly
          autosize
          maxRows={16}
          value={byHand ?? ''}
          data-autofocus
          onFocus={event => event.currentTarget.select()}
        />
      </Modal>
    </>
  )
}
