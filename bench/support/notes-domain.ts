/** The smallest domain of the bench of several gateways: a plain task that writes one record, and a task of four steps that do nothing. */
import { type Collection, confirmed, defineCollection, defineTask, done, type TaskDefinition } from 'layover/server'

export const SECRET = 'a secret of the benches, long enough'

export const SDL = `
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID ownerId: ID! text: String! }
  type NotePayload implements TaskPayload { task: Task! note: Note }
  type TripPayload implements TaskPayload { task: Task! }
  extend type Query { note(id: ID!): Note }
  extend type Mutation {
    writeNote(task: TaskInput, id: ID!, text: String!): NotePayload
    takeTrip(task: TaskInput, id: ID!): TripPayload
  }
`

export const collections: readonly Collection[] = [defineCollection('Note')]

export const tasks: readonly TaskDefinition[] = [
  defineTask<{ id: string; text: string }>('writeNote', {
    touches: ({ id }) => [{ type: 'Note', id }],
    run: async ({ id, text }, transaction) => {
      const written = await transaction.create('Note', id, { ownerId: transaction.viewer.user, text })
      return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
    },
  }),
  defineTask<{ id: string }, string>('takeTrip', {
    touches: () => [],
    prepare: async ({ id }) => ({ kind: 'plan', plan: id }),
    steps: ['first', 'second', 'third', 'fourth'].map(name => ({ name, run: async () => done(null) })),
    settle: async () => confirmed({}),
  }),
]
