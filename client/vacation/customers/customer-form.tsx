import { Alert, Button, Card, Group, Stack, Textarea, TextInput, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'

const words = texts.customers
const FIELDS = ['name', 'email', 'phone', 'address', 'notes'] as const
type Field = (typeof FIELDS)[number]

/** Empty fields are null, but for the name. */
export type CustomerFields = { name: string } & Record<Exclude<Field, 'name'>, string | null>
export const NO_FIELDS: CustomerFields = { name: '', email: null, phone: null, address: null, notes: null }

interface CustomerFormProps {
  title: string
  start: CustomerFields
  /** Said above the fields, e.g. that the record has changed meanwhile. */
  note?: string | undefined
  /** Rejects when it could not be queued: the input stays. */
  onSave(fields: CustomerFields): Promise<unknown>
  onDone(): void
}

export function CustomerForm({ title, start, note, onSave, onDone }: CustomerFormProps): ReactNode {
  const [typed, setTyped] = useState<Record<Field, string>>(
    () => Object.fromEntries(FIELDS.map(field => [field, start[field] ?? ''])) as Record<Field, string>,
  )
  const [problems, setProblems] = useState<Partial<Record<Field, string>>>({})
  const [failure, setFailure] = useState<string>()
  const [isSaving, setSaving] = useState(false)

  const save = (): void => {
    const text = (field: Field): string | null => typed[field].trim() || null
    const fields: CustomerFields = {
      name: typed.name.trim(),
      email: text('email'),
      phone: text('phone'),
      address: text('address'),
      notes: text('notes'),
    }
    const found: typeof problems = {}
    if (fields.name === '') found.name = words.nameNeeded
    if (fields.email && !/^\S+@\S+$/.test(fields.email)) found.email = words.emailWrong
    setProblems(found)
    if (Object.keys(found).length > 0) return
    setSaving(true)
    setFailure(undefined)
    onSave(fields).then(onDone, (reason: unknown) => {
      setSaving(false)
      setFailure(problemText(reason))
    })
  }

  return (
    <Card
      component="form"
      aria-label={title}
      noValidate
      onSubmit={event => {
        event.preventDefault()
        save()
      }}
    >
      <Stack gap="sm">
        <Title order={3} size="h4">
          {title}
        </Title>
        {note && <Alert color="orange">{note}</Alert>}
        {FIELDS.map(field => {
          const Input = field === 'notes' ? Textarea : TextInput
          return (
            <Input
              key={field}
              label={words.fields[field]}
              required={field === 'name'}
              value={typed[field]}
              error={problems[field]}
              onChange={event => {
                const { value } = event.currentTarget
                setTyped(before => ({ ...before, [field]: value }))
              }}
            />
          )
        })}
        {failure && (
          <Alert color="red" role="alert">
            {failure}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button onClick={onDone}>{words.leave}</Button>
          <Button type="submit" variant="filled" loading={isSaving}>
            {words.save}
          </Button>
        </Group>
      </Stack>
    </Card>
  )
}
