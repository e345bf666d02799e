import { Button, type ButtonProps, List, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import type { Records } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { Ask } from '../ui/ask.tsx'
import { toastProblem, toastUndo } from '../ui/toast.ts'
import { entryTitle } from './entry-title.ts'
import { isWaiting } from './state-word.ts'
import { withdraw } from './withdraw.ts'

const words = texts.outbox

interface GiveUpProps extends Pick<ButtonProps, 'size'> {
  /** Waiting, rejected or parked. */
  entry: OutboxEntry
  records: Records
  tabIndex: 0 | -1
}

/** Withdraws what has not left (with an undo), or discards what came back. Whoever takes others along is asked first. */
export function GiveUp({ entry, records, ...button }: GiveUpProps): ReactNode {
  const client = useOfflineClient()
  const [dependents, setDependents] = useState<readonly OutboxEntry[]>()
  const action = isWaiting(entry) ? words.withdraw : words.discard
  const title = entryTitle(entry, records)
  const giveUp = async (others: readonly OutboxEntry[]): Promise<void> => {
    if (isWaiting(entry)) toastUndo(words.withdrawn, await withdraw(client, [entry, ...others]))
    else await client.outbox.discard(entry.id)
  }
  const press = (): void => {
    const others = client.outbox.dependents(entry.id)
    if (isWaiting(entry) && others.length === 0) giveUp(others).catch(toastProblem)
    else setDependents(others)
  }
  return (
    <>
      <Button {...button} aria-label={words.about(action, title)} onClick={press}>
        {action}
      </Button>
      {dependents && (
        <Ask
          question={isWaiting(entry) ? words.withdrawQuestion(title) : words.discardQuestion(title)}
          action={action}
          onConfirm={() => void giveUp(dependents).catch(toastProblem)}
          onClose={() => setDependents(undefined)}
        >
          {dependents.length > 0 && (
            <>
              <Text>{words.goesToo}</Text>
              <List>
                {dependents.map(each => (
                  <List.Item key={each.id}>{entryTitle(each, records)}</List.Item>
                ))}
              </List>
            </>
          )}
        </Ask>
      )}
    </>
  )
}
