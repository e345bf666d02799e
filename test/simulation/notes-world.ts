/** The notes application of test/client on the kit: a gateway in memory, a network in the test's hands, devices, one clock. */
import {
  type Device,
  type DeviceOptions,
  device,
  type MemoryGateway,
  type MemoryGatewayOptions,
  type MemoryTask,
  memoryGateway,
  type SimulatedNetwork,
  type SimulatedNetworkOptions,
  seededRandom,
  simulatedNetwork,
  type VirtualClock,
  virtualClock,
} from 'layover/testing'
import { CHANGES, notesCache, noteTasks } from '../client/notes-app.ts'

export const NOTES_SDL = `
  extend type Query { notes(done: Boolean): [Note!]! note(id: ID!): Note }
  extend type Mutation {
    createNote(task: TaskInput, input: CreateNoteInput!): NotePayload
    updateNote(task: TaskInput, id: ID!, baseVersion: Int!, patch: NotePatch!): NotePayload
    deleteNote(task: TaskInput, id: ID!, baseVersion: Int!): NotePayload
    printNote(task: TaskInput, id: ID!): NotePayload
  }
  type Note implements Entity { id: ID! version: Int! updatedAt: DateTime! updatedBy: ID
    title: String! body: String count: Int done: Boolean parentId: ID }
  type NotePayload implements TaskPayload { task: Task! note: Note }
  input CreateNoteInput { id: ID! title: String! body: String count: Int done: Boolean parentId: ID }
  input NotePatch { title: String body: String count: Int done: Boolean }`

/** What both gateways offer a task; each has more. */
interface Hands {
  create(type: string, id: string, fields: object): Promise<Written>
  update(type: string, id: string, baseVersion: number, patch: object): Promise<Written>
  remove(type: string, id: string, baseVersion: number): Promise<Written>
}
type Written = Awaited<ReturnType<Parameters<MemoryTask>[1]['create']>>
type Outcome = Awaited<ReturnType<MemoryTask>>

// biome-ignore lint/suspicious/noExplicitAny: arguments as the SDL declares them
type Args = any

const note = (written: Written, id: string): Outcome =>
  written.kind === 'written' ? { kind: 'confirmed', payload: { note: { type: 'Note', id } } } : written

/** The same functions for the memory gateway and for the real one. */
export const noteTaskFunctions = {
  createNote: async ({ input: { id, ...fields } }: Args, hands: Hands) =>
    fields.title === 'forbidden'
      ? ({
          kind: 'rejected',
          code: 'BAD_TITLE',
          message: 'Not this title.',
          field: 'input.title',
          suggestions: [{ label: 'allowed', patch: { title: 'allowed' } }],
          failedTask: null,
        } satisfies Outcome)
      : note(await hands.create('Note', id, fields), id),
  updateNote: async ({ id, baseVersion, patch }: Args, hands: Hands) =>
    note(await hands.update('Note', id, baseVersion, patch), id),
  deleteNote: async ({ id, baseVersion }: Args, hands: Hands) => note(await hands.remove('Note', id, baseVersion), id),
  printNote: async (): Promise<Outcome> => ({ kind: 'confirmed', payload: {} }),
}

export interface World {
  clock: VirtualClock
  gateway: MemoryGateway
  network: SimulatedNetwork
  /** A device of that user, its client not yet open. */
  device(user?: string, options?: Partial<DeviceOptions>): Device
}

export function notesWorld({
  seed = 1,
  gateway: gatewayOptions = {},
  network: networkOptions = {},
}: {
  seed?: number
  gateway?: Partial<MemoryGatewayOptions>
  network?: Partial<SimulatedNetworkOptions>
} = {}): World {
  const random = seededRandom(seed)
  const clock = virtualClock()
  const gateway = memoryGateway({
    typeDefs: NOTES_SDL,
    tasks: noteTaskFunctions,
    resolvers: { notes: (_args, { list }) => list('Note'), note: ({ id }, { find }) => find('Note', id) ?? null },
    clock,
    random: random.fork('gateway'),
    ...gatewayOptions,
  })
  const network = simulatedNetwork({ gateway, clock, random: random.fork('network'), ...networkOptions })
  let devices = 0
  return {
    clock,
    gateway,
    network,
    device(user = 'ann', options = {}) {
      devices += 1
      return device({
        network,
        clock,
        random: random.fork(`device ${devices}`),
        app: () => ({ cache: notesCache(), user, tasks: noteTasks(), sync: { document: CHANGES } }),
        ...options,
      })
    },
  }
}
