import { Table, Title } from '@mantine/core'
import { useFreshness } from 'layover/react'
import type { ReactNode } from 'react'
import { useCustomers, useOffers, useVacations } from '../device/records.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

const words = texts.device
type Kind = keyof typeof words.kinds

/** How many records of each type are here, and how old they are. */
export function RecordsHeld(): ReactNode {
  const { hotels, flights, cars } = useOffers()
  const counts: Record<Kind, number> = {
    Customer: useCustomers().length,
    Vacation: useVacations().length,
    HotelOffer: hotels.length,
    FlightOffer: flights.length,
    CarOffer: cars.length,
  }
  return (
    <>
      <Title order={3} size="h4" mb="xs">
        {words.records}
      </Title>
      <Table.ScrollContainer minWidth={280}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{words.records}</Table.Th>
              <Table.Th scope="col">{words.count}</Table.Th>
              <Table.Th scope="col">{words.fetchedAt}</Table.Th>
              <Table.Th scope="col">{words.age}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {(Object.keys(counts) as Kind[]).map(kind => (
              <KindRow key={kind} kind={kind} count={counts[kind]} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  )
}

function KindRow({ kind, count }: { kind: Kind; count: number }): ReactNode {
  const { lastSyncedAt, state } = useFreshness(kind)
  return (
    <Table.Tr>
      <Table.Th scope="row">{words.kinds[kind]}</Table.Th>
      <Table.Td>{count}</Table.Td>
      <Table.Td>{lastSyncedAt ? momentOf(lastSyncedAt.toISOString()) : words.never}</Table.Td>
      <Table.Td>{words.ages[state]}</Table.Td>
    </Table.Tr>
  )
}
