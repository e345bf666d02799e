/** Who has a customer checked out: a pessimistic lock with a lease, as in the smart-client guide. */
import type { SettledTask } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { useCallback, useSyncExternalStore } from 'react'
import type { CheckOutMutation } from '../__generated__/graphql.ts'
import type { Customer } from '../device/records.ts'
import { useSignedIn } from '../device/session-context.tsx'
import { timeOfDay } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { useNow } from '../ui/use-now.ts'

const words = texts.customers
const LOOK_EVERY_MS = 15_000

export interface Lease {
  /** A lease is one installation's: its own user is refused from another, too. */
  holder: 'here' | 'elsewhere' | 'other'
  /** As sentences name the holder. */
  who: string
  /** "10:42". */
  until: string
}

/** The lease that runs just now; undefined: nobody has it, or not any more. */
export function useLease({ id, checkedOutBy, checkedOutUntil }: Customer): Lease | undefined {
  const { session } = useSignedIn()
  const now = useNow(checkedOutUntil ? LOOK_EVERY_MS : undefined)
  const { outbox } = useOfflineClient()
  const isMine = checkedOutBy === session.user
  const isOfThisDevice = useSyncExternalStore(
    useCallback(listener => outbox.subscribe(() => listener()), [outbox]),
    () => isMine && outbox.history.some(task => tookLease(task, id, checkedOutUntil)),
  )
  if (!checkedOutBy || !checkedOutUntil || Date.parse(checkedOutUntil) <= now) return undefined
  return {
    holder: !isMine ? 'other' : isOfThisDevice ? 'here' : 'elsewhere',
    who: isMine ? words.you : checkedOutBy,
    until: timeOfDay(Date.parse(checkedOutUntil)),
  }
}

/** Was that very lease given to this device? */
function tookLease({ name, variables, outcome }: SettledTask, id: string, until: string | null | undefined): boolean {
  if (name !== 'CheckOut' || outcome.status !== 'confirmed' || variables?.['id'] !== id) return false
  return (outcome.data as CheckOutMutation | null)?.checkOut?.until === until
}

/** What the lease means for changes from this device. */
export function leaseText({ holder, who, until }: Lease): { text: string; hint: string } {
  switch (holder) {
    case 'here':
      return { text: words.holdHere(until), hint: words.holdHereHint }
    case 'elsewhere':
      return { text: words.holdElsewhere(until), hint: words.holdElsewhereHint }
    case 'other':
      return { text: words.heldBy(who, until), hint: words.heldByHint }
  }
}
