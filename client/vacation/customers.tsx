import { useMutation } from '@apollo/client/react'
import type { OutboxEntry } from 'layover/client'
import { useEntriesAbout } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { DeleteCustomerDocument } from './__generated__/graphql.ts'
import { ConfirmButton } from './confirm-button.tsx'
import { ChangeCustomerForm, NewCustomerForm } from './customer-form.tsx'
import { type Customer, useRecords } from './records.ts'
import { isUnsettled } from './words.ts'

function badgeOf(pending: readonly OutboxEntry[]): string | undefined {
  if (pending.some(entry => entry.status === 'conflict')) return 'Needs review'
  if (pending.some(entry => entry.name === 'DeleteCustomer' && entry.status !== 'rejected')) return 'Will be deleted'
  if (pending.some(entry => entry.status !== 'rejected')) return 'Waiting to send'
  return pending.length > 0 ? 'Failed' : undefined
}

function CustomerCard({ customer }: { customer: Customer }): ReactNode {
  const pending = useEntriesAbout(customer)
  const [remove] = useMutation(DeleteCustomerDocument)
  const [editing, setEditing] = useState(false)
  const [problem, setProblem] = useState<string>()
  const badge = badgeOf(pending)
  const goes = badge === 'Will be deleted'
  const facts = [customer.email, customer.phone, customer.address, customer.notes].filter(fact => fact)
  return (
    <li className="card" data-tentative={pending.some(isUnsettled)}>
      <p className="line">
        <strong>{goes ? <s>{customer.name}</s> : customer.name}</strong>
        {badge && (
          <span className="badge" data-state={badge}>
            {badge}
          </span>
        )}
      </p>
      {facts.length > 0 && <p className="detail">{facts.join(' · ')}</p>}
      {editing && <ChangeCustomerForm customer={customer} onDone={() => setEditing(false)} />}
      {!editing && !goes && (
        <p className="actions">
          <button type="button" aria-label={`Edit ${customer.name}`} onClick={() => setEditing(true)}>
            Edit
          </button>
          <ConfirmButton
            label="Delete"
            about={customer.name}
            question={`Delete ${customer.name}?`}
            onConfirm={() => {
              const variables = { id: customer.id, baseVersion: customer.version }
              remove({ variables }).catch((reason: unknown) => setProblem(String(reason)))
            }}
          />
        </p>
      )}
      {problem && <p role="alert">{problem}</p>}
    </li>
  )
}

/** The agent's customers, and a form for a new one. */
export function Customers(): ReactNode {
  const { customers } = useRecords()
  const [adding, setAdding] = useState(false)
  return (
    <section aria-labelledby="customers-title">
      <div className="line">
        <h2 id="customers-title">Customers</h2>
        {!adding && (
          <button type="button" className="primary" onClick={() => setAdding(true)}>
            New customer
          </button>
        )}
      </div>
      {adding && <NewCustomerForm onDone={() => setAdding(false)} />}
      {customers.length === 0 && <p className="detail">No customers on this device yet.</p>}
      <ul className="plain" aria-label="Customers">
        {customers.map(customer => (
          <CustomerCard key={customer.id} customer={customer} />
        ))}
      </ul>
    </section>
  )
}
