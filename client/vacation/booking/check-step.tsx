import { Checkbox, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useFreshness } from 'layover/react'
import type { ReactNode } from 'react'
import { useRecords } from '../device/records.ts'
import { dateRange, momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { TentativePrice } from '../ui/price.tsx'
import classes from './booking.module.css'
import type { StepProps } from './booking-screen.tsx'
import { estimateOf } from './estimate.ts'

const words = texts.booking

export function CheckStep({ draft, offers, problems, change }: StepProps): ReactNode {
  const { customer } = useRecords()
  const { lastSyncedAt } = useFreshness('HotelOffer')
  const estimate = estimateOf([draft.hotelOfferId, draft.flightOfferId, draft.carOfferId], offers)
  const rows: [string, ReactNode][] = [
    [words.customer, customer(draft.customerId)?.name ?? draft.newCustomer],
    [words.dates, dateRange(draft.startsOn, draft.endsOn)],
    [words.travellers, draft.travellers],
    [words.hotel, offers.offer(draft.hotelOfferId)?.name],
    [words.flight, offers.offer(draft.flightOfferId)?.name],
    [words.car, offers.offer(draft.carOfferId)?.name ?? words.noCar],
    ...(estimate ? [[words.estimate, <TentativePrice key="estimate" price={estimate} />] as [string, ReactNode]] : []),
  ]
  return (
    <Stack>
      <dl className={classes['summary']}>
        {rows.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {lastSyncedAt && <Text size="sm">{words.estimateHint(momentOf(lastSyncedAt.toISOString()))}</Text>}
      <div className={classes['fields']}>
        <TextInput
          label={words.priceLimit}
          description={words.priceLimitHint}
          inputMode="decimal"
          value={draft.priceLimit}
          error={problems.priceLimit}
          onChange={event => change({ priceLimit: event.currentTarget.value.replace(',', '.') })}
        />
        <Textarea
          label={words.notes}
          autosize
          value={draft.notes}
          onChange={event => change({ notes: event.currentTarget.value })}
        />
      </div>
      <Checkbox
        label={words.acceptReplacement}
        checked={draft.acceptReplacement}
        onChange={event => change({ acceptReplacement: event.currentTarget.checked })}
      />
    </Stack>
  )
}
