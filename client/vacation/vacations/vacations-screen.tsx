import { Button, Stack, Text, TextInput, Title } from '@mantine/core'
import { systemClock } from 'layover/protocol'
import { useOutbox } from 'layover/react'
import { type ReactNode, Suspense, useState } from 'react'
import { Link, useParams } from 'wouter'
import { useOffers, useRecords, useVacations, type Vacation } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { onDemand } from '../shell/on-demand.ts'
import { texts } from '../texts/index.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { refusedBookings } from './refused.ts'
import { VacationCard } from './vacation-card.tsx'
import classes from './vacations.module.css'

// Where all goes well it is never needed.
const RefusedBookings = onDemand(async () => (await import('./refused-bookings.tsx')).RefusedBookings)
const VacationDetail = onDemand(async () => (await import('./vacation-detail.tsx')).VacationDetail)

const words = texts.vacations
type Group = keyof typeof words.groups
const GROUPS: readonly Group[] = ['waiting', 'upcoming', 'past', 'cancelled']

function groupOf({ id, status, endsOn }: Vacation, waiting: ReadonlySet<string>, today: string): Group {
  if (waiting.has(id) || status === 'REQUESTED') return 'waiting'
  if (status === 'CANCELLED') return 'cancelled'
  return endsOn < today ? 'past' : 'upcoming'
}

/** Ids of vacations that something in the outbox makes or changes. */
function useWaiting(): ReadonlySet<string> {
  const { entries } = useOutbox()
  return new Set(
    entries.flatMap(entry => {
      const known = knownTask(entry)
      if (known?.name === 'BookVacation') return [known.variables.input.vacationId]
      return known?.name === 'ChangeVacation' || known?.name === 'CancelVacation' ? [known.variables.id] : []
    }),
  )
}

export function VacationsScreen(): ReactNode {
  const { id } = useParams<{ id?: string }>()
  return id ? <VacationDetail key={id} id={id} /> : <VacationList />
}

/** What is booked, what waits to be, and what was. */
function VacationList(): ReactNode {
  const vacations = useVacations()
  const records = useRecords()
  const offers = useOffers()
  const waiting = useWaiting()
  const hasRefused = useOutbox(outbox => refusedBookings(outbox).length > 0)
  const [filter, setFilter] = useState('')
  const today = new Date(systemClock.now()).toISOString().slice(0, 10)
  const wanted = filter.trim().toLowerCase()
  const shown = vacations.filter(
    ({ customerId }) => wanted === '' || records.customer(customerId)?.name.toLowerCase().includes(wanted),
  )
  return (
    <>
      <ScreenHeader
        title={words.title}
        freshness="Vacation"
        actions={
          <Button component={Link} href="/book" variant="filled">
            {words.book}
          </Button>
        }
      />
      {hasRefused && (
        <Suspense fallback={null}>
          <RefusedBookings />
        </Suspense>
      )}
      {vacations.length === 0 ? (
        <Stack gap="xs">
          <Text>{words.none}</Text>
          <Text>{words.firstHint}</Text>
        </Stack>
      ) : (
        <TextInput
          label={words.filter}
          value={filter}
          mb="md"
          maw={320}
          onChange={event => setFilter(event.currentTarget.value)}
        />
      )}
      {vacations.length > 0 && shown.length === 0 && <Text>{words.noneFound}</Text>}
      <ul aria-label={words.title} className={classes['list']}>
        {GROUPS.flatMap(group => {
          const members = shown.filter(vacation => groupOf(vacation, waiting, today) === group)
          return members.map((vacation, index) => (
            <li key={vacation.id}>
              {index === 0 && (
                <Title order={3} size="h5" className={classes['group']}>
                  {words.groups[group]}
                </Title>
              )}
              <VacationCard vacation={vacation} records={records} offers={offers} />
            </li>
          ))
        })}
      </ul>
    </>
  )
}
