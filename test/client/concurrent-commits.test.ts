import { ApolloLink, gql, InMemoryCache, Observable } from '@apollo/client'
import { execute } from 'graphql'
import { createOfflineClient, memoryStorage, syncedList } from 'layover/client'
import { expect, onTestFinished, test } from 'vitest'
import { confirmed, defineTask } from '../../server/index.ts'
import { seeded } from '../support/seeded.ts'
import { startSmallGateway } from '../support/small-gateway.ts'

const CHANGES = gql`query Changes($since: Cursor, $scopes: [ScopeInput!], $first: Int!) {
  changes(since: $since, scopes: $scopes, first: $first) {
    cursor hasMore reset removed { type id } changed { id version ... on Note { text } }
  }
}`
const NOTES = gql`query Notes { notes { id version text } }`

const write = defineTask<{ id: string }>('write', {
  touches: ({ id }) => [{ type: 'Note', id }],
  run: async ({ id }, transaction) => {
    const known = await transaction.find('Note', id)
    const text = `${Number(known?.['text'] ?? 0) + 1}`
    const written = known
      ? await transaction.update('Note', id, known.version, { text })
      : await transaction.create('Note', id, { text })
    return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
  },
})
const drop = defineTask<{ id: string }>('drop', {
  touches: ({ id }) => [{ type: 'Note', id }],
  run: async ({ id }, transaction) => {
    const known = await transaction.find('Note', id)
    if (known) await transaction.remove('Note', id, known.version)
    return confirmed({})
  },
})

test('a pull during concurrent commits misses nothing', async () => {
  const small = await startSmallGateway([write, drop])
  onTestFinished(() => small.close())
  const { schema } = small.gateway
  const link = new ApolloLink(
    ({ query, variables }) =>
      new Observable(observer => {
        void (async () => {
          await new Promise(resolve => setImmediate(resolve)) // A network lets others go on meanwhile.
          const contextValue = await small.gateway.context({ user: 'me' })
          observer.next(
            (await execute({ schema, document: query, variableValues: variables, contextValue })) as { data: object },
          )
          observer.complete()
        })().catch(error => observer.error(error))
      }),
  )
  const cache = new InMemoryCache({
    possibleTypes: { Entity: ['Note', 'Task'] },
    typePolicies: { Query: { fields: { notes: syncedList('Note') } } },
  })
  const client = await createOfflineClient({
    cache,
    link,
    user: 'me',
    tasks: [],
    storage: memoryStorage(),
    sync: { document: CHANGES, scopes: [{ type: 'Note' }], pageSize: 7 },
  })
  onTestFinished(() => client.close())

  let isOver = false
  const writers = Array.from({ length: 16 }, async (_, writer) => {
    const random = seeded(writer)
    for (let round = 0; round < 12; round += 1) {
      const [task, id] = [random() < 0.2 ? 'drop' : 'write', `n${Math.floor(random() * 60)}`]
      await small.ask(`mutation { ${task}(task: { id: "w${writer}-${round}" }, id: "${id}") { task { id } } }`)
    }
  })
  const written = Promise.all(writers).finally(() => {
    isOver = true
  })
  let pages = 0
  while (!isOver) pages += (await client.sync.pull()).pages
  await written
  await client.sync.pull()

  const all = await small.ask(
    '{ changes(scopes: [{ type: "Note" }], first: 1000) { changed { id version ... on Note { text } } } }',
  )
  const byId = (notes: { id: string }[]): unknown[] =>
    notes.map(({ id, ...rest }) => `${id} ${JSON.stringify(rest)}`).sort()
  const plain = (note: { id: string; version: number; text: string }) => ({
    id: note.id,
    version: note.version,
    text: note.text,
  })
  const shown = cache.readQuery<{ notes: { id: string; version: number; text: string }[] }>({ query: NOTES })
  expect(byId(shown?.notes.map(plain) ?? [])).toEqual(byId(all.changes.changed.map(plain)))
  expect(all.changes.changed.length).toBeGreaterThan(20)
  expect(pages).toBeGreaterThan(3)
})
