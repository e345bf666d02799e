import { Button, List, Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import type { DemoFaults } from './demo-faults.ts'

const words = texts.faults

/** What the suppliers hold: once each, and nothing that no vacation holds. */
export function Ledger({ ledger, onRefresh }: { ledger: DemoFaults['ledger']; onRefresh(): void }): ReactNode {
  return (
    <Stack gap="xs" align="flex-start">
      <Title order={3} size="h5">
        {words.ledger}
      </Title>
      <List size="sm" aria-label={words.ledger}>
        <List.Item>{words.vacations(ledger.vacations)}</List.Item>
        <List.Item>{words.reservations(ledger.reservations)}</List.Item>
        <List.Item>{words.without(ledger.withoutVacation)}</List.Item>
        <List.Item>{words.mails(ledger.mails)}</List.Item>
      </List>
      <Button size="xs" onClick={onRefresh}>
        {words.refresh}
      </Button>
    </Stack>
  )
}
