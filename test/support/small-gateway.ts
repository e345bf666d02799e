/** A gateway of notes in this process on a real SQLite file: for what the travel domain has no case of. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { graphql } from 'graphql'
import { type Clock, systemClock } from '../../protocol/index.ts'
import {
  createGateway,
  defineCollection,
  type Gateway,
  type GatewayOptions,
  type TaskDefinition,
  type Viewer,
} from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { agent, temporaryDirectory } from './world.ts'

/** Every task of these is `name(task, id)`, on the note of that id. */
const typeDefs = (names: readonly string[]): string => `
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID text: String }
  type NotePayload implements TaskPayload { task: Task! note: Note }
  extend type Mutation { ${names.map(name => `${name}(task: TaskInput, id: ID!): NotePayload`).join('\n')} }`

// biome-ignore lint/suspicious/noExplicitAny: answers of any document
type Data = any

export interface SmallGateway {
  readonly gateway: Gateway
  readonly file: string
  /** Data of one document; throws its first error. */
  ask(source: string, viewer?: Viewer): Promise<Data>
  /** `name status parked` of a task, or undefined. */
  status(id: string): Promise<string | undefined>
  /** Stops it and starts another on the same file. */
  restart(tasks?: readonly TaskDefinition[]): Promise<void>
  close(): Promise<void>
}

export const me = agent('me')

export async function startSmallGateway(
  tasks: readonly TaskDefinition[],
  options: Partial<GatewayOptions> & { clock?: Clock } = {},
): Promise<SmallGateway> {
  const directory = temporaryDirectory()
  const file = join(directory.path, 'notes.db')
  const make = (definitions: readonly TaskDefinition[]): Gateway =>
    createGateway({
      store: sqlite(file),
      typeDefs: typeDefs([...new Set([...tasks, ...definitions].map(({ name }) => name))]),
      tasks: definitions,
      collections: [defineCollection('Note')],
      authenticate: async ({ user }) => agent(typeof user === 'string' ? user : 'me'),
      taskWaitMs: 0,
      ...options,
    })
  let gateway = make(tasks)
  await gateway.start()
  const ask = async (source: string, viewer: Viewer = me): Promise<Data> => {
    const contextValue = await gateway.context({ user: viewer.user })
    const { data, errors } = await graphql({ schema: gateway.schema, source, contextValue })
    if (errors?.[0] !== undefined) throw errors[0]
    return data
  }
  return {
    get gateway() {
      return gateway
    },
    file,
    ask,
    status: async id => (await ask(`{ task(id: "${id}") { status } }`)).task?.status,
    async restart(definitions = tasks) {
      await gateway.stop()
      gateway = make(definitions)
      await gateway.start()
    },
    async close() {
      await gateway.stop()
      directory.remove()
    },
  }
}

/** What an operator's command leaves in the store of a running gateway. */
export function say(file: string, reference: string, action: 'resume' | 'undo'): void {
  const database = new Database(file)
  database.prepare('insert into signal values (?, ?, ?)').run(reference, action, systemClock.now())
  database.close()
}

/** Something that opens once, from outside. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open: () => open() }
}
