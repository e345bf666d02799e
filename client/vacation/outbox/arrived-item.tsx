import { Group, Text } from '@mantine/core'
import type { SettledTask } from 'layover/client'
import type { ReactNode } from 'react'
import type { Records } from '../device/records.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { entryTitle } from './entry-title.ts'
import classes from './outbox.module.css'

const words = texts.outbox

/** What became of a task, in the words of the states. */
export function outcomeWord({ outcome }: Pick<SettledTask, 'outcome'>): string {
  switch (outcome.status) {
    case 'confirmed':
      return words.states.confirmed
    case 'conflict':
      return words.states.review
    case 'rejected':
      return words.states.failed
    case 'parked':
      return words.states.paused
    case 'discarded':
      return words.discardedWord
  }
}

export function ArrivedItem({ task, records }: { task: SettledTask; records: Records }): ReactNode {
  const reconciliation = task.outcome.status === 'confirmed' ? task.outcome.reconciliation : []
  return (
    <li className={classes['entry']}>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Text fw={650}>{entryTitle(task, records)}</Text>
        <StateBadge word={outcomeWord(task)} />
      </Group>
      <Text size="sm">{words.settledAt(momentOf(task.settledAt))}</Text>
      {reconciliation.map(each => (
        <Text key={each.field} size="sm">
          {each.message}
        </Text>
      ))}
    </li>
  )
}
