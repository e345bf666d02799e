import { Anchor, Button, Drawer, Group, Stack, Text, Title } from '@mantine/core'
import { useConnection, useOfflineClient, useOutbox } from 'layover/react'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { exportOutbox } from '../device/export-outbox.ts'
import { useRecords } from '../device/records.ts'
import { SendingProgress } from '../shell/strips.tsx'
import { useSyncState } from '../shell/sync-context.tsx'
import { chipText } from '../shell/sync-state.ts'
import { texts } from '../texts/index.ts'
import { toastProblem } from '../ui/toast.ts'
import { ArrivedItem } from './arrived-item.tsx'
import { EntryItem } from './entry-item.tsx'
import classes from './outbox.module.css'
import { useHistory } from './use-history.ts'

const words = texts.outbox
const PAGE = 50
const ARRIVED = 20

/** What waits on this device, in the order in which it will leave, and below it what has left. */
export function OutboxDrawer({ opened, onClose }: { opened: boolean; onClose(): void }): ReactNode {
  return (
    <Drawer opened={opened} onClose={onClose} position="right" size="lg" title={words.title}>
      <Contents onClose={onClose} />
    </Drawer>
  )
}

function Contents({ onClose }: { onClose(): void }): ReactNode {
  const { outbox, sync: pulling } = useOfflineClient()
  const { entries, pausedBy } = useOutbox()
  const { mode } = useConnection()
  const records = useRecords()
  const history = useHistory()
  const sync = useSyncState()
  const [shown, setShown] = useState(PAGE)
  const hidden = entries.length - shown
  return (
    <Stack>
      <Text>{chipText(sync)}</Text>
      <SendingProgress sync={sync} />
      <Group gap="xs">
        <Button
          size="xs"
          disabled={entries.length === 0 || pausedBy !== undefined || mode === 'offline'}
          onClick={() => void pulling.push().catch(toastProblem)}
        >
          {words.sendNow}
        </Button>
        {pausedBy === 'user' ? (
          <Button size="xs" onClick={() => outbox.resume()}>
            {words.resume}
          </Button>
        ) : (
          <Button size="xs" disabled={pausedBy === 'sign-in'} onClick={() => outbox.pause()}>
            {words.pause}
          </Button>
        )}
      </Group>
      {entries.length === 0 && <Text>{words.nothingWaits}</Text>}
      <ol aria-label={words.waitingList} className={classes['list']} onKeyDown={rove}>
        {entries.slice(0, shown).map(entry => (
          <EntryItem key={entry.id} entry={entry} records={records} />
        ))}
      </ol>
      {hidden > 0 && <Button onClick={() => setShown(shown + PAGE)}>{words.showMore(Math.min(hidden, PAGE))}</Button>}
      <Title order={3} size="h5">
        {words.arrived}
      </Title>
      {history.length === 0 && <Text>{words.nothingArrived}</Text>}
      <ul aria-label={words.arrivedList} className={classes['list']}>
        {history.slice(0, ARRIVED).map(task => (
          <ArrivedItem key={task.id} task={task} records={records} />
        ))}
      </ul>
      <Group justify="space-between">
        <Button size="xs" onClick={() => void exportOutbox(outbox).catch(toastProblem)}>
          {words.exportAll}
        </Button>
        <Anchor component={Link} href="/device" onClick={onClose}>
          {words.toDevice}
        </Anchor>
      </Group>
    </Stack>
  )
}

/** Arrow keys go from entry to entry; the entry's buttons are reached by Tab. */
function rove(event: KeyboardEvent<HTMLOListElement>): void {
  const items = [...event.currentTarget.children] as HTMLElement[]
  const at = items.findIndex(item => item.contains(document.activeElement))
  const last = items.length - 1
  const to = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key]
  if (to === undefined) return
  event.preventDefault()
  items[to]?.focus()
}
