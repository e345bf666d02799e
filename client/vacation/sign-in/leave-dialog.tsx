import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core'
import { useOfflineClient, useOutbox } from 'layover/react'
import { type ReactNode, useEffect, useEffectEvent, useState } from 'react'
import { exportOutbox } from '../device/export-outbox.ts'
import { useRecords } from '../device/records.ts'
import { entryTitle } from '../outbox/entry-title.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { Ask } from '../ui/ask.tsx'
import { toastProblem } from '../ui/toast.ts'

const words = texts.signIn
const SHOWN = 5

type Pending = 'keep' | 'send' | 'discard'

/** What waits belongs to whoever made it: it is never taken along or thrown away unasked. */
export function LeaveDialog({ onClose, onSignedOut }: { onClose(): void; onSignedOut(): void }): ReactNode {
  const client = useOfflineClient()
  const entries = useOutbox(outbox => outbox.entries)
  const records = useRecords()
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const leave = (pending: Pending): void => {
    setProblem(undefined)
    setBusy(true)
    client
      .signOut({ pending })
      .then(onSignedOut, (reason: unknown) => setProblem(problemText(reason)))
      .finally(() => setBusy(false))
  }
  const isEmpty = entries.length === 0
  const leaveAtOnce = useEffectEvent(() => {
    if (isEmpty) leave('keep')
  })
  // Where nothing waits there is nothing to ask.
  useEffect(() => leaveAtOnce(), [])
  return (
    <Modal opened onClose={onClose} closeOnEscape={!isAsking} title={words.leave}>
      <Stack>
        <Text>{isEmpty ? words.leaveClean : words.leaveHint(entries.length)}</Text>
        {!isEmpty && (
          <>
            <List>
              {entries.slice(0, SHOWN).map(entry => (
                <List.Item key={entry.id}>{entryTitle(entry, records)}</List.Item>
              ))}
            </List>
            {entries.length > SHOWN && <Text>{words.more(entries.length - SHOWN)}</Text>}
            <Text size="sm">{words.keepHint}</Text>
          </>
        )}
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button onClick={onClose}>{words.stay}</Button>
          {isEmpty ? (
            <Button variant="filled" loading={isBusy} onClick={() => leave('keep')}>
              {words.leave}
            </Button>
          ) : (
            <>
              <Button onClick={() => void exportOutbox(client.outbox).catch(toastProblem)}>{words.exportThem}</Button>
              <Button disabled={isBusy} onClick={() => setAsking(true)}>
                {words.discard}
              </Button>
              <Button disabled={isBusy} onClick={() => leave('keep')}>
                {words.keep}
              </Button>
              <Button variant="filled" loading={isBusy} onClick={() => leave('send')}>
                {words.send}
              </Button>
            </>
          )}
        </Group>
      </Stack>
      {isAsking && (
        <Ask
          question={words.discardQuestion(entries.length)}
          action={words.discard}
          onConfirm={() => leave('discard')}
          onClose={() => setAsking(false)}
        />
      )}
    </Modal>
  )
}
