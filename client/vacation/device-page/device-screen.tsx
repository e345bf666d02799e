import { Card, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { texts } from '../texts/index.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { Diagnostics } from './diagnostics.tsx'
import { OutboxCare } from './outbox-care.tsx'
import { RecordsHeld } from './records-held.tsx'
import { StorageUse } from './storage-use.tsx'

/** What this device holds, how old it is, and what can be said to whoever helps. */
export function DeviceScreen(): ReactNode {
  return (
    <>
      <ScreenHeader title={texts.device.title} />
      <Stack>
        <Card component="section">
          <StorageUse />
        </Card>
        <Card component="section">
          <OutboxCare />
        </Card>
        <Card component="section">
          <RecordsHeld />
        </Card>
        <Card component="section">
          <Diagnostics />
        </Card>
      </Stack>
    </>
  )
}
