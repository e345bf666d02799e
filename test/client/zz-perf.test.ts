import { test } from 'vitest'
import { createNote, newName, NOTES, openNotes, openOffline, startGateway, UPDATE, emptied } from './notes-app.ts'
test('perf', async () => {
  const gateway = await startGateway()
  for (let i = 0; i < 1000; i++) gateway.write({ id: `b${i}`, title: 'x' })
  const name = newName()
  const { client, cache } = await openNotes(gateway, { name })
  await client.sync.pull()
  client.connection.setMode('offline')
  cache.watch({ query: NOTES, variables: {}, optimistic: true, immediate: true, callback: () => undefined })
  for (const n of [500, 1000, 1500, 2000]) {
    const t = performance.now()
    for (let i = n - 500; i < n; i++) await (i % 2 ? client.mutate({ mutation: UPDATE, variables: { id: `n${i - 1}`, baseVersion: 0, patch: { body: 'b' } } }) : createNote(client, `n${i}`))
    console.log('enqueue to', n, Math.round(performance.now() - t))
  }
  let t = performance.now()
  await client.close()
  console.log('close', Math.round(performance.now() - t)); t = performance.now()
  const second = await openNotes(gateway, { name })
  console.log('open', Math.round(performance.now() - t)); t = performance.now()
  second.cache.watch({ query: NOTES, variables: {}, optimistic: true, immediate: true, callback: () => undefined })
  second.client.connection.setMode('auto')
  console.log(await second.client.sync.push())
  console.log('drain', Math.round(performance.now() - t)); t = performance.now()
}, 300000)
