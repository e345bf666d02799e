import { type EntityRecord, type Rejected, rejected } from 'layover/server'
import { dayOf } from './dates.ts'

/** What is cancelled or over stays as it is. `now` is RFC 3339, UTC. */
export function refuseFinished(vacation: EntityRecord | undefined, now: string): Rejected | undefined {
  if (vacation?.['status'] === 'CANCELLED') {
    return rejected('VACATION_CANCELLED', 'The vacation is cancelled and can not be changed. Book it anew instead.', {
      field: 'id',
    })
  }
  return refusePast(vacation, now)
}

export function refusePast(vacation: EntityRecord | undefined, now: string): Rejected | undefined {
  const endsOn = vacation?.['endsOn']
  if (typeof endsOn !== 'string' || endsOn >= dayOf(now)) return undefined
  return rejected('VACATION_PAST', `The vacation was over on ${endsOn} and stays as it is.`, { field: 'id' })
}
