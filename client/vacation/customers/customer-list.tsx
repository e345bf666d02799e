import { Button, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconSearch } from '@tabler/icons-react'
import { type ReactNode, useMemo, useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { type Customer, useCustomers } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { CustomerRow } from './customer-row.tsx'
import classes from './customers.module.css'

const words = texts.customers
const PAGE = 50

interface CustomerListProps {
  chosen: string | undefined
  query: string
}

/** By name, fifty at a time. */
export function CustomerList({ chosen, query }: CustomerListProps): ReactNode {
  const customers = useCustomers()
  const [params, setParams] = useSearchParams()
  const [shown, setShown] = useState(PAGE)
  const search = params.get('q') ?? ''
  const found = useMemo(() => foundAmong(customers, search), [customers, search])
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
          <Button
            component={Link}
            href="/customers/new"
            variant="filled"
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {words.newCustomer}
          </Button>
        }
      />
      <TextInput
        type="search"
        label={words.search}
        placeholder={words.searchHint}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={event => change(event.currentTarget.value)}
      />
      <Text size="sm" my="xs" role="status">
        {customers.length > 0 && words.count(found.length, customers.length)}
      </Text>
      {found.length === 0 && (
        <Stack align="flex-start" gap="xs">
          <Text>{customers.length === 0 ? words.none : words.noneFound}</Text>
          {customers.length === 0 ? (
            <Text size="sm">{words.noneHint}</Text>
          ) : (
            <Button onClick={() => change('')}>{words.clearSearch}</Button>
          )}
        </Stack>
      )}
      <ul aria-label={words.title} className={classes['list']}>
        {found.slice(0, shown).map(customer => (
          <CustomerRow key={customer.id} customer={customer} isChosen={customer.id === chosen} query={query} />
        ))}
      </ul>
      {hidden > 0 && (
        <Button mt="md" fullWidth onClick={() => setShown(shown + PAGE)}>
          {words.showMore(Math.min(hidden, PAGE))}
        </Button>
      )}
    </>
  )
}

function foundAmong(customers: readonly Customer[], search: string): readonly Customer[] {
  const wanted = search.trim().toLowerCase()
  if (wanted === '') return customers
  return customers.filter(({ name, email, phone, notes }) =>
    [name, email, phone, notes].some(value => value?.toLowerCase().includes(wanted)),
  )
}
