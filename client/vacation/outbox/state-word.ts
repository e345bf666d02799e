/** The states of a change, in the seven words that the page uses for them everywhere. */
import type { Connection, OutboxEntry } from 'layover/client'
import { texts } from '../texts/index.ts'

const { states } = texts.outbox

interface Circumstances {
  paused: boolean
  connection: Pick<Connection, 'mode' | 'state'>
}

export function stateWord(entry: OutboxEntry, { paused, connection }: Circumstances): string {
  switch (entry.status) {
    case 'queued':
    case 'blocked':
      if (paused) return states.paused
      return connection.state === 'online' ? states.queued : states.saved
    case 'sending':
    case 'in-doubt':
    case 'accepted':
      return states.sending
    case 'confirmed':
      return states.confirmed
    case 'conflict':
      return states.review
    case 'rejected':
      return states.failed
    case 'parked':
      return states.paused
  }
}

/** Not with the gateway yet, as far as this device knows. */
export const isWaiting = ({ status }: OutboxEntry): boolean => status === 'queued' || status === 'blocked'
/** On its way: the gateway may have it. */
export const isUnderWay = ({ status }: OutboxEntry): boolean =>
  status === 'sending' || status === 'in-doubt' || status === 'accepted'
/** The change is only a wish so far: the gateway has not said what became of it. */
export const isUnsettled = (entry: OutboxEntry): boolean => isWaiting(entry) || isUnderWay(entry)
