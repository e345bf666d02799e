import type { Outcome } from 'layover/client'
import type { Customer, Records, Vacation } from '../device/records.ts'

type Answer = Readonly<Record<string, { customer?: Customer | null; vacation?: Vacation | null } | null>>

/** The records of this device, and those of the gateway's answer to a task: what it deleted has its name from there. */
export function withAnswer(records: Records, outcome: Outcome): Records {
  const answer = outcome.status === 'confirmed' ? (outcome.data as Answer | null) : null
  const { customer, vacation } = Object.values(answer ?? {})[0] ?? {}
  return {
    ...records,
    customer: id => records.customer(id) ?? (customer?.id === id ? customer : undefined),
    vacation: id => records.vacation(id) ?? (vacation?.id === id ? vacation : undefined),
  }
}
