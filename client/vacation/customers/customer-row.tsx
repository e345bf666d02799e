import { Group, Text } from '@mantine/core'
import { useEntriesAbout } from 'layover/react'
import { memo, type ReactNode } from 'react'
import { Link } from 'wouter'
import type { Customer } from '../device/records.ts'
import { recordWord } from '../outbox/record-word.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import { useLease } from './check-out.tsx'
import classes from './customers.module.css'

interface CustomerRowProps {
  customer: Customer
  isChosen: boolean
}

export const CustomerRow = memo(function CustomerRow({ customer, isChosen }: CustomerRowProps): ReactNode {
  const entries = useEntriesAbout(customer)
  const word = recordWord(entries)
  const lease = useLease(customer)
  const contact = [customer.email, customer.phone, customer.notes].filter(Boolean).join(' · ')
  return (
    <li className={classes['row']} data-tentative={entries.some(isUnsettled)} data-chosen={isChosen}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Link
          href={`/customers/${customer.id}`}
          className={classes['link']}
          aria-current={isChosen ? 'true' : undefined}
        >
          {word === texts.common.willBeDeleted ? <s>{customer.name}</s> : customer.name}
        </Link>
        {word && <StateBadge word={word} />}
      </Group>
      {contact && <Text size="sm">{contact}</Text>}
      {lease && <Text size="sm">{lease.text}</Text>}
    </li>
  )
})
