import { Card, Group, Stack, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOutbox } from 'layover/react'
import type { ReactNode } from 'react'
import { useRecords } from '../device/records.ts'
import { EntryActions } from '../outbox/entry-actions.tsx'
import { entryTitle } from '../outbox/entry-title.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { refusedBookings } from './refused.ts'
import { TaskTimeline } from './task-timeline.tsx'

/** Bookings that did not come about: they stay, with their reason and what can be done, until somebody deals with them. */
export function RefusedBookings(): ReactNode {
  const entries = useOutbox(refusedBookings)
  const records = useRecords()
  if (entries.length === 0) return null
  return (
    <Stack mb="md" gap="sm">
      {entries.map(entry => (
        <Card key={entry.id} role="group" aria-label={entryTitle(entry, records)}>
          <Group justify="space-between">
            <Text fw={650}>{entryTitle(entry, records)}</Text>
            <StateBadge word={entry.status === 'parked' ? texts.outbox.states.paused : texts.outbox.states.failed} />
          </Group>
          <Refusal entry={entry} />
          <TaskTimeline taskId={entry.id} compact />
          <EntryActions entry={entry} />
        </Card>
      ))}
    </Stack>
  )
}

export function Refusal({ entry: { outcome } }: { entry: OutboxEntry }): ReactNode {
  if (outcome?.status === 'rejected') return <Text size="sm">{outcome.message}</Text>
  return outcome?.status === 'parked' ? <Text size="sm">{outcome.reason}</Text> : null
}
