import { Anchor, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { IconArrowLeft, IconPencil, IconTrash } from '@tabler/icons-react'
import { useEntriesAbout } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { type Customer, useRecords, useVacations } from '../device/records.ts'
import { recordWord } from '../outbox/record-word.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { toastProblem } from '../ui/toast.ts'
import { changesAmong } from './changes-among.ts'
import { CheckOut } from './check-out.tsx'
import { CustomerChanges } from './customer-changes.tsx'
import { CustomerFacts, VacationsOf } from './customer-facts.tsx'
import classes from './customers.module.css'
import { useDeleteCustomer } from './delete-customer.ts'
import { EditCustomer } from './edit-customer.tsx'
import { EditEntry } from './edit-entry.tsx'

const words = texts.customers

interface CustomerDetailProps {
  id: string
  /** Of the list, where a search is kept. */
  listHref: string
}

/** One customer, or the form that is open about it: that one stays, whatever becomes of the record. */
export function CustomerDetail({ id, listHref }: CustomerDetailProps): ReactNode {
  const customer = useRecords().customer(id)
  const [params, setParams] = useSearchParams()
  const [editing, setEditing] = useState<Customer>()
  const [wasEditing, setWasEditing] = useState(false)
  const entryId = params.get('entry')
  const done = (): void => {
    setEditing(undefined)
    setWasEditing(true)
    setParams(before => new URLSearchParams([...before].filter(([key]) => key !== 'entry')), { replace: true })
  }
  return (
    <Stack gap="sm">
      <Anchor component={Link} href={listHref} className={classes['back']}>
        <IconArrowLeft size={16} aria-hidden /> {words.back}
      </Anchor>
      {entryId ? (
        <EditEntry key={entryId} entryId={entryId} customer={customer} onDone={done} />
      ) : editing ? (
        <EditCustomer seen={editing} current={customer} onDone={done} />
      ) : customer ? (
        <Found customer={customer} listHref={listHref} focusEdit={wasEditing} onEdit={() => setEditing(customer)} />
      ) : (
        <Gone id={id} />
      )}
    </Stack>
  )
}

interface FoundProps {
  customer: Customer
  listHref: string
  /** The form was closed: the focus goes back to what opened it. */
  focusEdit: boolean
  onEdit(): void
}

function Found({ customer, listHref, focusEdit, onEdit }: FoundProps): ReactNode {
  const all = useEntriesAbout(customer)
  const entries = changesAmong(all)
  const vacations = useVacations().filter(vacation => vacation.customerId === customer.id)
  const [, navigate] = useLocation()
  const remove = useDeleteCustomer()
  const word = recordWord(entries)
  const goes = word === texts.common.willBeDeleted
  const removeIt = async (): Promise<void> => {
    if (await remove(customer, vacations.length > 0)) navigate(listHref)
  }
  return (
    <Card data-tentative={entries.some(isUnsettled)}>
      <Stack>
        <Group justify="space-between" align="flex-start">
          <Title order={2} size="h3" tabIndex={-1} data-pane-title className={classes['name']}>
            {goes ? <s>{customer.name}</s> : customer.name}
          </Title>
          {word && <StateBadge word={word} />}
        </Group>
        {!goes && (
          <Group gap="xs" className={classes['actions']}>
            <Button component={Link} href={`/book?customer=${customer.id}`} variant="filled">
              {words.bookFor}
            </Button>
            <Button
              leftSection={<IconPencil size={16} aria-hidden />}
              {...(focusEdit ? { ref: focusOnce } : {})}
              onClick={onEdit}
            >
              {words.edit}
            </Button>
            <Button
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => void removeIt().catch(toastProblem)}
            >
              {words.remove}
            </Button>
          </Group>
        )}
        <CustomerChanges entries={all.filter(entry => !isUnsettled(entry) || entries.includes(entry))} />
        <CustomerFacts customer={customer} />
        {!goes && customer.version > 0 && <CheckOut customer={customer} />}
        <VacationsOf vacations={vacations} />
      </Stack>
    </Card>
  )
}

const focusOnce = (button: HTMLElement | null): void => button?.focus()

/** It is not here, but something about it may wait or need a decision. */
function Gone({ id }: { id: string }): ReactNode {
  const entries = useEntriesAbout({ __typename: 'Customer', id })
  return (
    <Card>
      <Stack>
        <div>
          <Title order={2} size="h4" tabIndex={-1} data-pane-title>
            {words.gone}
          </Title>
          <Text>{words.goneHint}</Text>
        </div>
        <CustomerChanges entries={entries} />
      </Stack>
    </Card>
  )
}
