import { useMutation } from '@apollo/client/react'
import { Alert } from '@mantine/core'
import { useOfflineClient, useTask } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { UpdateCustomerDocument } from '../__generated__/graphql.ts'
import type { Customer } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { texts } from '../texts/index.ts'
import { type CustomerFields, CustomerForm, NO_FIELDS } from './customer-form.tsx'

const words = texts.customers

interface EditCustomerProps {
  customer: Customer
  onDone(): void
}

/** The person decides by what stood here when the form opened, so that is what the change is compared with. */
export function EditCustomer({ customer, onDone }: EditCustomerProps): ReactNode {
  const [seen] = useState(customer)
  const [update] = useMutation(UpdateCustomerDocument)
  return (
    <CustomerForm
      title={words.editTitle(seen.name)}
      start={seen}
      note={customer.version > seen.version ? words.changedMeanwhile : undefined}
      onSave={async fields => {
        const changed = Object.entries(fields).filter(([field, value]) => value !== seen[field as keyof CustomerFields])
        if (changed.length === 0) return
        const variables = { id: seen.id, baseVersion: seen.version, patch: Object.fromEntries(changed) }
        await update({ variables })
      }}
      onDone={onDone}
    />
  )
}

/** A change that waits or was refused, to be sent in another form. */
export function EditEntry({ entryId, customer, onDone }: EditCustomerProps & { entryId: string }): ReactNode {
  const { outbox } = useOfflineClient()
  const { entry } = useTask(entryId)
  const [known] = useState(() => entry && knownTask(entry))
  if (known?.name === 'CreateCustomer') {
    const { input } = known.variables
    return (
      <CustomerForm
        title={words.editTitle(input.name)}
        start={{ ...NO_FIELDS, ...withoutUndefined(input) }}
        onSave={fields => outbox.edit(entryId, { input: { id: input.id, ...fields } })}
        onDone={onDone}
      />
    )
  }
  if (known?.name === 'UpdateCustomer') {
    const { patch } = known.variables
    const start = { ...customer, ...withoutUndefined(patch) } as CustomerFields
    return (
      <CustomerForm
        title={words.editTitle(customer.name)}
        start={start}
        onSave={fields => {
          const changed = Object.entries(fields).filter(
            ([field, value]) => field in patch || value !== start[field as keyof CustomerFields],
          )
          return outbox.edit(entryId, { ...known.variables, patch: { ...patch, ...Object.fromEntries(changed) } })
        }}
        onDone={onDone}
      />
    )
  }
  return <Alert color="orange">{words.entryGone}</Alert>
}

const withoutUndefined = <T extends object>(values: T): Partial<CustomerFields> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
