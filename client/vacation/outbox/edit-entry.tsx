import { Button, Group, Modal, NumberInput, Stack, Textarea, TextInput } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { Records } from '../device/records.ts'
import { knownTask } from '../device/tasks.ts'
import { fieldWord } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { useOpenerFocus } from '../ui/opener-focus.ts'
import { toastProblem } from '../ui/toast.ts'
import { entryTitle } from './entry-title.ts'

const words = texts.outbox

type Values = Readonly<Record<string, unknown>>

/** What a small form can change of the entry: its fields, and the variables with others in their place. */
function editable(entry: OutboxEntry): { fields: Values; withFields(fields: Values): object } | undefined {
  const known = knownTask(entry)
  switch (known?.name) {
    case 'CreateCustomer': {
      const { id, ...fields } = known.variables.input
      return { fields, withFields: changed => ({ input: { id, ...changed } }) }
    }
    case 'UpdateCustomer':
    case 'ChangeVacation': {
      const { variables } = known
      return { fields: { ...variables.patch }, withFields: patch => ({ ...variables, patch }) }
    }
    default:
      return undefined
  }
}

interface EditEntryProps {
  entry: OutboxEntry
  records: Records
  onClose(): void
}

/** A form of exactly the fields that the entry carries, for what no screen shows. */
export function EditEntry({ entry, records, onClose }: EditEntryProps): ReactNode {
  useOpenerFocus()
  const { outbox } = useOfflineClient()
  const [start] = useState(() => editable(entry))
  const [fields, setFields] = useState(start?.fields ?? {})
  if (!start) return null
  const save = (event: FormEvent): void => {
    event.preventDefault()
    outbox.edit(entry.id, start.withFields(fields)).then(onClose, toastProblem)
  }
  return (
    <Modal opened onClose={onClose} title={words.editTitle(entryTitle(entry, records))}>
      <form aria-label={words.editForm} onSubmit={save}>
        <Stack>
          {Object.entries(fields).map(([field, value], index) => (
            <Field
              key={field}
              field={field}
              value={value}
              isFirst={index === 0}
              onChange={next => setFields(before => ({ ...before, [field]: next }))}
            />
          ))}
          <Group justify="flex-end">
            <Button onClick={onClose}>{texts.common.cancel}</Button>
            <Button type="submit" variant="filled">
              {words.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

interface FieldProps {
  field: string
  value: unknown
  isFirst: boolean
  onChange(value: unknown): void
}

function Field({ field, value, isFirst, onChange }: FieldProps): ReactNode {
  const label = fieldWord(field)
  const focus = isFirst ? { 'data-autofocus': true } : {}
  if (typeof value === 'number') {
    return (
      <NumberInput
        {...focus}
        label={label}
        min={1}
        allowDecimal={false}
        value={value}
        onChange={each => onChange(Number(each))}
      />
    )
  }
  const text = typeof value === 'string' ? value : ''
  if (field === 'notes') {
    return (
      <Textarea
        {...focus}
        label={label}
        autosize
        value={text}
        onChange={event => onChange(event.currentTarget.value || null)}
      />
    )
  }
  const isDay = field === 'startsOn' || field === 'endsOn'
  const isNeeded = isDay || field === 'name'
  return (
    <TextInput
      {...focus}
      label={label}
      type={isDay ? 'date' : 'text'}
      required={isNeeded}
      value={text}
      onChange={event => onChange(event.currentTarget.value || (isNeeded ? '' : null))}
    />
  )
}
