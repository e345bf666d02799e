import { Alert, Button, Card, Group, Stack, Textarea, TextInput, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import classes from './customers.module.css'

const words = texts.customers
export const FIELDS = ['name', 'email', 'phone', 'address', 'notes'] as const
export type Field = (typeof FIELDS)[number]

/** Empty fields are null, but for the name. */
export type CustomerFields = { name: string } & Record<Exclude<Field, 'name'>, string | null>
export const NO_FIELDS: CustomerFields = { name: '', email: null, phone: null, address: null, notes: null }

/** What a browser can help with. */
const INPUT: Readonly<Partial<Record<Field, { type: string; inputMode: 'email' | 'tel' }>>> = {
  email: { type: 'email', inputMode: 'email' },
  phone: { type: 'tel', inputMode: 'tel' },
}
const EMAIL = /^[^\s@]+@[^\s@]+$/

interface CustomerFormProps {
  title: string
  start: Readonly<Partial<Record<Field, string | null | undefined>>>
  /** Said above the fields, e.g. that the record has changed meanwhile. */
  notes?: ReactNode
  /** Does what follows from it, too. Rejects when it could not be queued: the input stays. */
  onSave(fields: CustomerFields): Promise<unknown>
  onLeave(): void
}

export function CustomerForm({ title, start, notes, onSave, onLeave }: CustomerFormProps): ReactNode {
  const [typed, setTyped] = useState<Record<Field, string>>(
    () => Object.fromEntries(FIELDS.map(field => [field, start[field] ?? ''])) as Record<Field, string>,
  )
  const [problems, setProblems] = useState<Partial<Record<Field, string>>>({})
  const [failure, setFailure] = useState<string>()
  const [isSaving, setSaving] = useState(false)

  const save = (form: HTMLFormElement): void => {
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
    if (fields.email && !EMAIL.test(fields.email)) found.email = words.emailWrong
    setProblems(found)
    const [first] = Object.keys(found)
    if (first) {
      form.querySelector<HTMLElement>(`[name="${first}"]`)?.focus()
      return
    }
    setSaving(true)
    setFailure(undefined)
    onSave(fields).catch((reason: unknown) => {
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
        save(event.currentTarget)
      }}
    >
      <Stack gap="sm">
        <Title order={2} size="h3">
          {title}
        </Title>
        {notes}
        {FIELDS.map(field => {
          const Input = field === 'notes' ? Textarea : TextInput
          return (
            <Input
              key={field}
              name={field}
              label={words.fields[field]}
              required={field === 'name'}
              {...(field === 'notes' ? { rows: 3 } : INPUT[field])}
              {...(field === 'name' ? { ref: focusOnce } : {})}
              autoComplete="off"
              value={typed[field]}
              error={problems[field]}
              onChange={event => {
                const { value } = event.currentTarget
                setTyped(before => ({ ...before, [field]: value }))
                setProblems(({ [field]: _mended, ...others }) => others)
              }}
            />
          )
        })}
        {failure && (
          <Alert color="red" role="alert">
            {failure}
          </Alert>
        )}
        <Group justify="flex-end" className={classes['actions']}>
          <Button onClick={onLeave}>{words.leave}</Button>
          <Button type="submit" variant="filled" loading={isSaving}>
            {words.save}
          </Button>
        </Group>
      </Stack>
    </Card>
  )
}

/** Whoever opens a form wants to write. */
const focusOnce = (input: HTMLElement | null): void => input?.focus()
