import { Anchor, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useEntriesAbout } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { type Customer, useRecords, useVacations } from '../device/records.ts'
import { EntryActions } from '../outbox/entry-actions.tsx'
import { recordWord } from '../outbox/record-word.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { dateRange } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { toastProblem } from '../ui/toast.ts'
import { Refusal } from '../vacations/refused-bookings.tsx'
import { CheckOut } from './check-out.tsx'
import classes from './customers.module.css'
import { useDeleteCustomer } from './delete-customer.ts'
import { EditCustomer, EditEntry } from './edit-customer.tsx'

const words = texts.customers

export function CustomerDetail({ id }: { id: string }): ReactNode {
  const customer = useRecords().customer(id)
  return (
    <Stack>
      <Anchor component={Link} href="/customers">
        {words.back}
      </Anchor>
      {customer ? <Found customer={customer} /> : <Text>{words.gone}</Text>}
    </Stack>
  )
}

function Found({ customer }: { customer: Customer }): ReactNode {
  const entries = useEntriesAbout(customer)
  const [params, setParams] = useSearchParams()
  const [, navigate] = useLocation()
  const [isEditing, setEditing] = useState(false)
  const remove = useDeleteCustomer()
  const entryId = params.get('entry')
  const word = recordWord(entries)
  const goes = word === texts.common.willBeDeleted
  const done = (): void => {
    setEditing(false)
    setParams({}, { replace: true })
  }
  if (entryId) return <EditEntry key={entryId} entryId={entryId} customer={customer} onDone={done} />
  if (isEditing) return <EditCustomer customer={customer} onDone={done} />
  return (
    <Card data-tentative={entries.some(isUnsettled)}>
      <Stack>
        <Group justify="space-between">
          <Title order={3}>{goes ? <s>{customer.name}</s> : customer.name}</Title>
          {word && <StateBadge word={word} />}
        </Group>
        <dl className={classes['facts']}>
          {(['email', 'phone', 'address', 'notes'] as const).map(field => (
            <div key={field}>
              <dt>{words.fields[field]}</dt>
              <dd>{customer[field] ?? texts.outbox.empty}</dd>
            </div>
          ))}
        </dl>
        {entries
          .filter(entry => !isUnsettled(entry))
          .map(entry => (
            <div key={entry.id}>
              <Refusal entry={entry} />
              <EntryActions entry={entry} />
            </div>
          ))}
        {!goes && (
          <Group gap="xs">
            <Button component={Link} href={`/book?customer=${customer.id}`} variant="filled">
              {words.bookFor}
            </Button>
            <Button onClick={() => setEditing(true)}>{words.edit}</Button>
            <Button
              onClick={() =>
                void remove(customer)
                  .then(() => navigate('/customers'))
                  .catch(toastProblem)
              }
            >
              {words.remove}
            </Button>
          </Group>
        )}
        {!goes && customer.version > 0 && <CheckOut customer={customer} />}
        <VacationsOf customerId={customer.id} />
      </Stack>
    </Card>
  )
}

function VacationsOf({ customerId }: { customerId: string }): ReactNode {
  const vacations = useVacations().filter(vacation => vacation.customerId === customerId)
  return (
    <div>
      <Title order={4} size="h5">
        {words.vacations}
      </Title>
      {vacations.length === 0 && <Text size="sm">{words.noVacations}</Text>}
      {vacations.map(({ id, startsOn, endsOn, status }) => (
        <Group key={id} gap="xs" mt={4}>
          <Anchor component={Link} href={`/vacations/${id}`}>
            {dateRange(startsOn, endsOn)}
          </Anchor>
          <StateBadge word={texts.vacations.states[status]} />
        </Group>
      ))}
    </div>
  )
}
