import { Button, Group, List, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { type Records, useRecords } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { useOverlay } from '../shell/overlay.ts'
import { texts } from '../texts/index.ts'
import { Ask } from '../ui/ask.tsx'
import { toastProblem, toastUndo } from '../ui/toast.ts'
import { entryTitle } from './entry-title.ts'
import { isWaiting } from './state-word.ts'
import { withdraw } from './withdraw.ts'

const words = texts.outbox

/** Where the entry can be edited; undefined: nowhere, or no longer. */
function editorOf(entry: OutboxEntry): string | undefined {
  if (!isWaiting(entry) && entry.status !== 'rejected' && entry.status !== 'parked') return undefined
  const known = knownTask(entry)
  if (known?.name === 'BookVacation') return `/book?entry=${entry.id}`
  if (known?.name === 'CreateCustomer') return `/customers/${known.variables.input.id}?entry=${entry.id}`
  return known?.name === 'UpdateCustomer' ? `/customers/${known.variables.id}?entry=${entry.id}` : undefined
}

/** What a person may do about one entry, by how far it has come. */
export function EntryActions({ entry }: { entry: OutboxEntry }): ReactNode {
  const client = useOfflineClient()
  const { outbox } = client
  const [, navigate] = useLocation()
  const { show } = useOverlay()
  const records = useRecords()
  const [isAsking, setAsking] = useState(false)
  const title = entryTitle(entry, records)
  const run = (action: Promise<unknown>): void => void action.catch(toastProblem)
  const named = (action: string): string => words.about(action, title)
  const suggestions = entry.outcome?.status === 'rejected' ? entry.outcome.suggestions : []
  const editor = editorOf(entry)
  const isStuck = entry.status === 'rejected' || entry.status === 'parked'
  const conflict = entry.outcome?.status === 'conflict' ? entry.outcome.conflict : undefined
  const dependents = outbox.dependents(entry.id)
  const giveUp = (): void => {
    if (isWaiting(entry)) {
      run(withdraw(client, [entry, ...dependents]).then(undo => toastUndo(words.withdrawn, undo)))
    } else run(outbox.discard(entry.id))
  }
  return (
    <Group gap="xs" mt="xs">
      {suggestions.map((suggestion, index) => (
        <Button
          key={suggestion.label}
          variant="filled"
          size="xs"
          onClick={() => run(outbox.applySuggestion(entry.id, index))}
        >
          {suggestion.label}
        </Button>
      ))}
      {conflict && !conflict.inReview && (
        <Button variant="filled" size="xs" aria-label={named(words.settle)} onClick={() => show('conflict', entry.id)}>
          {words.settle}
        </Button>
      )}
      {(entry.status === 'parked' ||
        entry.nextAttemptAt ||
        entry.status === 'accepted' ||
        entry.status === 'in-doubt') && (
        <Button size="xs" aria-label={named(words.retry)} onClick={() => run(outbox.retry(entry.id))}>
          {words.retry}
        </Button>
      )}
      {editor && (
        <Button
          size="xs"
          aria-label={named(isStuck ? words.editAndResend : words.edit)}
          onClick={() => navigate(editor)}
        >
          {isStuck ? words.editAndResend : words.edit}
        </Button>
      )}
      {(isWaiting(entry) || isStuck) && (
        <Button
          size="xs"
          aria-label={named(isStuck ? words.discard : words.withdraw)}
          onClick={() => (isWaiting(entry) && dependents.length === 0 ? giveUp() : setAsking(true))}
        >
          {isStuck ? words.discard : words.withdraw}
        </Button>
      )}
      {isAsking && (
        <Ask
          question={words.discardQuestion(title)}
          action={isStuck ? words.discard : words.withdraw}
          onConfirm={giveUp}
          onClose={() => setAsking(false)}
        >
          <Dependents entries={dependents} records={records} />
        </Ask>
      )}
    </Group>
  )
}

function Dependents({ entries, records }: { entries: readonly OutboxEntry[]; records: Records }): ReactNode {
  if (entries.length === 0) return null
  return (
    <>
      <Text>{words.goesToo}</Text>
      <List>
        {entries.map(each => (
          <List.Item key={each.id}>{entryTitle(each, records)}</List.Item>
        ))}
      </List>
    </>
  )
}
