import { Button, Code, Group, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOutbox } from 'layover/react'
import { memo, type ReactNode, useState } from 'react'
import type { Records } from '../device/records.ts'
import { momentOf, relative } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { toastProblem } from '../ui/toast.ts'
import { useNow } from '../ui/use-now.ts'
import { TaskTimeline } from '../vacations/task-timeline.tsx'
import { EntryActions } from './entry-actions.tsx'
import { entryTitle } from './entry-title.ts'
import classes from './outbox.module.css'
import { isUnsettled } from './state-word.ts'
import { useStateWord } from './use-state-word.ts'

const words = texts.outbox

/** Why it is where it is, for its owner. */
function useReason(entry: OutboxEntry, records: Records): string | undefined {
  const blocker = useOutbox(({ entries }) => entries.find(({ id }) => entry.after.includes(id)))
  const { outcome } = entry
  if (outcome?.status === 'rejected') return outcome.message
  if (outcome?.status === 'parked') return outcome.reason
  if (outcome?.status === 'conflict') return outcome.conflict.inReview ? words.inReview : words.conflict
  if (entry.status === 'accepted') return words.accepted
  if (entry.status === 'in-doubt') return words.inDoubt
  return blocker && isUnsettled(blocker) ? words.after(entryTitle(blocker, records)) : undefined
}

/** "queued 5 minutes ago · 2 attempts · next try in 12 s" */
function Facts({ entry }: { entry: OutboxEntry }): ReactNode {
  const next = entry.nextAttemptAt ? Date.parse(entry.nextAttemptAt) : undefined
  const now = useNow(next === undefined ? 60_000 : 1000)
  const facts = [words.queuedAt(relative(Math.min(0, Date.parse(entry.queuedAt) - now)))]
  if (entry.attempts > 1) facts.push(words.attempts(entry.attempts))
  if (next !== undefined && next > now) facts.push(words.nextAttempt(Math.ceil((next - now) / 1000)))
  return (
    <Text size="sm" title={momentOf(entry.queuedAt)}>
      {facts.join(' · ')}
    </Text>
  )
}

export const EntryItem = memo(function EntryItem({
  entry,
  records,
}: {
  entry: OutboxEntry
  records: Records
}): ReactNode {
  const wordOf = useStateWord()
  const reason = useReason(entry, records)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys go from entry to entry
    <li className={classes['entry']} data-tentative={isUnsettled(entry)} tabIndex={0}>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Text fw={650}>{entryTitle(entry, records)}</Text>
        <StateBadge word={wordOf(entry)} />
      </Group>
      <Facts entry={entry} />
      {reason && <Text size="sm">{reason}</Text>}
      <TaskTimeline taskId={entry.id} compact />
      {(entry.status === 'rejected' || entry.status === 'parked') && (
        <details className={classes['sent']}>
          <summary>{words.whatWasSent}</summary>
          <Code block>{JSON.stringify(entry.variables, null, 2)}</Code>
        </details>
      )}
      <EntryActions entry={entry} />
      <CopyDetails entry={entry} />
    </li>
  )
})

function CopyDetails({ entry }: { entry: OutboxEntry }): ReactNode {
  const [isCopied, setCopied] = useState(false)
  // Only a secure page has a clipboard.
  if (typeof navigator.clipboard === 'undefined') return null
  const copy = (): void => {
    navigator.clipboard.writeText(JSON.stringify(entry, null, 2)).then(() => setCopied(true), toastProblem)
  }
  return (
    <Button variant="subtle" color="gray" size="compact-sm" mt={4} onClick={copy}>
      {isCopied ? words.copied : words.copy}
    </Button>
  )
}
