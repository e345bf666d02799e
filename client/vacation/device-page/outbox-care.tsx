import { Button, FileButton, Group, Stack, Text, Title } from '@mantine/core'
import { LayoverError } from 'layover/client'
import { useConnection, useOfflineClient, useOutbox } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { exportOutbox } from '../device/export-outbox.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { Ask } from '../ui/ask.tsx'
import { toastProblem } from '../ui/toast.ts'

const words = texts.device

/** Take out, take in, fetch anew, remove: nothing of it touches what waits without being asked twice. */
export function OutboxCare(): ReactNode {
  const { outbox, sync } = useOfflineClient()
  const { entries, waiting } = useOutbox()
  const { mode } = useConnection()
  const [said, setSaid] = useState<string>()
  const [asking, setAsking] = useState<'purge' | 'anyway'>()
  const size = new Blob([JSON.stringify(entries)]).size
  const take = async (file: File | null): Promise<void> => {
    if (!file) return
    try {
      await outbox.import(await file.text())
      setSaid(words.imported)
    } catch (reason) {
      setSaid(reason instanceof LayoverError && reason.code === 'BAD_EXPORT' ? words.badFile : problemText(reason))
    }
  }
  const purge = (force: boolean): void => {
    sync.purge({ force }).catch((reason: unknown) => {
      if (reason instanceof LayoverError && reason.code === 'PENDING_TASKS') setAsking('anyway')
      else toastProblem(reason)
    })
  }
  return (
    <Stack gap="xs" align="flex-start">
      <Title order={3} size="h4">
        {words.outbox}
      </Title>
      <Text>{words.outboxSize(entries.length, size)}</Text>
      <Group gap="xs">
        <Button onClick={() => void exportOutbox(outbox).catch(toastProblem)}>{words.export}</Button>
        <FileButton accept="application/json" onChange={file => void take(file)}>
          {props => <Button {...props}>{words.import}</Button>}
        </FileButton>
        <Button disabled={mode === 'offline'} onClick={() => void sync.pull().catch(toastProblem)}>
          {words.fetchAgain}
        </Button>
        <Button onClick={() => setAsking(waiting > 0 ? 'anyway' : 'purge')}>{words.purge}</Button>
      </Group>
      {said && <Text role="status">{said}</Text>}
      {asking === 'purge' && (
        <Ask
          question={words.purgeQuestion}
          action={words.purge}
          onConfirm={() => purge(false)}
          onClose={() => setAsking(undefined)}
        >
          <Text>{words.purgeHint}</Text>
        </Ask>
      )}
      {asking === 'anyway' && (
        <Ask
          question={words.purgeQuestion}
          action={words.purgeAnyway}
          onConfirm={() => purge(true)}
          onClose={() => setAsking(undefined)}
        >
          <Text>{words.purgeBlocked}</Text>
        </Ask>
      )}
    </Stack>
  )
}
