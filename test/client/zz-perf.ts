import 'fake-indexeddb/auto'
import { ApolloLink, InMemoryCache, Observable } from '@apollo/client'
import { parse } from 'graphql'
import { createOfflineClient, memoryStorage, syncedList, task } from '../../client/index.ts'
const NOTE = 'fragment NoteParts on Note { id version updatedAt updatedBy title body count done parentId }'
const CREATE = parse(`mutation CreateNote($task: TaskInput, $input: CreateNoteInput!) { createNote(task: $task, input: $input) { task { id status } note { ...NoteParts } } } ${NOTE}`)
const UPDATE = parse(`mutation UpdateNote($task: TaskInput, $id: ID!, $baseVersion: Int!, $patch: NotePatch!) { updateNote(task: $task, id: $id, baseVersion: $baseVersion, patch: $patch) { task { id status } note { ...NoteParts } } } ${NOTE}`)
const NOTES = parse(`query Notes { notes { ...NoteParts } } ${NOTE}`)
const CHANGES = parse(`query Changes($since: Cursor, $first: Int!) { changes(since: $since, first: $first) { cursor hasMore reset removed { type id reason } changed { id version ... on Note { ...NoteParts } } } } ${NOTE}`)
const base = Number(process.argv[2] ?? 1000)
const total = Number(process.argv[3] ?? 1000)
const watch = process.argv[4] !== 'nowatch'
let n = 0
const link = new ApolloLink(op => new Observable(o => {
  if (op.operationName === 'Changes') o.next({ data: { changes: { __typename: 'ChangePage', cursor: 'c', hasMore: false, reset: false, removed: [], changed: op.variables['since'] ? [] : Array.from({ length: base }, (_, i) => ({ __typename: 'Note', id: `b${i}`, version: 1, updatedAt: 'x', updatedBy: null, title: 't', body: null, count: null, done: null, parentId: null })) } } })
  else {
    const data: Record<string, unknown> = {}
    for (let i = 0; i < 50; i++) { const t = op.variables[`m${i}_task`]; if (!t) break; n++
      const input = op.variables[`m${i}_input`] ?? { id: op.variables[`m${i}_id`] }
      data[`m${i}`] = { __typename: 'NotePayload', task: { __typename: 'Task', id: t.id, version: 1, updatedAt: 'x', updatedBy: null, name: 'createNote', status: 'CONFIRMED', progress: 1, steps: [], conflict: null, rejection: null, reconciliation: [] }, note: { __typename: 'Note', version: 1, updatedAt: 'x', updatedBy: null, title: 't', body: null, count: null, done: null, parentId: null, ...input } } }
    o.next({ data })
  }
  o.complete()
}))
const open = async (storage: ReturnType<typeof memoryStorage> | undefined) => {
  const cache = new InMemoryCache({ possibleTypes: { Entity: ['Note', 'Task'] }, typePolicies: { Query: { fields: { notes: syncedList('Note') } } } })
  const client = await createOfflineClient({ cache, link, user: 'a', name: 'p', ...(storage ? { storage } : {}), sync: { document: CHANGES }, onError: e => console.log(e), tasks: [
    task(CREATE as never, { optimistic: (v: any) => ({ createNote: { note: { __typename: 'Note', ...v.input } } }) as never }),
    task(UPDATE as never, { optimistic: (v: any) => ({ updateNote: { note: { __typename: 'Note', id: v.id, ...v.patch } } }) as never }) ] })
  return { client, cache }
}
const storage = memoryStorage()
const { client, cache } = await open(storage)
await client.sync.pull()
client.connection.setMode('offline')
let calls = 0
if (watch) cache.watch({ query: NOTES, optimistic: true, immediate: true, callback: () => { calls++ } })
let t = performance.now()
for (let i = 0; i < total; i++) {
  await client.mutate(i % 2 ? { mutation: UPDATE, variables: { id: `n${i - 1}`, baseVersion: 0, patch: { body: 'b' } } } : { mutation: CREATE, variables: { input: { id: `n${i}`, title: 'x' } } })
  if ((i + 1) % 250 === 0) { console.log(`enqueue ${i + 1}: ${((performance.now() - t) / 250).toFixed(2)} ms each`); t = performance.now() }
}
await client.close()
t = performance.now()
const second = await open(storage)
console.log('open', Math.round(performance.now() - t)); t = performance.now()
if (watch) second.cache.watch({ query: NOTES, optimistic: true, immediate: true, callback: () => { calls++ } })
console.log('first read', Math.round(performance.now() - t)); t = performance.now()
second.client.connection.setMode('auto')
console.log(await second.client.sync.push(), 'drain', Math.round(performance.now() - t))
await second.client.close()
