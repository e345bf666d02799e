import { Anchor, Button, Drawer, Group, Stack, Text, Title } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useOfflineClient } from 'layover/react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { exportOutbox } from '../device/export-outbox.ts'
import { useRecords } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { useOwnEscape } from '../ui/own-escape.ts'
import { toastProblem } from '../ui/toast.ts'
import { ArrivedItem } from './arrived-item.tsx'
import classes from './outbox.module.css'
import { OutboxHead } from './outbox-head.tsx'
import { useHistory } from './use-history.ts'
import { WaitingList } from './waiting-list.tsx'

const words = texts.outbox
const ARRIVED = 20

/** What waits on this device, in the order in which it will leave, and below it what has left. */
export function OutboxDrawer({ opened, onClose }: { opened: boolean; onClose(): void }): ReactNode {
  const inside = useOwnEscape<HTMLDivElement>(opened, onClose)
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      closeOnEscape={false}
      position="right"
      size="lg"
      title={
        <Text span size="lg" fw={650}>
          {words.title}
        </Text>
      }
    >
      <div ref={inside}>
        <Contents />
      </div>
    </Drawer>
  )
}

function Contents(): ReactNode {
  const { outbox } = useOfflineClient()
  const records = useRecords()
  const history = useHistory()
  return (
    <Stack>
      <OutboxHead />
      <WaitingList records={records} />
      <Title order={3} size="h5" mt="md">
        {words.arrived}
      </Title>
      {history.length === 0 && <Text>{words.nothingArrived}</Text>}
      <ul aria-label={words.arrivedList} className={classes['list']}>
        {history.slice(0, ARRIVED).map(task => (
          <ArrivedItem key={task.id} task={task} records={records} />
        ))}
      </ul>
      <Group justify="space-between" className={classes['foot']}>
        <Button
          size="xs"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => void exportOutbox(outbox).catch(toastProblem)}
        >
          {words.exportAll}
        </Button>
        <Anchor component={Link} href="/device" size="sm">
          {words.toDevice}
        </Anchor>
      </Group>
    </Stack>
  )
}
