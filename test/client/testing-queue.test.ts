import { queueTimeline } from 'layover/testing'
import { expect, it } from 'vitest'
import { notesWorld } from '../simulation/notes-world.ts'
import { notesCache, noteTasks, PRINT } from './notes-app.ts'

it('2,000 queued tasks leave in a few dozen requests', async () => {
  const { clock, gateway, network, device } = notesWorld({ network: { latencyMs: 50 } })
  const app = () => ({ cache: notesCache(), user: 'ann', tasks: noteTasks() })
  const client = await device('ann', { app }).open()
  client.connection.setMode('offline')
  const queued = Array.from({ length: 2000 }, (_each, index) =>
    client.mutate({ mutation: PRINT, variables: { id: `n${index}` } }),
  )
  const ids = (await Promise.all(queued)).map(({ extensions }) =>
    String((extensions?.['layover'] as { id: string } | undefined)?.id),
  )
  const timeline = queueTimeline(client, { clock })
  network.requests.length = 0
  client.connection.setMode('auto')
  await clock.runUntil(() => client.outbox.entries.length === 0)
  const documents = network.requests.filter(({ tasks }) => tasks.length > 0)
  expect(documents.length).toBeLessThanOrEqual(48)
  expect(documents.flatMap(({ tasks }) => tasks.map(({ id }) => id))).toEqual(ids)
  expect(gateway.applied).toEqual(ids)
  expect(timeline.order).toEqual(ids)
}, 60_000)
