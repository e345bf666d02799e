import { Anchor, Badge, Group, List, Modal, Stack, Text, Title } from '@mantine/core'
import { systemClock } from 'layover/protocol'
import { useOutbox } from 'layover/react'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'wouter'
import { type Customer, type Offer, useRecords, useVacations, type Vacation } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { type Change, inUseFirst, offersInUse } from './absence.ts'
import { useAbsenceReport } from './absence-context.tsx'
import type { AbsenceReport } from './absences.ts'
import { fieldChanges, offerWords, vacationName, whatHappened } from './change-words.ts'
import { OwnChanges } from './own-changes.tsx'
import classes from './report.module.css'

const words = texts.report
const SHOWN = 50

/** Everything that happened, one's own first. */
export function ReportDialog({ opened, onClose }: { opened: boolean; onClose(): void }): ReactNode {
  const { report } = useAbsenceReport()
  return (
    <Modal opened={opened} onClose={onClose} size="lg" title={words.title}>
      {report ? <Contents report={report} /> : <Text>{words.nothing}</Text>}
    </Modal>
  )
}

function Contents({ report }: { report: AbsenceReport }): ReactNode {
  const records = useRecords()
  return (
    <Stack>
      <Text size="sm">{words.since(momentOf(new Date(report.since).toISOString()))}</Text>
      <OwnChanges report={report} />
      <Section title={words.others} count={report.customers.length + report.vacations.length}>
        {report.customers.map(change => (
          <RecordChange key={change.record.id} change={change} name={change.record.name} screen="customers" />
        ))}
        {report.vacations.map(change => (
          <RecordChange
            key={change.record.id}
            change={change}
            name={vacationName(change.record, records)}
            screen="vacations"
          />
        ))}
      </Section>
      <OfferChanges changes={report.offers} />
    </Stack>
  )
}

function Section({ title, count, children }: { title: string; count: number; children: ReactNode }): ReactNode {
  if (count === 0) return null
  return (
    <section aria-label={title}>
      <Title order={3} size="h5" mb="xs">
        {title}
      </Title>
      <ul className={classes['list']}>{children}</ul>
    </section>
  )
}

interface RecordChangeProps {
  change: Change<Customer | Vacation>
  name: string
  screen: 'customers' | 'vacations'
}

function RecordChange({ change, name, screen }: RecordChangeProps): ReactNode {
  const fields = fieldChanges(change)
  return (
    <li>
      <Text>
        {change.kind === 'gone' ? (
          <s>{name}</s>
        ) : (
          <Anchor component={Link} underline="always" href={`/${screen}/${change.record.id}`}>
            {name}
          </Anchor>
        )}{' '}
        {whatHappened(change)}
      </Text>
      {fields.length > 0 && (
        <List size="sm">
          {fields.map(each => (
            <List.Item key={each}>{each}</List.Item>
          ))}
        </List>
      )}
    </li>
  )
}

/** Prices and ends of offers; those of one's own plans first. */
function OfferChanges({ changes }: { changes: readonly Change<Offer>[] }): ReactNode {
  const vacations = useVacations()
  const entries = useOutbox(outbox => outbox.entries)
  const inUse = useMemo(() => {
    const wishes = entries.flatMap(entry => {
      const known = knownTask(entry)
      return known?.name === 'BookVacation' ? [known.variables.input] : []
    })
    return offersInUse(vacations, wishes, new Date(systemClock.now()).toISOString().slice(0, 10))
  }, [vacations, entries])
  const hidden = changes.length - SHOWN
  return (
    <Section title={words.offersTitle} count={changes.length}>
      {inUseFirst(changes, inUse)
        .slice(0, SHOWN)
        .map(change => (
          <li key={change.record.id}>
            <Group gap="xs">
              <Text>{offerWords(change)}</Text>
              {inUse.has(change.record.id) && <Badge color="orange">{words.matters}</Badge>}
            </Group>
          </li>
        ))}
      {hidden > 0 && <li>{words.moreOffers(hidden)}</li>}
    </Section>
  )
}
