import { useMutation } from '@apollo/client/react'
import type { OutboxEntry } from 'layover/client'
import { useEntriesAbout } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { CancelVacationDocument } from './__generated__/graphql.ts'
import { BookingForm } from './booking-form.tsx'
import { ConfirmButton } from './confirm-button.tsx'
import { type Records, useRecords, type Vacation } from './records.ts'
import { TaskSteps } from './task-steps.tsx'
import { knownTask } from './tasks.ts'
import { dateRange, isUnsettled, money } from './words.ts'

function badgeOf(vacation: Vacation, pending: readonly OutboxEntry[]): string {
  const booking = pending.find(entry => entry.name === 'BookVacation')
  if (booking?.status === 'conflict') return 'Needs review'
  if (booking) return 'Waiting to send'
  if (pending.some(entry => entry.name === 'CancelVacation' && entry.status !== 'rejected')) return 'Will be cancelled'
  if (vacation.status === 'BOOKED') return 'Booked'
  return vacation.status === 'CANCELLED' ? 'Cancelled' : 'Requested'
}

function Reservations({ vacation, records }: { vacation: Vacation; records: Records }): ReactNode {
  const parts = { Hotel: vacation.hotel, Flight: vacation.flight, Car: vacation.car }
  const rows = Object.entries(parts).flatMap(([kind, part]) => (part ? [{ kind, part }] : []))
  if (rows.length === 0) return null
  return (
    <dl className="reservations">
      {rows.map(({ kind, part }) => (
        <div key={kind}>
          <dt>{kind}</dt>
          <dd>
            {records.offer(part.offerId)?.name ?? part.offerId} · <code>{part.confirmation}</code> · {money(part.price)}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function VacationCard({ vacation, records }: { vacation: Vacation; records: Records }): ReactNode {
  const pending = useEntriesAbout(vacation)
  const [cancel] = useMutation(CancelVacationDocument)
  const [problem, setProblem] = useState<string>()
  const customer = records.customer(vacation.customerId)?.name ?? 'Unknown customer'
  const booking = pending.find(entry => entry.name === 'BookVacation')
  const wish = booking && knownTask(booking)
  const hotelOfferId = wish?.name === 'BookVacation' ? wish.variables.input.hotelOfferId : vacation.hotel?.offerId
  const place = records.offer(hotelOfferId)?.place
  const dates = dateRange(vacation.startsOn, vacation.endsOn)
  const badge = badgeOf(vacation, pending)
  return (
    <li className="card" data-tentative={pending.some(isUnsettled)}>
      <p className="line">
        <strong>
          {customer}
          {place && ` · ${place}`}
        </strong>
        <span className="badge" data-state={badge}>
          {badge}
        </span>
      </p>
      <p className="detail">
        {dates} · {vacation.travellers} {vacation.travellers === 1 ? 'traveller' : 'travellers'}
        {vacation.total && ` · ${money(vacation.total)}`}
        {vacation.notes && ` · ${vacation.notes}`}
      </p>
      <Reservations vacation={vacation} records={records} />
      {booking && <TaskSteps taskId={booking.id} />}
      {badge === 'Booked' && (
        <p className="actions">
          <ConfirmButton
            label="Cancel vacation"
            about={`of ${customer}, ${dates}`}
            question={`Cancel the vacation of ${customer}, ${dates}?`}
            onConfirm={() => {
              const variables = { id: vacation.id, baseVersion: vacation.version }
              cancel({ variables }).catch((reason: unknown) => setProblem(String(reason)))
            }}
          />
        </p>
      )}
      {problem && <p role="alert">{problem}</p>}
    </li>
  )
}

/** The booking form, and under it what is booked and what waits to be. */
export function Vacations(): ReactNode {
  const records = useRecords()
  return (
    <>
      <BookingForm records={records} />
      <section aria-labelledby="vacations-title">
        <h2 id="vacations-title">Vacations</h2>
        {records.vacations.length === 0 && <p className="detail">No vacations on this device yet.</p>}
        <ul className="plain" aria-label="Vacations">
          {records.vacations.map(vacation => (
            <VacationCard key={vacation.id} vacation={vacation} records={records} />
          ))}
        </ul>
      </section>
    </>
  )
}
