import fastify from 'fastify'
import { confirmed, createGateway, defineCollection, defineTask, jwtAuthenticator } from 'layover/server'
import { serveGateway } from 'layover/server/fastify'
import { sqlite } from 'layover/server/sqlite'

const { AUTH_SECRET: secret = '', PORT = '4000', DATABASE = 'notes.db' } = process.env
const addNote = defineTask<{ id: string; text: string }>('addNote', {
  touches: ({ id }) => [{ type: 'Note', id }],
  run: async ({ id, text }, transaction) => {
    const written = await transaction.create('Note', id, { text, author: transaction.viewer.user })
    return written.kind === 'written' ? confirmed({ note: { type: 'Note', id } }) : written
  },
})
const typeDefs = `
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID author: ID! text: String! }
  type NotePayload implements TaskPayload { task: Task! note: Note }
  extend type Mutation { addNote(task: TaskInput, id: ID!, text: String!): NotePayload }`
const collections = [defineCollection('Note', { owner: 'author', mayRead: () => 'own' })]
const authenticate = jwtAuthenticator({ secret })
const gateway = createGateway({ store: sqlite(DATABASE), typeDefs, tasks: [addNote], collections, authenticate })
const app = fastify()
await gateway.start()
await serveGateway(app, gateway)
process.stdout.write(`notes at ${await app.listen({ port: Number(PORT) })}\n`)
