import { Alert } from '@mantine/core'
import { useOfflineClient } from 'layover/react'
import type { ReactNode } from 'react'
import { UpdateCustomerDocument } from '../__generated__/graphql.ts'
import type { Customer } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { toastSaid } from '../ui/toast.ts'
import { LeaseWarning } from './check-out.tsx'
import { CustomerForm, FIELDS } from './customer-form.tsx'
import { queueChange, sayState } from './queue-change.ts'

const words = texts.customers

interface EditCustomerProps {
  /** As it stood when the form opened: the person decides by that, so the change is compared with it. */
  seen: Customer
  /** As it stands now; undefined: it is gone. */
  current: Customer | undefined
  onDone(): void
}

export function EditCustomer({ seen, current, onDone }: EditCustomerProps): ReactNode {
  const client = useOfflineClient()
  return (
    <CustomerForm
      title={words.editTitle(seen.name)}
      start={seen}
      notes={
        <>
          <Meanwhile seen={seen} current={current} />
          {current && <LeaseWarning customer={current} />}
        </>
      }
      onSave={async fields => {
        const changed = FIELDS.filter(field => (fields[field] ?? '') !== (seen[field] ?? ''))
        if (changed.length === 0) toastSaid(words.nothingChanged)
        else {
          const patch = Object.fromEntries(changed.map(field => [field, fields[field]]))
          const variables = { id: seen.id, baseVersion: seen.version, patch }
          const { id } = await queueChange(client, UpdateCustomerDocument, variables)
          sayState(client, fields.name, id)
        }
        onDone()
      }}
      onLeave={onDone}
    />
  )
}

/** What has become of the record while the form was open. */
function Meanwhile({ seen, current }: Omit<EditCustomerProps, 'onDone'>): ReactNode {
  const said = (record: Customer): string =>
    FIELDS.filter(field => (record[field] ?? '') !== (seen[field] ?? ''))
      .map(field => {
        const value = record[field]
        return value ? words.nowIs(words.fields[field], value) : words.nowEmpty(words.fields[field])
      })
      .join(' ')
  const what = current && said(current)
  const text = current ? what && words.changedMeanwhile(what) : words.goneMeanwhile
  return <div role="status">{text && <Alert color="orange">{text}</Alert>}</div>
}
