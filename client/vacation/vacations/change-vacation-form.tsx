import { useMutation } from '@apollo/client/react'
import { Alert, Button, Card, Group, NumberInput, Stack, Textarea, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { ChangeVacationDocument } from '../__generated__/graphql.ts'
import type { Vacation } from '../device/records.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'

const words = texts.vacations

/** Changes dates, travellers and notes. The person decides by what stood here when the form opened, so that is what the change is compared with. */
export function ChangeVacationForm({ vacation, onDone }: { vacation: Vacation; onDone(): void }): ReactNode {
  const [seen] = useState(vacation)
  const [form, setForm] = useState({
    startsOn: seen.startsOn,
    endsOn: seen.endsOn,
    travellers: seen.travellers,
    notes: seen.notes ?? '',
  })
  const [problem, setProblem] = useState<string>()
  const [change] = useMutation(ChangeVacationDocument)
  const set = (part: Partial<typeof form>): void => setForm(before => ({ ...before, ...part }))
  const save = async (): Promise<void> => {
    if (form.endsOn < form.startsOn) {
      setProblem(words.datesWrong)
      return
    }
    const wanted = { ...form, notes: form.notes.trim() || null }
    const changed = Object.entries(wanted).filter(([field, value]) => value !== seen[field as keyof typeof wanted])
    if (changed.length > 0) {
      await change({ variables: { id: seen.id, baseVersion: seen.version, patch: Object.fromEntries(changed) } })
    }
    onDone()
  }
  return (
    <Card
      component="form"
      aria-label={words.changeTitle}
      onSubmit={event => {
        event.preventDefault()
        save().catch((reason: unknown) => setProblem(problemText(reason)))
      }}
    >
      <Stack>
        {vacation.version > seen.version && <Alert color="orange">{words.changedMeanwhile}</Alert>}
        <Group grow align="flex-start">
          <TextInput
            type="date"
            label={words.startsOn}
            required
            value={form.startsOn}
            onChange={event => set({ startsOn: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label={words.endsOn}
            required
            value={form.endsOn}
            error={problem}
            onChange={event => set({ endsOn: event.currentTarget.value })}
          />
        </Group>
        <NumberInput
          label={words.travellersField}
          min={1}
          max={20}
          allowDecimal={false}
          value={form.travellers}
          onChange={travellers => set({ travellers: Number(travellers) })}
        />
        <Textarea
          label={words.notes}
          autosize
          value={form.notes}
          onChange={event => set({ notes: event.currentTarget.value })}
        />
        <Group justify="flex-end">
          <Button onClick={onDone}>{words.leave}</Button>
          <Button type="submit" variant="filled">
            {words.save}
          </Button>
        </Group>
      </Stack>
    </Card>
  )
}
