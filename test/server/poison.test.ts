/** A task whose code fails harms itself alone: not the one before it, not the gateway's start. */
import { join } from 'node:path'
import { graphql } from 'graphql'
import { expect, it } from 'vitest'
import { confirmed, createGateway, defineCollection, defineTask, done, type Gateway } from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { agent, temporaryDirectory } from '../support/world.ts'

const typeDefs = `
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID text: String! }
  type NotePayload implements TaskPayload { task: Task! note: Note }
  extend type Mutation { slow(task: TaskInput, id: ID!): NotePayload  broken(task: TaskInput, id: ID!): NotePayload }`

it('a waiting task that cannot be started is tried again, also after a restart, and everything else goes on', async () => {
  const directory = temporaryDirectory()
  const gate: { open?: () => void } = {}
  const opened = new Promise<void>(resolve => {
    gate.open = resolve
  })
  let isBroken = true
  let failures = 0
  const note = ({ id }: { id: string }) => [{ type: 'Note', id }]
  const slow = defineTask<{ id: string }, { id: string }>('slow', {
    touches: note,
    prepare: async ({ id }) => ({ kind: 'plan', plan: { id } }),
    steps: [{ name: 'wait', run: async () => opened.then(() => done(null)) }],
    settle: async ({ id }, _, transaction) => {
      const written = await transaction.create('Note', id, { text: 'slow' })
      return written.kind === 'written' ? confirmed({}) : written
    },
  })
  const broken = defineTask<{ id: string }>('broken', {
    touches: note,
    run: async ({ id }, transaction) => {
      if (isBroken) {
        failures += 1
        throw new Error('a bug')
      }
      const written = await transaction.update('Note', id, 1, { text: 'mended' })
      return written.kind === 'written' ? confirmed({}) : written
    },
  })
  const make = (): Gateway =>
    createGateway({
      store: sqlite(join(directory.path, 'notes.db')),
      typeDefs,
      tasks: [slow, broken],
      collections: [defineCollection('Note')],
      authenticate: async () => agent('me'),
      taskWaitMs: 0,
    })
  const status = async (gateway: Gateway, id: string): Promise<unknown> => {
    const source = `{ task(id: "${id}") { status } }`
    const { data } = await graphql({ schema: gateway.schema, source, contextValue: await gateway.context({}) })
    return (data?.['task'] as { status: string } | null)?.status
  }
  const first = make()
  await first.start()
  await graphql({
    schema: first.schema,
    source:
      'mutation { m0: slow(task: { id: "s" }, id: "n") { task { id } } m1: broken(task: { id: "b" }, id: "n") { task { id } } }',
    contextValue: await first.context({}),
  })
  expect(await status(first, 'b')).toBe('ACCEPTED')
  gate.open?.()
  await expect.poll(() => status(first, 's')).toBe('CONFIRMED')
  await expect.poll(() => failures).toBeGreaterThan(1)
  await first.stop()

  const second = make()
  await second.start()
  expect(await status(second, 'b')).toBe('ACCEPTED')
  isBroken = false
  await expect.poll(() => status(second, 'b')).toBe('CONFIRMED')
  await second.stop()
  directory.remove()
})
