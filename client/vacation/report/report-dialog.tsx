import { Group, List, Modal, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Customer, Offer, Records, Vacation } from '../device/records.ts'
import { useRecords } from '../device/records.ts'
import { outcomeWord } from '../outbox/arrived-item.tsx'
import { entryTitle } from '../outbox/entry-title.ts'
import { useStateWord } from '../outbox/use-state-word.ts'
import { dateRange, fieldWord, money } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import type { Change } from './absence.ts'
import { useAbsenceReport } from './absence-context.tsx'
import type { AbsenceReport } from './absences.ts'

const words = texts.report

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
  const wordOf = useStateWord()
  const own = [
    ...report.stuck.map(entry => ({ id: entry.id, title: entryTitle(entry, records), word: wordOf(entry) })),
    ...report.settled.map(task => ({ id: task.id, title: entryTitle(task, records), word: outcomeWord(task) })),
  ]
  const others = [
    ...report.customers.map(change => sentence(change, change.record.name)),
    ...report.vacations.map(change => sentence(change, vacationName(change.record, records))),
  ]
  const offers = report.offers.map(offerSentence)
  return (
    <Stack>
      {own.length > 0 && (
        <section>
          <Title order={3} size="h5">
            {words.yours}
          </Title>
          <Stack gap="xs" mt="xs">
            {own.map(({ id, title, word }) => (
              <Group key={id} justify="space-between" wrap="nowrap">
                <Text>{title}</Text>
                <StateBadge word={word} />
              </Group>
            ))}
          </Stack>
        </section>
      )}
      <Sentences title={words.others} sentences={others} />
      <Sentences title={words.offersTitle} sentences={offers} />
    </Stack>
  )
}

function Sentences({ title, sentences }: { title: string; sentences: readonly string[] }): ReactNode {
  if (sentences.length === 0) return null
  return (
    <section>
      <Title order={3} size="h5">
        {title}
      </Title>
      <List mt="xs">
        {sentences.map(each => (
          <List.Item key={each}>{each}</List.Item>
        ))}
      </List>
    </section>
  )
}

const vacationName = ({ customerId, startsOn, endsOn }: Vacation, { customer }: Records): string =>
  `${customer(customerId)?.name ?? texts.outbox.someCustomer}, ${dateRange(startsOn, endsOn)}`

function sentence({ kind, record, fields }: Change<Customer | Vacation>, name: string): string {
  const who = record.updatedBy ? words.by(record.updatedBy) : ''
  if (kind === 'new') return words.isNew(name, who)
  if (kind === 'gone') return words.isGone(name)
  return words.fields(name, fields.map(field => fieldWord(field).toLowerCase()).join(', '), who)
}

function offerSentence({ kind, record, before, fields }: Change<Offer>): string {
  const name = `${record.name}, ${record.place}`
  if (kind === 'new') return words.newOffer(name)
  if (kind === 'gone') return words.goneOffer(name)
  if (fields.includes('discontinued') && record.discontinued) return words.discontinued(name)
  return words.priceRose(name, money((before ?? record).price), money(record.price))
}
