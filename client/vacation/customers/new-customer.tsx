import { useMutation } from '@apollo/client/react'
import { systemRandom } from 'layover/protocol'
import { type ReactNode, useRef } from 'react'
import { useLocation } from 'wouter'
import { CreateCustomerDocument } from '../__generated__/graphql.ts'
import { texts } from '../texts/index.ts'
import { CustomerForm, NO_FIELDS } from './customer-form.tsx'

/** A customer that this device makes; its id is final from the start. */
export function NewCustomer(): ReactNode {
  const [create] = useMutation(CreateCustomerDocument)
  const [, navigate] = useLocation()
  const made = useRef<string>(undefined)
  return (
    <CustomerForm
      title={texts.customers.newCustomer}
      start={NO_FIELDS}
      onSave={async fields => {
        const id = systemRandom.uuid()
        await create({ variables: { input: { id, ...fields } } })
        made.current = id
      }}
      onDone={() => navigate(made.current ? `/customers/${made.current}` : '/customers')}
    />
  )
}
