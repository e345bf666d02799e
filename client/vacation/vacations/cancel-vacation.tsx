import { useMutation } from '@apollo/client/react'
import { Button } from '@mantine/core'
import { useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { CancelVacationDocument } from '../__generated__/graphql.ts'
import { entryIdOf } from '../device/entry-of.ts'
import type { Vacation } from '../device/records.ts'
import { dateRange } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { Ask } from '../ui/ask.tsx'
import { toastProblem, toastUndo } from '../ui/toast.ts'

const words = texts.vacations

/** Queues the cancellation; as long as it has not left it can be taken back. */
export function CancelVacation({ vacation, customer }: { vacation: Vacation; customer: string }): ReactNode {
  const { outbox } = useOfflineClient()
  const [cancel] = useMutation(CancelVacationDocument)
  const [isAsking, setAsking] = useState(false)
  const run = async (): Promise<void> => {
    const { extensions } = await cancel({ variables: { id: vacation.id, baseVersion: vacation.version } })
    const id = entryIdOf(extensions)
    const entry = id === undefined ? undefined : outbox.get(id)
    if (entry?.status === 'queued' || entry?.status === 'blocked') {
      toastUndo(words.cancelQueued, () => outbox.cancel(entry.id))
    }
  }
  return (
    <>
      <Button onClick={() => setAsking(true)}>{words.cancel}</Button>
      {isAsking && (
        <Ask
          question={words.cancelQuestion(customer, dateRange(vacation.startsOn, vacation.endsOn))}
          action={words.cancel}
          onConfirm={() => void run().catch(toastProblem)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  )
}
