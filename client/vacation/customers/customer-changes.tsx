import { Card, Group, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import type { ReactNode } from 'react'
import { useRecords } from '../device/records.ts'
import { EntryActions } from '../outbox/entry-actions.tsx'
import { entryTitle } from '../outbox/entry-title.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { useStateWord } from '../outbox/use-state-word.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import classes from './customers.module.css'
import { refusalText } from './refusal-text.ts'

/** What waits about a customer, or was refused, and what can be done about it. */
export function CustomerChanges({ entries }: { entries: readonly OutboxEntry[] }): ReactNode {
  const records = useRecords()
  const word = useStateWord()
  if (entries.length === 0) return null
  return (
    <ul className={classes['plain']} aria-label={texts.customers.changes}>
      {entries.map(entry => (
        <Card component="li" key={entry.id} padding="sm" data-tentative={isUnsettled(entry)}>
          <Group justify="space-between" align="flex-start" gap="xs">
            <Text size="sm" fw={600}>
              {entryTitle(entry, records)}
            </Text>
            <StateBadge word={word(entry)} />
          </Group>
          {refusalText(entry.outcome) && <Text size="sm">{refusalText(entry.outcome)}</Text>}
          <EntryActions entry={entry} />
        </Card>
      ))}
    </ul>
  )
}
