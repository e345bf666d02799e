import { task } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import {
  CREATE,
  type CreateInput,
  createNote,
  emptied,
  noteTasks,
  openNotes,
  openOffline,
  PRINT,
  shownIds,
  startGateway,
  UPDATE,
} from './notes-app.ts'

const SOLD_OUT = {
  code: 'SOLD_OUT',
  message: 'sold out',
  suggestions: [
    { label: 'shorter', patch: { title: 'short', body: null } },
    { label: 'another', patch: { title: 'other' } },
  ],
}

describe('a suggestion', () => {
  test('is applied to the rejected task and takes along what waits for it or fell because of it', async () => {
    const gateway = await startGateway()
    const { client, cache } = await openOffline(gateway, { tasksPerDocument: 3 })
    gateway.onTask = (_field, { input }) =>
      (input as CreateInput | undefined)?.title === 'note n1' ? SOLD_OUT : undefined
    await createNote(client, 'n1', { body: 'long' })
    await client.mutate({ mutation: UPDATE, variables: { id: 'n1', baseVersion: 0, patch: { count: 1 } } })
    await client.mutate({ mutation: PRINT, variables: { id: 'n1' } })
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(client.outbox.entries.map(({ status }) => status)).toEqual(Array(3).fill('rejected')))
    client.connection.setMode('offline')
    await createNote(client, 'n2')
    const [rejected, fallen] = client.outbox.entries
    expect(fallen?.outcome).toMatchObject({ code: 'DEPENDENCY_FAILED', failedTask: rejected?.id })
    expect(shownIds(cache)).toEqual(['n2'])

    const renewed = await client.outbox.applySuggestion(rejected!.id, 1)
    const [n2, n1, update, print] = client.outbox.entries
    expect(n2?.name).toBe('CreateNote')
    expect(n1).toMatchObject({
      id: renewed,
      variables: { input: { id: 'n1', title: 'other', body: 'long' } },
      after: [],
    })
    expect(update).toMatchObject({ status: 'queued', attempts: 0, after: [renewed] })
    expect(print).toMatchObject({ status: 'queued', after: [renewed] })
    expect(shownIds(cache)).toEqual(['n2', 'n1'])
    client.connection.setMode('auto')
    await emptied(client)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'other', body: 'long', count: 1 })
    expect(gateway.applied).toHaveLength(4)
    expect(await client.outbox.settled(rejected!.id)).toMatchObject({ status: 'rejected', code: 'SOLD_OUT' })
  })

  test('is put where the registration says', async () => {
    const gateway = await startGateway()
    const suggestion = vi.fn(({ input }: { input: CreateInput }, { title }: { title: string }) => ({
      input: { ...input, title: `${title}!` },
    }))
    const tasks = [...noteTasks().filter(({ name }) => name !== 'CreateNote'), task(CREATE, { suggestion })]
    const { client } = await openNotes(gateway, { tasks })
    gateway.onTask = () => SOLD_OUT
    await createNote(client, 'n1')
    gateway.onTask = () => undefined
    await client.outbox.applySuggestion(client.outbox.entries[0]!.id, 0)
    await emptied(client)
    expect(gateway.notes.get('n1')?.title).toBe('short!')
  })

  test('that is not there is refused, and nothing is changed', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    gateway.onTask = () => ({ ...SOLD_OUT, suggestions: [{ label: 'wait', patch: 'tomorrow' }] })
    await createNote(client, 'n1')
    const [rejected] = client.outbox.entries
    for (const index of [0, 1, -1]) {
      await expect(client.outbox.applySuggestion(rejected!.id, index)).rejects.toMatchObject({ code: 'NOT_POSSIBLE' })
    }
    expect(client.outbox.entries).toEqual([rejected])
    client.connection.setMode('offline')
    await createNote(client, 'n2')
    const queued = client.outbox.entries[1]!
    await expect(client.outbox.applySuggestion(queued.id, 0)).rejects.toMatchObject({ code: 'NOT_POSSIBLE' })
  })
})
