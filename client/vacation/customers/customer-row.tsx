import { Button, Group, Text } from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import type { OutboxEntry } from 'layover/client'
import { useEntriesAbout } from 'layover/react'
import { memo, type ReactNode } from 'react'
import { Link } from 'wouter'
import { RecordBadge } from '../conflicts/record-badge.tsx'
import type { Customer } from '../device/records.ts'
import { recordWord } from '../outbox/record-word.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { useOverlay } from '../shell/overlay.ts'
import { texts } from '../texts/index.ts'
import { changesAmong } from './changes-among.ts'
import classes from './customers.module.css'
import { useLease } from './lease.ts'
import { refusalText } from './refusal-text.ts'

const words = texts.customers

interface CustomerRowProps {
  customer: Customer
  isChosen: boolean
  /** What the list is searched for, kept in the address: "?q=choir". */
  query: string
}

/** The id of the link to a customer, for giving the focus back to it. */
export const rowId = (id: string): string => `customer-row-${id}`

export const CustomerRow = memo(function CustomerRow({ customer, isChosen, query }: CustomerRowProps): ReactNode {
  const entries = changesAmong(useEntriesAbout(customer))
  const word = recordWord(entries)
  const lease = useLease(customer)
  const refused = entries.find(({ outcome }) => outcome?.status === 'rejected' || outcome?.status === 'parked')
  const contact = [customer.email, customer.phone].filter(Boolean)
  return (
    <li className={classes['row']} data-tentative={entries.some(isUnsettled)} data-chosen={isChosen}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Link
          id={rowId(customer.id)}
          href={`/customers/${customer.id}${query}`}
          className={classes['link']}
          aria-current={isChosen ? 'true' : undefined}
        >
          {word === texts.common.willBeDeleted ? <s>{customer.name}</s> : customer.name}
        </Link>
        {word && <RecordBadge word={word} entries={entries} />}
      </Group>
      {contact.length > 0 && (
        <Text size="sm" className={classes['contact']}>
          {contact.map(each => (
            <span key={each}>{each}</span>
          ))}
        </Text>
      )}
      {customer.notes && (
        <Text size="sm" lineClamp={1} fs="italic">
          {customer.notes}
        </Text>
      )}
      {lease && (
        <Text size="sm" className={classes['lease']}>
          <IconLock size={14} aria-hidden />
          {words.checkedOutShort(lease.who, lease.until)}
        </Text>
      )}
      {refused && <RefusalLine entry={refused} />}
    </li>
  )
})

function RefusalLine({ entry }: { entry: OutboxEntry }): ReactNode {
  const { show } = useOverlay()
  return (
    <div className={classes['refusal']}>
      <Text size="sm">{refusalText(entry.outcome)}</Text>
      <Button size="compact-sm" mt={4} className={classes['above']} onClick={() => show('outbox')}>
        {words.openOutbox}
      </Button>
    </div>
  )
}
