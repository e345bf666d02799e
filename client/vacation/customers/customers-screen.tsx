import { Card, Text } from '@mantine/core'
import { IconUser } from '@tabler/icons-react'
import { type ReactNode, useRef } from 'react'
import { useParams, useSearchParams } from 'wouter'
import { texts } from '../texts/index.ts'
import { CustomerDetail } from './customer-detail.tsx'
import { CustomerList } from './customer-list.tsx'
import classes from './customers.module.css'
import { NewCustomer } from './new-customer.tsx'
import { usePaneFocus } from './use-pane-focus.ts'

const words = texts.customers

/** The agent's customers, and beside them (or instead, where it is narrow) the one of the address. */
export function CustomersScreen(): ReactNode {
  const { id } = useParams<{ id?: string }>()
  const [params] = useSearchParams()
  const panes = useRef<HTMLDivElement>(null)
  usePaneFocus(panes, id)
  const search = params.get('q')
  const query = search ? `?${new URLSearchParams({ q: search })}` : ''
  const listHref = `/customers${query}`
  return (
    <div ref={panes} className={classes['columns']} data-chosen={id !== undefined}>
      <div className={classes['master']}>
        <CustomerList chosen={id} query={query} />
      </div>
      <div className={classes['detail']}>
        {id === 'new' ? <NewCustomer /> : id ? <CustomerDetail key={id} id={id} listHref={listHref} /> : <Nobody />}
      </div>
    </div>
  )
}

function Nobody(): ReactNode {
  return (
    <Card className={classes['nobody']}>
      <IconUser size={32} aria-hidden />
      <Text>{words.choose}</Text>
    </Card>
  )
}
