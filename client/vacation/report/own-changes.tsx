import { Button, Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { useRecords } from '../device/records.ts'
import { outcomeWord } from '../outbox/arrived-item.tsx'
import { entryTitle } from '../outbox/entry-title.ts'
import { useStateWord } from '../outbox/use-state-word.ts'
import { withAnswer } from '../outbox/with-answer.ts'
import { useOverlay } from '../shell/overlay.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import type { AbsenceReport } from './absences.ts'
import classes from './report.module.css'

const words = texts.report

/** What became of one's own changes; what needs a person comes first, with the way there. */
export function OwnChanges({ report }: { report: AbsenceReport }): ReactNode {
  const records = useRecords()
  const wordOf = useStateWord()
  const { show } = useOverlay()
  const own = [
    ...[...report.stuck, ...report.pending].map(entry => ({
      id: entry.id,
      title: entryTitle(entry, records),
      word: wordOf(entry),
      notes: [],
    })),
    ...report.settled.map(task => ({
      id: task.id,
      title: entryTitle(task, withAnswer(records, task.outcome)),
      word: outcomeWord(task),
      notes: task.outcome.status === 'confirmed' ? task.outcome.reconciliation.map(({ message }) => message) : [],
    })),
  ]
  if (own.length === 0) return null
  return (
    <section aria-label={words.yours}>
      <Title order={3} size="h5" mb="xs">
        {words.yours}
      </Title>
      <ul className={classes['list']}>
        {own.map(({ id, title, word, notes }) => (
          <li key={id}>
            <Group justify="space-between" align="flex-start" wrap="nowrap">
              <Text>{title}</Text>
              <span className={classes['state']}>
                <StateBadge word={word} />
              </span>
            </Group>
            {notes.map(note => (
              <Text key={note} size="sm">
                {note}
              </Text>
            ))}
          </li>
        ))}
      </ul>
      {report.stuck.length + report.pending.length > 0 && (
        <Button size="xs" mt="sm" onClick={() => show('outbox')}>
          {words.toOutbox}
        </Button>
      )}
    </section>
  )
}
