import { useMutation } from '@apollo/client/react'
import { systemRandom } from 'layover/protocol'
import { useOfflineClient } from 'layover/react'
import { CreateCustomerDocument, DeleteCustomerDocument } from '../__generated__/graphql.ts'
import { entryIdOf } from '../device/entry-of.ts'
import type { Customer } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { toastUndo } from '../ui/toast.ts'

const words = texts.customers

/** Queues the deletion. Its undo takes it back while it waits; once it is done, it makes the customer anew. */
export function useDeleteCustomer(): (customer: Customer) => Promise<void> {
  const { outbox } = useOfflineClient()
  const [remove] = useMutation(DeleteCustomerDocument)
  const [create] = useMutation(CreateCustomerDocument)
  return async customer => {
    const { extensions } = await remove({ variables: { id: customer.id, baseVersion: customer.version } })
    const entryId = entryIdOf(extensions)
    const waits = (): boolean => {
      const entry = entryId === undefined ? undefined : outbox.get(entryId)
      return entry?.status === 'queued' || entry?.status === 'blocked'
    }
    const undo = async (): Promise<void> => {
      if (entryId !== undefined && waits()) return outbox.cancel(entryId)
      const { name, email, phone, address, notes } = customer
      // Under another id: the deleted one stays deleted everywhere.
      await create({ variables: { input: { id: systemRandom.uuid(), name, email, phone, address, notes } } })
    }
    toastUndo(waits() ? words.removeQueued(customer.name) : words.removeSent(customer.name), undo)
  }
}
