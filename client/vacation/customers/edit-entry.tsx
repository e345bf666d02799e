import { Alert, Button } from '@mantine/core'
import { useOfflineClient, useTask } from 'layover/react'
import { type ReactNode, useState } from 'react'
import type { Customer } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { texts } from '../texts/index.ts'
import { type CustomerFields, CustomerForm, FIELDS, type Field, NO_FIELDS } from './customer-form.tsx'
import { sayState } from './queue-change.ts'

const words = texts.customers

interface EditEntryProps {
  entryId: string
  /** Undefined: it is not on this device, e.g. because its making was refused. */
  customer: Customer | undefined
  onDone(): void
}

/** A change that waits or was refused, to be sent in another form. */
export function EditEntry({ entryId, customer, onDone }: EditEntryProps): ReactNode {
  const client = useOfflineClient()
  const { entry } = useTask(entryId)
  // As it stood when the form opened.
  const [known] = useState(() => entry && knownTask(entry))
  const [seen] = useState(customer)
  const queue = async (variables: Record<string, unknown>, name: string): Promise<void> => {
    const { outbox } = client
    await outbox.edit(entryId, variables)
    // One that had been refused is queued anew, at the end.
    sayState(client, name, outbox.get(entryId)?.id ?? outbox.entries.at(-1)?.id ?? entryId)
    onDone()
  }
  if (known?.name === 'CreateCustomer') {
    const { input } = known.variables
    return (
      <CustomerForm
        title={words.editTitle(input.name)}
        start={{ ...NO_FIELDS, ...input }}
        onSave={fields => queue({ input: { id: input.id, ...fields } }, fields.name)}
        onLeave={onDone}
      />
    )
  }
  if (known?.name === 'UpdateCustomer') {
    const { patch } = known.variables
    const given = (field: Field): string | null => (field in patch ? patch[field] : seen?.[field]) ?? null
    const start = Object.fromEntries(FIELDS.map(field => [field, given(field)])) as CustomerFields
    return (
      <CustomerForm
        title={words.editTitle(start.name ?? texts.outbox.someCustomer)}
        start={start}
        onSave={fields => {
          const changed = FIELDS.filter(field => field in patch || fields[field] !== start[field])
          const entered = Object.fromEntries(changed.map(field => [field, fields[field]]))
          return queue({ ...known.variables, patch: { ...patch, ...entered } }, fields.name)
        }}
        onLeave={onDone}
      />
    )
  }
  return (
    <Alert color="orange" role="status">
      {words.entryGone}
      <div>
        <Button mt="sm" onClick={onDone}>
          {texts.common.close}
        </Button>
      </div>
    </Alert>
  )
}
