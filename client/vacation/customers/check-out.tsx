import { ActionIcon, Alert, Button, Group, Menu, Text } from '@mantine/core'
import { IconChevronDown, IconLock } from '@tabler/icons-react'
import { useConnection, useFreshness, useOutbox } from 'layover/react'
import type { ReactNode } from 'react'
import type { Customer } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import classes from './customers.module.css'
import { leaseText, useLease } from './lease.ts'
import { useCheckOut } from './use-check-out.ts'

const words = texts.customers
const USUAL = 30
const MINUTES = [15, 30, 60, 240] as const

/** Why nothing can be checked out just now: a lock that is promised on this device alone locks nobody out. */
function useObstacle(): string | undefined {
  const { state } = useConnection()
  const paused = useOutbox(outbox => outbox.paused)
  const { state: freshness } = useFreshness('Customer')
  if (state !== 'online') return words.checkOutOffline
  if (paused) return words.checkOutPaused
  return freshness === 'hard-stale' || freshness === 'never' ? words.checkOutStale : undefined
}

/** Who has the customer, and the taking and giving back of it. */
export function CheckOut({ customer }: { customer: Customer }): ReactNode {
  const lease = useLease(customer)
  const obstacle = useObstacle()
  const { phase, refusal, checkOut, checkIn } = useCheckOut(customer)
  const isBusy = phase !== 'idle'
  const said = lease && leaseText(lease)
  return (
    <div>
      {lease && said ? (
        <Alert
          color={lease.holder === 'here' ? 'teal' : 'orange'}
          icon={<IconLock size={18} aria-hidden />}
          title={said.text}
          data-lease={lease.holder}
        >
          <Text size="sm">{said.hint}</Text>
          {lease.holder === 'here' && (
            <Button size="sm" mt="xs" loading={isBusy} disabled={obstacle !== undefined} onClick={checkIn}>
              {words.checkIn}
            </Button>
          )}
        </Alert>
      ) : (
        <>
          <Group gap={4}>
            <Button
              leftSection={<IconLock size={16} aria-hidden />}
              loading={isBusy}
              disabled={obstacle !== undefined}
              onClick={() => checkOut(USUAL)}
            >
              {words.checkOut}
            </Button>
            <Menu position="bottom-start" withInitialFocusPlaceholder={false}>
              <Menu.Target>
                <ActionIcon
                  variant="default"
                  size={36}
                  className={classes['more']}
                  aria-label={words.checkOutLonger}
                  disabled={obstacle !== undefined || isBusy}
                >
                  <IconChevronDown size={16} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {MINUTES.map(minutes => (
                  <Menu.Item key={minutes} onClick={() => checkOut(minutes)}>
                    {words.checkOutFor(minutes)}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          </Group>
          <Text size="sm" mt={4}>
            {obstacle ?? words.checkOutHint}
          </Text>
        </>
      )}
      <div role="status">{phase === 'unanswered' && <Text size="sm">{words.unanswered}</Text>}</div>
      {refusal && (
        <Alert color="orange" role="alert" mt="xs">
          {refusal}
        </Alert>
      )}
    </div>
  )
}

/** Said in a form: what is entered there may be refused. */
export function LeaseWarning({ customer }: { customer: Customer }): ReactNode {
  const lease = useLease(customer)
  if (!lease || lease.holder === 'here') return null
  const { text, hint } = leaseText(lease)
  return (
    <Alert color="orange" icon={<IconLock size={18} aria-hidden />} title={text}>
      {hint}
    </Alert>
  )
}
