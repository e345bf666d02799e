/** A full disk: nothing acknowledged is lost, nothing half-written stays, reading goes on, and writing comes back with the space. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { graphql } from 'graphql'
import { expect, it, onTestFinished } from 'vitest'
import { confirmed, createGateway, defineCollection, defineTask } from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { agent, temporaryDirectory } from '../support/world.ts'

const typeDefs = `
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID text: String }
  type NotePayload implements TaskPayload { task: Task! note: Note }
  extend type Mutation { create(task: TaskInput, id: ID!, text: String!): NotePayload }`

const create = defineTask<{ id: string; text: string }>('create', {
  touches: ({ id }) => [{ type: 'Note', id }],
  run: async ({ id, text }, transaction) => {
    const written = await transaction.create('Note', id, { text })
    return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
  },
})

const mounted = (path: string): string | undefined => {
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', path], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `a small file system can't be mounted here: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`
  }
}

it('a full disk refuses a document from the first task that does not fit, and takes it whole when there is room', async context => {
  const directory = temporaryDirectory()
  const disk = join(directory.path, 'disk')
  const hindrance = mounted(disk)
  if (hindrance !== undefined) {
    directory.remove()
    console.warn(`skipped: ${hindrance}`)
    return context.skip(hindrance)
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', disk])
    directory.remove()
  })
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024))
  const gateway = createGateway({
    store: sqlite(join(disk, 'notes.db')),
    typeDefs,
    tasks: [create],
    collections: [defineCollection('Note')],
    authenticate: async () => agent('me'),
  })
  await gateway.start()
  const text = 'x'.repeat(8000)
  const send = async (ids: readonly string[]): Promise<{ confirmed: string[]; codes: unknown[] }> => {
    const source = `mutation ($text: String!) { ${ids.map(id => `${id}: create(task: { id: "${id}" }, id: "${id}", text: $text) { task { status } }`).join('\n')} }`
    const contextValue = await gateway.context({})
    const { data, errors = [] } = await graphql({
      schema: gateway.schema,
      source,
      contextValue,
      variableValues: { text },
    })
    return {
      confirmed: ids.filter(id => (data?.[id] as { task: { status: string } } | null)?.task.status === 'CONFIRMED'),
      codes: errors.map(error => gateway.formatError(error.toJSON(), error).extensions?.['code']),
    }
  }
  const notes = async (): Promise<number> => {
    const source = '{ changes(scopes: [{ type: "Note" }], first: 5000) { changed { id } } }'
    const { data } = await graphql({ schema: gateway.schema, source, contextValue: await gateway.context({}) })
    return (data as { changes: { changed: unknown[] } }).changes.changed.length
  }

  let acknowledged = 0
  let refused: { ids: string[]; confirmed: string[]; codes: unknown[] } | undefined
  for (let round = 0; refused === undefined && round < 200; round += 1) {
    const ids = Array.from({ length: 10 }, (_, index) => `n${round}x${index}`)
    const answer = await send(ids)
    acknowledged += answer.confirmed.length
    if (answer.codes.length > 0) refused = { ids, ...answer }
  }
  expect(refused?.codes[0]).toBe('STORE_UNAVAILABLE')
  expect(new Set(refused?.codes.slice(1))).toEqual(new Set((refused?.codes.length ?? 0) > 1 ? ['NOT_ATTEMPTED'] : []))
  // What was confirmed stands at the front of the document: nothing overtook the task that did not fit.
  expect(refused?.confirmed).toEqual(refused?.ids.slice(0, refused.confirmed.length))
  expect(await notes()).toBe(acknowledged)

  rmSync(ballast)
  const again = await send(refused?.ids ?? [])
  expect(again).toEqual({ confirmed: refused?.ids, codes: [] })
  expect(await notes()).toBe(acknowledged + again.confirmed.length - (refused?.confirmed.length ?? 0))
  await gateway.stop()
})
