import type { OfflineClient } from 'layover/client'
import { systemRandom } from 'layover/protocol'
import { useOfflineClient } from 'layover/react'
import { CreateCustomerDocument, DeleteCustomerDocument } from '../__generated__/graphql.ts'
import type { Customer } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { toastSaid, toastUndo } from '../ui/toast.ts'
import { queueChange, sayState } from './queue-change.ts'

const words = texts.customers

/** Queues the deletion, and offers its undo. Resolves to false when the gateway refused it at once. */
export function useDeleteCustomer(): (customer: Customer, hasVacations: boolean) => Promise<boolean> {
  const client = useOfflineClient()
  return async (customer, hasVacations) => {
    const { name, version } = customer
    const { id, status } = await queueChange(client, DeleteCustomerDocument, { id: customer.id, baseVersion: version })
    if (status === 'rejected' || status === 'conflict' || status === 'parked') {
      sayState(client, name, id)
      return false
    }
    const said = status === 'queued' || status === 'blocked' ? words.removeQueued : words.removeSent
    toastUndo(status === 'confirmed' ? words.removed(name) : said(name), () => undo(client, id, customer, hasVacations))
    return true
  }
}

/** Takes the deletion back while it waits. Once it may have been sent, the customer is made anew. */
async function undo(client: OfflineClient, entryId: string, customer: Customer, hasVacations: boolean): Promise<void> {
  const { outbox } = client
  const { name, email, phone, address, notes } = customer
  const isWithdrawn = await outbox.cancel(entryId).then(
    () => true,
    () => false,
  )
  if (isWithdrawn) return toastSaid(words.removeUndone(name))
  const known = outbox.get(entryId)?.status ?? outbox.outcome(entryId)?.status
  if (known === 'rejected' || known === 'conflict' || known === 'parked' || known === 'discarded')
    return standsAsItWas()
  // Under another id: a deleted one stays deleted everywhere. Queued at once, so that the wish outlives this page, and after the
  // deletion: if that is refused this is no longer wanted, and falls with it.
  const input = { id: systemRandom.uuid(), name, email, phone, address, notes }
  const remade = await queueChange(client, CreateCustomerDocument, { input }, [entryId])
  const outcome = await outbox.settled(entryId)
  if (outcome.status !== 'confirmed') return standsAsItWas()
  toastSaid(hasVacations ? words.remakingWithout(name) : words.remaking(name))
  sayState(client, name, remade.id)

  async function standsAsItWas(): Promise<void> {
    if (outbox.get(entryId)) await outbox.discard(entryId)
    toastSaid(words.removeRefused(name))
  }
}
