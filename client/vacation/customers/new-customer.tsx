import { systemRandom } from 'layover/protocol'
import { useOfflineClient } from 'layover/react'
import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import { CreateCustomerDocument } from '../__generated__/graphql.ts'
import { texts } from '../texts/index.ts'
import { CustomerForm, NO_FIELDS } from './customer-form.tsx'
import { queueChange, sayState } from './queue-change.ts'

/** A customer that this device makes; its id is final from the start. */
export function NewCustomer(): ReactNode {
  const client = useOfflineClient()
  const [, navigate] = useLocation()
  return (
    <CustomerForm
      title={texts.customers.newCustomer}
      start={NO_FIELDS}
      onSave={async fields => {
        const input = { id: systemRandom.uuid(), ...fields }
        const { id } = await queueChange(client, CreateCustomerDocument, { input })
        sayState(client, input.name, id)
        navigate(`/customers/${input.id}`)
      }}
      onLeave={() => navigate('/customers')}
    />
  )
}
