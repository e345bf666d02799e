import { Button, Group } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { type Records, useRecords } from '../device/records.ts'
import { useOverlay } from '../shell/overlay.ts'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.ts'
import { CopyDetails } from './copy-details.tsx'
import { EditEntry } from './edit-entry.tsx'
import { editorOf } from './editor-of.ts'
import { entryTitle } from './entry-title.ts'
import { GiveUp } from './give-up.tsx'
import classes from './outbox.module.css'
import { retryWord } from './retry-word.ts'
import { isWaiting } from './state-word.ts'

const words = texts.outbox

interface ActionsProps {
  entry: OutboxEntry
  records: Records
  /** With the button that copies all that is known of it. */
  withDetails?: boolean
  /** -1: the Tab key passes the buttons. */
  reach?: 0 | -1
}

/** What a person may do about one entry, where it is shown by itself. */
export function EntryActions({ entry }: { entry: OutboxEntry }): ReactNode {
  return <Actions entry={entry} records={useRecords()} />
}

/** What a person may do about one entry, by how far it has come. */
export function Actions({ entry, records, withDetails = false, reach = 0 }: ActionsProps): ReactNode {
  const { outbox } = useOfflineClient()
  const [, navigate] = useLocation()
  const { show } = useOverlay()
  const [isEditing, setEditing] = useState(false)
  const [first, ...otherSuggestions] = entry.outcome?.status === 'rejected' ? entry.outcome.suggestions : []
  const retry = retryWord(entry)
  const title = entryTitle(entry, records)
  const run = (action: Promise<unknown>): void => void action.catch(toastProblem)
  const named = (action: string): string => words.about(action, title)
  const editor = editorOf(entry, records)
  const isStuck = entry.status === 'rejected' || entry.status === 'parked'
  const conflict = entry.outcome?.status === 'conflict' ? entry.outcome.conflict : undefined
  const small = { size: 'xs', tabIndex: reach } as const
  const edit = isStuck ? words.editAndResend : words.edit
  return (
    <Group gap="xs" mt="xs" className={classes['actions']}>
      {first && (
        <Button {...small} variant="filled" onClick={() => run(outbox.applySuggestion(entry.id, 0))}>
          {first.label}
        </Button>
      )}
      {otherSuggestions.map(({ label }, index) => (
        <Button key={label} {...small} onClick={() => run(outbox.applySuggestion(entry.id, index + 1))}>
          {label}
        </Button>
      ))}
      {conflict && !conflict.inReview && (
        <Button {...small} variant="filled" aria-label={named(words.settle)} onClick={() => show('conflict', entry.id)}>
          {words.settle}
        </Button>
      )}
      {retry && (
        <Button {...small} aria-label={named(retry)} onClick={() => run(outbox.retry(entry.id))}>
          {retry}
        </Button>
      )}
      {editor && (
        <Button
          {...small}
          aria-label={named(edit)}
          onClick={() => (editor === 'here' ? setEditing(true) : navigate(editor))}
        >
          {edit}
        </Button>
      )}
      {(isWaiting(entry) || isStuck) && <GiveUp entry={entry} records={records} {...small} />}
      {withDetails && <CopyDetails entry={entry} reach={reach} />}
      {isEditing && <EditEntry entry={entry} records={records} onClose={() => setEditing(false)} />}
    </Group>
  )
}
