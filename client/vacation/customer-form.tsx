import { useMutation } from '@apollo/client/react'
import { systemRandom } from 'layover/protocol'
import { type ReactNode, useState } from 'react'
import { CreateCustomerDocument, UpdateCustomerDocument } from './__generated__/graphql.ts'
import type { Customer } from './records.ts'
import { fieldWord } from './words.ts'

const OPTIONAL_FIELDS = ['email', 'phone', 'address', 'notes'] as const
type OptionalField = (typeof OPTIONAL_FIELDS)[number]

interface CustomerFields extends Record<OptionalField, string | null> {
  name: string
}

function fieldsOf(form: FormData): CustomerFields {
  const text = (name: string): string | null => String(form.get(name) ?? '').trim() || null
  return {
    name: text('name') ?? '',
    email: text('email'),
    phone: text('phone'),
    address: text('address'),
    notes: text('notes'),
  }
}

interface CustomerFormProps {
  title: string
  start: CustomerFields
  onSave(fields: CustomerFields): Promise<unknown>
  onDone(): void
}

function CustomerForm({ title, start, onSave, onDone }: CustomerFormProps): ReactNode {
  const [problem, setProblem] = useState<string>()
  return (
    <form
      className="form inset"
      aria-label={title}
      onSubmit={event => {
        event.preventDefault()
        const fields = fieldsOf(new FormData(event.currentTarget))
        onSave(fields).then(onDone, (reason: unknown) => setProblem(`It could not be saved. ${String(reason)}`))
      }}
    >
      <div className="fields">
        <label>
          Name
          <input name="name" required defaultValue={start.name} />
        </label>
        {OPTIONAL_FIELDS.map(field => (
          <label key={field}>
            {fieldWord(field)}
            <input name={field} type={field === 'email' ? 'email' : 'text'} defaultValue={start[field] ?? ''} />
          </label>
        ))}
      </div>
      <p className="actions">
        <button type="submit" className="primary">
          Save
        </button>
        <button type="button" onClick={onDone}>
          Leave as it was
        </button>
      </p>
      {problem && <p role="alert">{problem}</p>}
    </form>
  )
}

/** A customer that this device makes; its id is final from the start. */
export function NewCustomerForm({ onDone }: { onDone(): void }): ReactNode {
  const [create] = useMutation(CreateCustomerDocument)
  return (
    <CustomerForm
      title="New customer"
      start={{ name: '', email: null, phone: null, address: null, notes: null }}
      onSave={fields => create({ variables: { input: { id: systemRandom.uuid(), ...fields } } })}
      onDone={onDone}
    />
  )
}

/** Sends the fields that were changed, with the version that was seen when the form was opened. */
export function ChangeCustomerForm({ customer, onDone }: { customer: Customer; onDone(): void }): ReactNode {
  const [update] = useMutation(UpdateCustomerDocument)
  // The record may change under the open form; the user decided by what stood here at the start.
  const [seen] = useState(customer)
  return (
    <CustomerForm
      title={`Change ${seen.name}`}
      start={seen}
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
