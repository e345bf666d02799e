import { Code, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOutbox } from 'layover/react'
import { memo, type ReactNode } from 'react'
import type { Records } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { TaskTimeline } from '../vacations/task-timeline.tsx'
import { Actions } from './entry-actions.tsx'
import { EntryFacts } from './entry-facts.tsx'
import { entryTitle } from './entry-title.ts'
import classes from './outbox.module.css'
import { isUnsettled } from './state-word.ts'
import { useStateWord } from './use-state-word.ts'

const words = texts.outbox

/** Why it is where it is, for its owner. */
function useReason(entry: OutboxEntry, records: Records): string | undefined {
  const { outcome } = entry
  const failedId = outcome?.status === 'rejected' ? outcome.failedTask : undefined
  const failed = useOutbox(({ entries }) => failedId && entries.find(({ id }) => id === failedId))
  const blocker = useOutbox(({ entries }) => entries.find(({ id }) => entry.after.includes(id)))
  if (failed) return words.becauseOf(entryTitle(failed, records))
  if (outcome?.status === 'rejected') return outcome.message
  if (outcome?.status === 'parked') return outcome.reason
  if (outcome?.status === 'conflict') return outcome.conflict.inReview ? words.inReview : words.conflict
  if (entry.status === 'accepted') return words.accepted
  if (entry.status === 'in-doubt') return words.inDoubt
  return blocker && words.after(entryTitle(blocker, records))
}

interface EntryItemProps {
  entry: OutboxEntry
  records: Records
  /** The Tab key stops at this one and its buttons. */
  isCurrent: boolean
}

export const EntryItem = memo(function EntryItem({ entry, records, isCurrent }: EntryItemProps): ReactNode {
  const wordOf = useStateWord()
  const reason = useReason(entry, records)
  const isStuck = entry.status === 'rejected' || entry.status === 'parked'
  const reach = isCurrent ? 0 : -1
  return (
    <li className={classes['entry']} data-tentative={isUnsettled(entry)} data-stuck={isStuck} tabIndex={reach}>
      <div className={classes['top']}>
        <Text fw={650} className={classes['name']}>
          {entryTitle(entry, records)}
        </Text>
        <span className={classes['state']}>
          <StateBadge word={wordOf(entry)} />
        </span>
      </div>
      <EntryFacts entry={entry} />
      {reason && (
        <Text size="sm" fw={isStuck ? 600 : 400}>
          {reason}
        </Text>
      )}
      <TaskTimeline taskId={entry.id} compact />
      {isStuck && (
        <details className={classes['sent']}>
          <summary tabIndex={reach}>{words.whatWasSent}</summary>
          <Code block>{JSON.stringify(entry.variables, null, 2)}</Code>
        </details>
      )}
      <Actions entry={entry} records={records} withDetails reach={reach} />
    </li>
  )
})
