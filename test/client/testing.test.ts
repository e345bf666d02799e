import { readFileSync } from 'node:fs'
import type { InMemoryCache } from '@apollo/client'
import { type OfflineClient, task } from 'layover/client'
import { queueTimeline } from 'layover/testing'
import { describe, expect, it } from 'vitest'
import { notesWorld } from '../simulation/notes-world.ts'
import { CHANGES, createNote, notesCache, shown, UPDATE } from './notes-app.ts'

const idOf = ({ extensions }: { extensions?: Record<string, unknown> }): string =>
  (extensions?.['layover'] as { id: string } | undefined)?.id ?? ''

const enqueue = async (client: OfflineClient, id: string): Promise<string> => idOf(await createNote(client, id))

describe('a client in a simulated world', () => {
  it('queues offline, and sends in order once the network is back', async () => {
    const { clock, gateway, network, device } = notesWorld()
    const phone = device()
    const client = await phone.open()
    await clock.settle()
    const timeline = queueTimeline(client, { clock })
    network.offline()
    const ids = [await enqueue(client, 'a'), await enqueue(client, 'b')]
    await clock.advance(60_000)
    expect(gateway.applied).toEqual([])
    network.online()
    await clock.runUntil(() => client.outbox.entries.length === 0)
    expect(gateway.applied).toEqual(ids)
    expect(timeline.order, String(timeline)).toEqual(ids)
    expect(timeline.of(ids[0]!), String(timeline)).toEqual(['queued', 'sending', 'confirmed'])
    await phone.close()
    expect([clock.timers, network.listeners]).toEqual([0, 0])
  })

  it('keeps what was promised through a crash, and nothing else comes of the crashed client', async () => {
    const { clock, gateway, network, device } = notesWorld({ network: { latencyMs: 1000 } })
    const phone = device()
    const client = await phone.open()
    await clock.advance(1000)
    let isAnswered = false
    void createNote(client, 'a').finally(() => {
      isAnswered = true
    })
    await clock.advance(600) // It has arrived; its answer is on the way.
    phone.crash()
    expect([gateway.applied.length, clock.timers, network.listeners]).toEqual([1, 1, 0])
    await clock.advance(60_000)
    expect([isAnswered, network.requests.length]).toEqual([false, 2])
    const again = await phone.reopen()
    expect(again.outbox.entries.map(({ attempts }) => attempts)).toEqual([2])
    await clock.runUntil(() => again.outbox.entries.length === 0)
    expect(gateway.applied.length).toBe(1)
  })

  it('a decision that is answered late does not bring back what has been changed since', async () => {
    const { clock, gateway, network, device } = notesWorld()
    gateway.write('Note', { id: 'a', title: 'first', body: 'first' })
    const tasks = [
      task(UPDATE, {
        onConflict: 'mine',
        optimistic: ({ id, patch }) => ({ updateNote: { note: { __typename: 'Note', id, ...patch } } }),
      }),
    ]
    const phone = device('ann', {
      app: () => ({ cache: notesCache(), user: 'ann', tasks, sync: { document: CHANGES } }),
    })
    const client = await phone.open()
    await clock.until(client.sync.pull())
    gateway.write('Note', { id: 'a', body: 'theirs' })
    // Carried out, but for minutes no answer gets home; what others do does.
    network.fault('cut', { when: request => request.tasks.some(({ field }) => field === 'resolveConflict'), times: 8 })
    void client.mutate({ mutation: UPDATE, variables: { id: 'a', baseVersion: 1, patch: { body: 'mine' } } })
    await clock.advance(2000)
    expect(gateway.find('Note', 'a')?.['body']).toBe('mine')
    gateway.write('Note', { id: 'a', body: 'newest' })
    await clock.runUntil(() => client.outbox.entries.length === 0)
    await clock.until(client.sync.pull())
    expect(shown(client.cache as InMemoryCache)?.map(({ body }) => body)).toEqual(['newest'])
  })
})

it('the example of docs/testing.md is the one that is run', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
  expect(read('../../docs/testing.md')).toContain(`\`\`\`ts\n${read('./testing-example.test.ts')}\`\`\``)
})
