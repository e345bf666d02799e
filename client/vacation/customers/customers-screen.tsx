import { Button, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Link, useParams, useSearchParams } from 'wouter'
import { type Customer, useCustomers } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { CustomerDetail } from './customer-detail.tsx'
import { CustomerRow } from './customer-row.tsx'
import classes from './customers.module.css'
import { NewCustomer } from './new-customer.tsx'

const words = texts.customers
const PAGE = 50

function fits({ name, email, phone, notes }: Customer, wanted: string): boolean {
  return [name, email, phone, notes].some(value => value?.toLowerCase().includes(wanted))
}

/** The agent's customers, and beside them (or instead, where it is narrow) the one of the address. */
export function CustomersScreen(): ReactNode {
  const { id } = useParams<{ id?: string }>()
  return (
    <div className={classes['columns']} data-chosen={id !== undefined}>
      <div className={classes['master']}>
        <CustomerList chosen={id} />
      </div>
      <div className={classes['detail']}>
        {id === 'new' ? <NewCustomer /> : id ? <CustomerDetail key={id} id={id} /> : <Text>{words.choose}</Text>}
      </div>
    </div>
  )
}

function CustomerList({ chosen }: { chosen: string | undefined }): ReactNode {
  const customers = useCustomers()
  const [params, setParams] = useSearchParams()
  const [shown, setShown] = useState(PAGE)
  const search = params.get('q') ?? ''
  const wanted = search.trim().toLowerCase()
  const found = wanted === '' ? customers : customers.filter(customer => fits(customer, wanted))
  const hidden = found.length - shown
  const change = (text: string): void => {
    setShown(PAGE)
    setParams(
      before => {
        const next = new URLSearchParams(before)
        if (text === '') next.delete('q')
        else next.set('q', text)
        return next
      },
      { replace: true },
    )
  }
  return (
    <>
      <ScreenHeader
        title={words.title}
        freshness="Customer"
        actions={
          <Button component={Link} href="/customers/new" variant="filled">
            {words.newCustomer}
          </Button>
        }
      />
      <TextInput
        type="search"
        label={words.search}
        description={words.searchHint}
        leftSection={<IconSearch size={16} aria-hidden />}
        mb="md"
        value={search}
        onChange={event => change(event.currentTarget.value)}
      />
      {found.length === 0 && <Text>{customers.length === 0 ? words.none : words.noneFound}</Text>}
      <ul aria-label={words.title} className={classes['list']}>
        {found.slice(0, shown).map(customer => (
          <CustomerRow key={customer.id} customer={customer} isChosen={customer.id === chosen} />
        ))}
      </ul>
      {hidden > 0 && (
        <Button mt="md" onClick={() => setShown(shown + PAGE)}>
          {words.showMore(Math.min(hidden, PAGE))}
        </Button>
      )}
    </>
  )
}
