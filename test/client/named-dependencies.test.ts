import type { OfflineClient } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import { CREATE, createNote, emptied, openNotes, openOffline, startGateway } from './notes-app.ts'

const createAfter = (client: OfflineClient, id: string, after: unknown) =>
  client.mutate({ mutation: CREATE, variables: { input: { id, title: id } }, context: { layover: { after } } })
const idOf = ({ extensions }: { extensions?: object }) => (extensions as { layover: { id: string } }).layover.id

describe('a task that names what it comes after', () => {
  test('waits for it, falls with it, and names it to the gateway', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway)
    const first = idOf(await createNote(client, 'n1'))
    await createNote(client, 'n2')
    const third = idOf(await createAfter(client, 'n3', [first]))
    expect(client.outbox.dependents(first).map(({ id }) => id)).toEqual([third])
    // An edit keeps it.
    await client.outbox.edit(third, { input: { id: 'n3', title: 'edited' } })
    expect(client.outbox.entries[2]).toMatchObject({ id: third, after: [first] })
    gateway.onTask = (_field, { input }) =>
      (input as { id: string }).id === 'n1' ? { code: 'SOLD_OUT', message: 'sold out' } : undefined
    client.connection.setMode('auto')
    await vi.waitFor(() => expect(client.outbox.entries.map(({ status }) => status)).toEqual(['rejected', 'rejected']))
    expect(client.outbox.entries[1]?.outcome).toMatchObject({ code: 'DEPENDENCY_FAILED', failedTask: first })
    expect([...gateway.notes.keys()]).toEqual(['n2'])
    gateway.onTask = () => undefined
    await client.outbox.retry(first)
    await emptied(client)
    expect(gateway.notes.get('n3')?.title).toBe('edited')
  })

  test('needs not wait for what is confirmed', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    const first = idOf(await createNote(client, 'n1'))
    client.connection.setMode('offline')
    await createAfter(client, 'n2', [first])
    expect(client.outbox.entries[0]?.after).toEqual([])
  })

  test('is refused when it names nothing that is known, and nothing is queued', async () => {
    const gateway = await startGateway()
    const { client } = await openOffline(gateway)
    const cancelled = idOf(await createNote(client, 'n1'))
    await client.outbox.cancel(cancelled)
    const refusals: [unknown, string, string][] = [
      ['x', 'BAD_VARIABLES', 'context.layover.after`'],
      [['x'], 'UNKNOWN_ENTRY', 'context.layover.after[0]'],
      [[7], 'UNKNOWN_ENTRY', 'context.layover.after[0]'],
      [[cancelled], 'NOT_POSSIBLE', 'context.layover.after[0]'],
    ]
    for (const [after, code, field] of refusals) {
      await expect(createAfter(client, 'n2', after)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(field),
      })
    }
    expect(client.outbox.entries).toEqual([])
  })
})
