import { type OfflineClientOptions, task } from 'layover/client'
import { describe, expect, test, vi } from 'vitest'
import type { ScriptedGateway } from '../support/scripted-gateway.ts'
import { emptied, newName, noteTasks, openNotes, shown, startGateway, UPDATE } from './notes-app.ts'

/** One note that somebody else changed while this device changed it, too. */
async function inConflict(options: Partial<OfflineClientOptions> = {}) {
  const gateway = await startGateway()
  gateway.write({ id: 'n1', title: 'base', body: 'b' })
  const opened = await openNotes(gateway, options)
  await opened.client.sync.pull()
  opened.client.connection.setMode('offline')
  await opened.client.mutate({
    mutation: UPDATE,
    variables: { id: 'n1', baseVersion: 1, patch: { title: 'mine' } },
  })
  gateway.write({ id: 'n1', title: 'theirs', body: 'new' })
  opened.client.connection.setMode('auto')
  return { gateway, ...opened }
}

const arrived = (client: { conflicts: { list: readonly unknown[] } }) =>
  vi.waitFor(() => expect(client.conflicts.list).toHaveLength(1))

describe('a conflict', () => {
  test('reaches conflicts, with both sides, and the view shows theirs', async () => {
    const { client, cache } = await inConflict()
    await arrived(client)
    const [entry] = client.outbox.entries
    expect(client.conflicts.list).toMatchObject([
      {
        id: entry?.id,
        task: 'UpdateNote',
        type: 'Note',
        entityId: 'n1',
        fields: ['title'],
        mine: { title: 'mine' },
        theirs: { title: 'theirs' },
        theirsBy: 'other',
        inReview: false,
      },
    ])
    expect(await client.outbox.settled(entry!.id)).toMatchObject({ status: 'conflict' })
    expect(shown(cache)).toMatchObject([{ title: 'theirs', body: 'new' }])
  })

  test('is settled with mine', async () => {
    const { gateway, client, cache } = await inConflict()
    await arrived(client)
    await client.conflicts.resolve(client.conflicts.list[0]!.id, 'KEEP_MINE')
    expect(client.outbox.entries).toEqual([])
    expect(client.conflicts.list).toEqual([])
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'mine', body: 'new' })
    expect(shown(cache)).toMatchObject([{ title: 'mine' }])
    await client.sync.pull()
    expect(shown(cache)).toMatchObject([{ title: 'mine', body: 'new', version: 3 }])
  })

  test('is settled with theirs, and with values of both', async () => {
    const first = await inConflict()
    await arrived(first.client)
    const { id } = first.client.conflicts.list[0]!
    await first.client.conflicts.resolve(id, 'TAKE_THEIRS')
    expect(first.client.outbox.entries).toEqual([])
    expect(first.gateway.notes.get('n1')).toMatchObject({ title: 'theirs' })

    const second = await inConflict()
    await arrived(second.client)
    await second.client.conflicts.resolve(second.client.conflicts.list[0]!.id, 'MERGE', { title: 'both' })
    expect(second.gateway.notes.get('n1')).toMatchObject({ title: 'both' })
    expect(shown(second.cache)).toMatchObject([{ title: 'both' }])
  })

  test('is settled offline; the view shows the decision, and a restart keeps it', async () => {
    const name = newName()
    const { gateway, client } = await inConflict({ name })
    await arrived(client)
    client.connection.setMode('offline')
    const { id } = client.conflicts.list[0]!
    await client.conflicts.resolve(id, 'KEEP_MINE')
    expect(client.conflicts.list).toEqual([])
    await expect(client.conflicts.resolve(id, 'TAKE_THEIRS')).rejects.toMatchObject({ code: 'NOT_POSSIBLE' })
    await client.close()

    const again = await openNotes(gateway, { name })
    expect(again.client.outbox.entries.map(entry => `${entry.name} ${entry.status}`)).toEqual([
      'UpdateNote conflict',
      'ResolveConflict queued',
    ])
    expect(again.client.conflicts.list).toEqual([])
    expect(shown(again.cache)).toMatchObject([{ title: 'mine', body: 'new' }])
    again.client.connection.setMode('auto')
    await emptied(again.client)
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'mine' })
  })

  test('survives a restart', async () => {
    const name = newName()
    const { gateway, client } = await inConflict({ name })
    await arrived(client)
    const list = client.conflicts.list
    await client.close()
    const again = await openNotes(gateway, { name })
    expect(again.client.conflicts.list).toEqual(list)
  })

  test('comes back with what is new when the record changed again', async () => {
    const { gateway, client } = await inConflict()
    await arrived(client)
    gateway.write({ id: 'n1', title: 'theirs again' })
    const { id } = client.conflicts.list[0]!
    await expect(client.conflicts.resolve(id, 'KEEP_MINE')).rejects.toMatchObject({ code: 'CONFLICT_CHANGED' })
    expect(client.conflicts.list).toMatchObject([{ id, theirs: { title: 'theirs again' } }])
    expect(client.outbox.entries).toHaveLength(1)
    await client.conflicts.resolve(id, 'KEEP_MINE')
    expect(gateway.notes.get('n1')).toMatchObject({ title: 'mine' })
  })

  test('stays when the gateway does not know the decision', async () => {
    const { client } = await inConflict()
    await arrived(client)
    const { id } = client.conflicts.list[0]!
    await expect(client.conflicts.resolve(id, 'ESCALATE')).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED' })
    expect(client.conflicts.list).toMatchObject([{ id }])
    expect(client.outbox.entries).toHaveLength(1)
    await client.conflicts.resolve(id, 'TAKE_THEIRS')
    expect(client.outbox.entries).toEqual([])
  })

  test('stays when it was decided offline and the gateway refuses: the decision is parked with the reason', async () => {
    const { client } = await inConflict()
    await arrived(client)
    client.connection.setMode('offline')
    const { id } = client.conflicts.list[0]!
    await client.conflicts.resolve(id, 'ESCALATE')
    client.connection.setMode('auto')
    await arrived(client)
    expect(client.outbox.entries.map(entry => entry.outcome)).toMatchObject([
      { status: 'conflict' },
      { status: 'parked', reason: expect.stringMatching(/^NOT_IMPLEMENTED: /) },
    ])
    await client.conflicts.resolve(id, 'KEEP_MINE')
    expect(client.outbox.entries).toEqual([])
  })

  test('that a supervisor or another device settled leaves with the next pull', async () => {
    const { gateway, client } = await inConflict()
    await arrived(client)
    const { id } = client.conflicts.list[0]!
    gateway.finish(id)
    await client.sync.pull()
    expect(client.conflicts.list).toEqual([])
    expect(client.outbox.entries).toEqual([])
  })

  test('of an unknown entry is an error', async () => {
    const gateway = await startGateway()
    const { client } = await openNotes(gateway)
    await expect(client.conflicts.resolve('x', 'KEEP_MINE')).rejects.toMatchObject({ code: 'UNKNOWN_ENTRY' })
  })
})

describe('onConflict', () => {
  const rules = [
    ['mine', 'mine'],
    ['merge', 'mine'],
    ['theirs', 'theirs'],
    [async () => 'TAKE_THEIRS' as const, 'theirs'],
  ] as const
  test.each(rules)('decides by rule: %s', async (onConflict, title) => {
    const tasks = [...noteTasks().filter(each => each.name !== 'UpdateNote'), task(UPDATE, { onConflict })]
    const { gateway, client } = await inConflict({ tasks })
    await vi.waitFor(() => expect(decided(gateway)).toBe(1))
    await emptied(client)
    expect(gateway.notes.get('n1')?.title).toBe(title)
  })

  test('a rule that throws leaves it to a person', async () => {
    const onConflict = (): never => {
      throw new Error('bug')
    }
    const tasks = [...noteTasks().filter(each => each.name !== 'UpdateNote'), task(UPDATE, { onConflict })]
    const { client, errors } = await inConflict({ tasks })
    await arrived(client)
    await vi.waitFor(() => expect(errors).toMatchObject([{ code: 'UPDATE_FAILED' }]))
  })
})

const decided = (gateway: ScriptedGateway): number =>
  gateway.documents.flatMap(({ tasks }) => tasks).filter(({ field }) => field === 'resolveConflict').length
