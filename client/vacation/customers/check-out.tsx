import { useMutation } from '@apollo/client/react'
import { Alert, Button, Group, Menu, Text } from '@mantine/core'
import { useConnection, useFreshness, useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { CheckInDocument, CheckOutDocument } from '../__generated__/graphql.ts'
import { entryIdOf } from '../device/entry-of.ts'
import type { Customer } from '../device/records.ts'
import { useSignedIn } from '../device/session-context.tsx'
import { timeOfDay } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.ts'
import { useNow } from '../ui/use-now.ts'

const words = texts.customers
const MINUTES = [15, 30, 60, 240] as const

interface Lease {
  isMine: boolean
  text: string
}

/** Who has the customer checked out just now (pessimistic lock with a lease, as in the smart-client guide). */
export function useLease({ checkedOutBy, checkedOutUntil }: Customer): Lease | undefined {
  const { session } = useSignedIn()
  const now = useNow(checkedOutUntil ? 30_000 : undefined)
  if (!checkedOutBy || !checkedOutUntil || Date.parse(checkedOutUntil) <= now) return undefined
  const until = timeOfDay(Date.parse(checkedOutUntil))
  const isMine = checkedOutBy === session.user
  return { isMine, text: isMine ? words.checkedOutByMe(until) : words.checkedOutBy(checkedOutBy, until) }
}

/** Only with the gateway at hand: a lock that is promised on this device alone locks nobody out. */
export function CheckOut({ customer }: { customer: Customer }): ReactNode {
  const lease = useLease(customer)
  const { state } = useConnection()
  const { state: freshness } = useFreshness('Customer')
  const { outbox } = useOfflineClient()
  const [checkOut] = useMutation(CheckOutDocument)
  const [checkIn] = useMutation(CheckInDocument)
  const [isBusy, setBusy] = useState(false)
  const obstacle =
    state !== 'online' ? words.checkOutOffline : freshness === 'hard-stale' ? words.checkOutStale : undefined
  const record = { type: 'Customer', id: customer.id }

  const run = (action: () => Promise<{ extensions?: Record<string, unknown> }>): void => {
    setBusy(true)
    action()
      .then(async ({ extensions }) => {
        const id = entryIdOf(extensions)
        // It came to wait after all: a lock that comes later is not what was asked for.
        if (id !== undefined && outbox.get(id)?.status === 'queued') await outbox.cancel(id)
      })
      .catch(async (reason: unknown) => {
        toastProblem(reason)
        const refused = outbox.entries.filter(({ name, status }) => name.startsWith('Check') && status === 'rejected')
        for (const { id } of refused) await outbox.discard(id)
      })
      .finally(() => setBusy(false))
  }

  if (lease) {
    return (
      <Alert color={lease.isMine ? 'teal' : 'orange'} py="xs">
        <Group justify="space-between">
          <Text size="sm">{lease.text}</Text>
          {lease.isMine && (
            <Button
              size="xs"
              loading={isBusy}
              disabled={state !== 'online'}
              onClick={() => run(() => checkIn({ variables: record }))}
            >
              {words.checkIn}
            </Button>
          )}
        </Group>
      </Alert>
    )
  }
  return (
    <div>
      <Menu withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button loading={isBusy} disabled={obstacle !== undefined}>
            {words.checkOut}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {MINUTES.map(minutes => (
            <Menu.Item key={minutes} onClick={() => run(() => checkOut({ variables: { ...record, minutes } }))}>
              {words.checkOutFor(minutes)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Text size="sm" mt={4}>
        {obstacle ?? words.checkOutHint}
      </Text>
    </div>
  )
}
