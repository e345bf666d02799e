import { Card, Group, Text } from '@mantine/core'
import { useEntriesAbout } from 'layover/react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { estimateOf } from '../booking/estimate.ts'
import { RecordBadge } from '../conflicts/record-badge.tsx'
import type { Offers, Records, Vacation } from '../device/records.ts'
import { recordWord } from '../outbox/record-word.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { dateRange, money } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { TentativePrice } from '../ui/price.tsx'
import classes from './vacations.module.css'
import { wishOf } from './wish.ts'

const words = texts.vacations

/** One vacation in the list. What is only a wish looks like one. */
export function VacationCard({
  vacation,
  records,
  offers,
}: {
  vacation: Vacation
  records: Records
  offers: Offers
}): ReactNode {
  const entries = useEntriesAbout(vacation)
  const wish = wishOf(entries)
  const customer = records.customer(vacation.customerId)?.name ?? words.unknownCustomer
  const place = offers.offer(wish?.hotelOfferId ?? vacation.hotel?.offerId)?.place
  const estimate = wish && estimateOf([wish.hotelOfferId, wish.flightOfferId, wish.carOfferId], offers)
  return (
    <Card data-tentative={entries.some(isUnsettled)}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Link href={`/vacations/${vacation.id}`} className={classes['link']}>
            {place ? `${customer} · ${place}` : customer}
          </Link>
          <Text size="sm">
            {dateRange(vacation.startsOn, vacation.endsOn)} · {words.travellers(vacation.travellers)}
          </Text>
          {vacation.notes && <Text size="sm">{vacation.notes}</Text>}
        </div>
        <Group gap="sm">
          {vacation.total ? (
            <Text fw={600}>{money(vacation.total)}</Text>
          ) : (
            estimate && <TentativePrice price={estimate} />
          )}
          <RecordBadge word={recordWord(entries) ?? words.states[vacation.status]} entries={entries} />
        </Group>
      </Group>
      <Confirmations vacation={vacation} />
    </Card>
  )
}

/** Numbers of suppliers: there are none before the booking is confirmed. */
function Confirmations({ vacation }: { vacation: Vacation }): ReactNode {
  const parts = [vacation.hotel, vacation.flight, vacation.car].flatMap(part => (part ? [part.confirmation] : []))
  if (parts.length === 0) return null
  return (
    <Text size="sm" mt={4}>
      {parts.map(number => (
        <code key={number} className={classes['number']}>
          {number}
        </code>
      ))}
    </Text>
  )
}
