/** Both gateways with the same notes: the one of `layover/testing`, and the real one on SQLite behind its HTTP road, without a socket. */
import { join } from 'node:path'
import fastify from 'fastify'
import { parse, subscribe } from 'graphql'
import { createGateway, defineCollection, defineTask, done, type TaskDefinition } from 'layover/server'
import { serveGateway } from 'layover/server/fastify'
import { sqlite } from 'layover/server/sqlite'
import { memoryGateway, type SimulatedGateway } from 'layover/testing'
import { temporaryDirectory } from '../support/world.ts'
import { NOTES_SDL, noteTaskFunctions } from './notes-world.ts'

/** `printNote` takes until `finish`. The bearer token is the user's id. */
export interface NotesGateway extends SimulatedGateway {
  finish(id: string): Promise<void>
  stop(): Promise<void>
}

const TASK_WAIT_MS = 50

export function memoryNotes(): NotesGateway {
  const gateway = memoryGateway({ typeDefs: NOTES_SDL, tasks: noteTaskFunctions, taskWaitMs: TASK_WAIT_MS })
  gateway.slow.add('printNote')
  return Object.assign(gateway, { stop: async () => undefined })
}

export async function realNotes(): Promise<NotesGateway> {
  const directory = temporaryDirectory()
  const gates = new Map<string, () => void>()
  const { printNote: _, ...plain } = noteTaskFunctions
  const tasks: TaskDefinition[] = Object.entries(plain).map(([name, run]) =>
    defineTask<{ id?: string; input?: { id: string } }>(name, {
      touches: ({ id, input }) => [{ type: 'Note', id: id ?? input?.id ?? '' }],
      run: async (args, transaction) => (await run(args, transaction)) as never,
    }),
  )
  const printNote = defineTask<{ id: string }, string>('printNote', {
    touches: () => [],
    prepare: async (_args, { taskId }) => ({ kind: 'plan', plan: taskId }),
    steps: [
      {
        name: 'print',
        run: async plan => {
          await new Promise<void>(resolve => gates.set(plan, resolve))
          return done(null)
        },
      },
    ],
    settle: async () => ({ kind: 'confirmed', payload: {} }),
  })
  const gateway = createGateway({
    store: sqlite(join(directory.path, 'notes.db')),
    typeDefs: NOTES_SDL,
    resolvers: { Query: { notes: () => [], note: () => null } },
    tasks: [...tasks, printNote],
    collections: [defineCollection('Note')],
    authenticate: async ({ authorization }) => {
      const user = /^Bearer (.+)$/.exec(String(authorization))?.[1]
      return user === undefined ? undefined : { user, tenant: 'notes', roles: [] }
    },
    taskWaitMs: TASK_WAIT_MS,
  })
  const app = fastify()
  await gateway.start()
  await serveGateway(app, gateway)
  return {
    async execute({ query, variables, extensions, headers }) {
      const { statusCode, payload } = await app.inject({
        method: 'POST',
        url: '/graphql',
        headers: { host: 'gateway.test', 'content-type': 'application/json', ...headers },
        payload: { query, variables, extensions },
      })
      return { status: statusCode, body: JSON.parse(payload) }
    },
    subscribe(headers, poke) {
      const isOver = new AbortController()
      void (async () => {
        const contextValue = await gateway.context(headers)
        const document = parse('subscription { changesAvailable { at } }')
        const pokes = await subscribe({ schema: gateway.schema, document, contextValue })
        if (!(Symbol.asyncIterator in pokes)) throw new Error(JSON.stringify(pokes))
        isOver.signal.addEventListener('abort', () => void pokes.return(undefined))
        for await (const _each of pokes) poke()
      })()
      return () => isOver.abort()
    },
    async finish(id) {
      for (let turns = 0; !gates.has(id) && turns < 1000; turns += 1) await new Promise(setImmediate)
      gates.get(id)?.()
    },
    async stop() {
      for (const open of gates.values()) open()
      await app.close()
      await gateway.stop()
      directory.remove()
    },
  }
}
