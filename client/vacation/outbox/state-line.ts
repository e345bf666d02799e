/** What holds for everything that waits: the reasons why nothing can be sent now, and what happens next. */
import type { ConnectionMode } from 'layover/client'
import type { SyncState } from '../shell/sync-state.ts'
import { texts } from '../texts/index.ts'

const words = texts.outbox
const { problems } = texts.shell

/** What happens next, and whether by itself. */
export function stateLine({ kind }: Pick<SyncState, 'kind'>, mode: ConnectionMode): string {
  return kind === 'offline' && mode === 'offline' ? words.holds.chosenOffline : words.holds[kind]
}

/** Why sending at once is impossible, in words; undefined: it is possible. */
export function whyNotSend(
  { kind, unsettled, underWay, nextAttemptAt }: Pick<SyncState, 'kind' | 'unsettled' | 'underWay' | 'nextAttemptAt'>,
  mode: ConnectionMode,
): string | undefined {
  if (unsettled === 0) return words.nothingToSend
  if (kind === 'sign-in') return problems.UNAUTHENTICATED
  if (mode === 'offline') return problems.OFFLINE
  if (kind === 'paused') return problems.PAUSED
  const isAllUnderWay = kind === 'sending' && underWay === unsettled && nextAttemptAt === undefined
  return isAllUnderWay ? words.allUnderWay : undefined
}
