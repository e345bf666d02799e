import { Alert, Card, Loader, Stack, Text, Title } from '@mantine/core'
import { useConnection, useFreshness } from 'layover/react'
import type { ReactNode } from 'react'
import { useCustomers, useOffers, useVacations } from '../device/records.ts'
import { texts } from '../texts/index.ts'

const words = texts.shell.firstRun

/** Until this device holds everything once, that is what there is to see; afterwards the screen. */
export function FirstRun({ children }: { children: ReactNode }): ReactNode {
  const { lastSyncedAt } = useFreshness()
  return lastSyncedAt === null ? <Fetching /> : children
}

function Fetching(): ReactNode {
  const { mode, state } = useConnection()
  const [customers, vacations, offers] = [useCustomers(), useVacations(), useOffers()]
  const offerCount = offers.hotels.length + offers.flights.length + offers.cars.length
  return (
    <Card p="xl" maw={560} mx="auto">
      <Stack>
        <Title order={2}>{words.title}</Title>
        <Text role="status">{words.explanation}</Text>
        {state === 'online' ? (
          <Stack gap={4}>
            <Loader size="sm" aria-hidden />
            <Text>{words.customers(customers.length)}</Text>
            <Text>{words.vacations(vacations.length)}</Text>
            <Text>{words.offers(offerCount)}</Text>
          </Stack>
        ) : (
          <Alert color="orange">{mode === 'offline' ? words.byChoice : words.offline}</Alert>
        )}
      </Stack>
    </Card>
  )
}
