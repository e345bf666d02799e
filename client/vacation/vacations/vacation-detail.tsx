import { Alert, Anchor, Button, Card, Group, Stack, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useEntriesAbout, useOutbox } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { estimateOf } from '../booking/estimate.ts'
import { type Offers, useOffers, useRecords, type Vacation } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { EntryActions } from '../outbox/entry-actions.tsx'
import { entryTitle } from '../outbox/entry-title.ts'
import { recordWord } from '../outbox/record-word.ts'
import { isUnderWay, isUnsettled } from '../outbox/state-word.ts'
import { useHistory } from '../outbox/use-history.ts'
import { dateRange, money } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { TentativePrice } from '../ui/price.tsx'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { CancelVacation } from './cancel-vacation.tsx'
import { ChangeVacationForm } from './change-vacation-form.tsx'
import { Refusal, RefusedBookings } from './refused-bookings.tsx'
import { TaskTimeline, useTaskReport } from './task-timeline.tsx'
import classes from './vacations.module.css'
import { bookingAmong, wishOf } from './wish.ts'

const words = texts.vacations

/** One vacation, as far as it has come. */
export function VacationDetail({ id }: { id: string }): ReactNode {
  const records = useRecords()
  const vacation = records.vacation(id)
  // A booking that was refused has no record; its card says what became of it.
  const isRefused = useOutbox(({ entries }) => entries.some(entry => wishOf([entry])?.vacationId === id))
  if (vacation) return <Found vacation={vacation} />
  return (
    <Stack align="flex-start">
      <ScreenHeader title={words.title} />
      <RefusedBookings />
      {!isRefused && <Text>{words.gone}</Text>}
      <Button component={Link} href="/vacations">
        {words.back}
      </Button>
    </Stack>
  )
}

function Found({ vacation }: { vacation: Vacation }): ReactNode {
  const records = useRecords()
  const offers = useOffers()
  const entries = useEntriesAbout(vacation)
  const [isChanging, setChanging] = useState(false)
  const booking = bookingAmong(entries)
  const taskId = useBookingTask(vacation.id) ?? booking?.id
  const report = useTaskReport(taskId)
  const customer = records.customer(vacation.customerId)
  const name = customer?.name ?? words.unknownCustomer
  const dates = dateRange(vacation.startsOn, vacation.endsOn)
  const word = recordWord(entries) ?? words.states[vacation.status]
  const isBooked = vacation.status === 'BOOKED' && !entries.some(({ name: task }) => task === 'CancelVacation')
  return (
    <>
      <ScreenHeader
        title={`${name}, ${dates}`}
        freshness="Vacation"
        actions={
          <>
            <StateBadge word={word} />
            {isBooked && !isChanging && <Button onClick={() => setChanging(true)}>{words.change}</Button>}
            {isBooked && <CancelVacation vacation={vacation} customer={name} />}
          </>
        }
      />
      <Anchor component={Link} href="/vacations">
        {words.back}
      </Anchor>
      <Stack mt="md">
        {entries.map(entry => (
          <EntryNotice key={entry.id} entry={entry} />
        ))}
        {isChanging && <ChangeVacationForm vacation={vacation} onDone={() => setChanging(false)} />}
        <div className={classes['columns']}>
          <Card data-tentative={entries.some(isUnsettled)}>
            <Facts vacation={vacation} entries={entries} offers={offers} />
          </Card>
          {taskId && report && report.steps.length > 0 && (
            <Card>
              <TaskTimeline taskId={taskId} />
            </Card>
          )}
        </div>
      </Stack>
    </>
  )
}

/** The task that booked it, as far as this device remembers. */
function useBookingTask(vacationId: string): string | undefined {
  return useHistory().find(task => {
    const known = task.variables && knownTask({ name: task.name, variables: task.variables })
    return known?.name === 'BookVacation' && known.variables.input.vacationId === vacationId
  })?.id
}

/** What waits about this vacation, and how far it is: never more than the gateway has said. */
function EntryNotice({ entry }: { entry: OutboxEntry }): ReactNode {
  const records = useRecords()
  const isOnTheWay = isUnderWay(entry)
  const text = entry.status === 'accepted' ? words.withGateway : isOnTheWay ? words.sent : words.savedOnDevice
  return (
    <Alert color={isUnsettled(entry) ? 'gray' : 'orange'} title={entryTitle(entry, records)} role="status">
      {isUnsettled(entry) ? <Text size="sm">{text}</Text> : <Refusal entry={entry} />}
      <EntryActions entry={entry} />
    </Alert>
  )
}

interface FactsProps {
  vacation: Vacation
  entries: readonly OutboxEntry[]
  offers: Offers
}

function Facts({ vacation, entries, offers }: FactsProps): ReactNode {
  const wish = wishOf(entries)
  const wished = { hotel: wish?.hotelOfferId, flight: wish?.flightOfferId, car: wish?.carOfferId }
  const estimate = wish && estimateOf(Object.values(wished), offers)
  return (
    <dl className={classes['facts']}>
      {(['hotel', 'flight', 'car'] as const).map(kind => {
        const made = vacation[kind]
        const offer = offers.offer(made?.offerId ?? wished[kind])
        if (!made && !offer) return null
        return (
          <div key={kind}>
            <dt>{words.kinds[kind]}</dt>
            <dd>
              <Text fw={600}>{offer?.name ?? made?.offerId}</Text>
              {made ? (
                <Group gap="sm">
                  <Text size="sm">{words.confirmation}</Text>
                  <code>{made.confirmation}</code>
                  <Text size="sm">{money(made.price)}</Text>
                </Group>
              ) : (
                offer && <TentativePrice price={offer.price} />
              )}
            </dd>
          </div>
        )
      })}
      <div>
        <dt>{words.travellersField}</dt>
        <dd>{words.travellers(vacation.travellers)}</dd>
      </div>
      {(vacation.total || estimate) && (
        <div>
          <dt>{vacation.total ? words.total : words.estimate}</dt>
          <dd>
            {vacation.total ? (
              <Text fw={650}>{money(vacation.total)}</Text>
            ) : (
              estimate && <TentativePrice price={estimate} />
            )}
          </dd>
        </div>
      )}
      {vacation.notes && (
        <div>
          <dt>{words.notes}</dt>
          <dd>{vacation.notes}</dd>
        </div>
      )}
    </dl>
  )
}
