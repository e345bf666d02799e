import type { OfflineClient } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { useState } from 'react'
import { CheckInDocument, CheckOutDocument } from '../__generated__/graphql.ts'
import type { Customer } from '../device/records.ts'
import { isUnderWay, isWaiting } from '../outbox/state-word.ts'
import { timeOfDay } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { type QueuedChange, queueChange } from './queue-change.ts'
import { refusalText } from './refusal-text.ts'

const words = texts.customers

export interface CheckOutControl {
  /** 'unanswered': it was sent, and the gateway is slow to say what became of it. */
  phase: 'idle' | 'asking' | 'unanswered'
  /** Why the last one came to nothing. */
  refusal: string | undefined
  checkOut(minutes: number): void
  checkIn(): void
}

/** Asks the gateway for a lease, or gives it back: now or not at all. */
export function useCheckOut({ id }: Customer): CheckOutControl {
  const client = useOfflineClient()
  const [phase, setPhase] = useState<CheckOutControl['phase']>('idle')
  const [refusal, setRefusal] = useState<string>()

  const run = (ask: () => Promise<QueuedChange<unknown>>, notReached: string): void => {
    setPhase('asking')
    setRefusal(undefined)
    ask()
      .then(async change => {
        const entry = client.outbox.get(change.id)
        if (entry && isUnderWay(entry)) setPhase('unanswered')
        setRefusal(await refusalOf(client, change, notReached))
      })
      .catch((reason: unknown) => setRefusal(problemText(reason)))
      .finally(() => setPhase('idle'))
  }
  const record = { type: 'Customer', id }
  return {
    phase,
    refusal,
    checkOut: minutes => run(() => queueChange(client, CheckOutDocument, { ...record, minutes }), words.notReached),
    checkIn: () => run(() => queueChange(client, CheckInDocument, record), words.notCheckedIn),
  }
}

/** Waits for the verdict. What was refused, or could not leave, is gone from the outbox: a lock that comes later was not asked for. */
async function refusalOf(
  { outbox, sync }: OfflineClient,
  { id, data }: QueuedChange<unknown>,
  notReached: string,
): Promise<string | undefined> {
  const entry = outbox.get(id)
  if (entry && isWaiting(entry)) {
    const isWithdrawn = await outbox.cancel(id).then(
      () => true,
      () => false,
    )
    if (isWithdrawn) return notReached
  }
  const outcome = await outbox.settled(id)
  if (outcome.status === 'confirmed') {
    // Who has it stands in the record.
    await sync.pull().catch(() => undefined)
    return undefined
  }
  if (outcome.status === 'discarded') return notReached
  if (outbox.get(id)) await outbox.discard(id)
  return heldByAnother(data) ?? refusalText(outcome)
}

function heldByAnother(data: unknown): string | undefined {
  const answer = (data as { checkOut?: { heldBy?: string | null; until?: string | null } | null } | undefined)?.checkOut
  return answer?.until
    ? words.refusedCheckOut(answer.heldBy ?? words.somebody, timeOfDay(Date.parse(answer.until)))
    : undefined
}
