import type { OutboxEntry } from 'layover/client'
import type { Records } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { isWaiting } from './state-word.ts'

/** Where the entry can be edited: an address, or 'here', in a small form; undefined: nowhere, or no longer. */
export function editorOf(entry: OutboxEntry, { customer }: Pick<Records, 'customer'>): string | undefined {
  if (!isWaiting(entry) && entry.status !== 'rejected' && entry.status !== 'parked') return undefined
  const known = knownTask(entry)
  switch (known?.name) {
    case 'BookVacation':
      return `/book?entry=${entry.id}`
    case 'CreateCustomer':
    case 'UpdateCustomer': {
      const { id } = known.name === 'CreateCustomer' ? known.variables.input : known.variables
      // Of a customer that was refused there is no page.
      return customer(id) ? `/customers/${id}?entry=${entry.id}` : 'here'
    }
    case 'ChangeVacation':
      return 'here'
    default:
      return undefined
  }
}
