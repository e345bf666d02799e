/** A gateway of one invented domain whose types differ in their conflict policy alone, on a real SQLite file. */
import { join } from 'node:path'
import { type DocumentNode, execute, parse, validate } from 'graphql'
import { type Clock, systemClock } from '../../protocol/index.ts'
import {
  type Collection,
  type CollectionRules,
  confirmed,
  createGateway,
  defineCollection,
  defineTask,
  type Gateway,
  type SagaTask,
  type TaskDefinition,
  type Viewer,
} from '../../server/index.ts'
import { sqlite } from '../../server/store/sqlite.ts'
import { TASK, temporaryDirectory, uuid } from './world.ts'

/** One type a policy, all with the same fields, whose values may be anything JSON has. */
export const TYPES = { merge: 'Merged', server: 'ServerSide', client: 'ClientSide', ask: 'Asked' } as const
export type PolicyType = (typeof TYPES)[keyof typeof TYPES]

const FIELDS = 'owner: ID a: JSON b: JSON c: JSON secret: JSON checkedOutBy: ID checkedOutUntil: DateTime'
const META = 'id: ID! version: Int! updatedAt: DateTime! updatedBy: ID'
const typeDefs = `
  ${Object.values(TYPES)
    .map(type => `type ${type} implements Entity { ${META} ${FIELDS} }`)
    .join('\n')}
  type RecordPayload implements TaskPayload { task: Task! record: Entity }
  extend type Query { record(type: String!, id: ID!): Entity }
  extend type Mutation {
    make(task: TaskInput, type: String!, id: ID!, fields: JSON!): RecordPayload
    edit(task: TaskInput, type: String!, id: ID!, baseVersion: Int!, patch: JSON!): RecordPayload
    drop(task: TaskInput, type: String!, id: ID!, baseVersion: Int!): RecordPayload
    "An edit with a step outside, which ends when the test says so."
    slowEdit(task: TaskInput, type: String!, id: ID!, baseVersion: Int!, patch: JSON!): RecordPayload
  }`

export const RECORD = Object.values(TYPES)
  .map(type => `... on ${type} { id version updatedBy owner a b c secret checkedOutBy checkedOutUntil }`)
  .join(' ')

interface EditArguments {
  readonly type: string
  readonly id: string
  readonly baseVersion: number
  readonly patch: Readonly<Record<string, unknown>>
}

function tasksOf(outside: { step: () => Promise<void> }): readonly TaskDefinition[] {
  const touches = ({ type, id }: { type: string; id: string }): { type: string; id: string }[] => [{ type, id }]
  const slow: SagaTask<EditArguments, EditArguments> = defineTask<EditArguments, EditArguments>('slowEdit', {
    touches,
    prepare: async (args, transaction) => {
      const trial = await transaction.update(args.type, args.id, args.baseVersion, args.patch)
      return trial.kind === 'written' ? { kind: 'plan', plan: args } : trial
    },
    steps: [{ name: 'outside', run: () => outside.step().then(() => ({ kind: 'done', value: null })) }],
    settle: async ({ type, id, baseVersion, patch }, _results, transaction) => {
      const written = await transaction.update(type, id, baseVersion, patch)
      return written.kind === 'written' ? confirmed({ record: { type, id } }) : written
    },
  })
  return [
    slow,
    defineTask<{ type: string; id: string; fields: Readonly<Record<string, unknown>> }>('make', {
      touches,
      run: async ({ type, id, fields }, transaction) => {
        const written = await transaction.create(type, id, { owner: transaction.viewer.user, ...fields })
        return written.kind === 'written' ? confirmed({ record: { type, id } }) : written
      },
    }),
    defineTask<EditArguments>('edit', {
      touches,
      run: async ({ type, id, baseVersion, patch }, transaction) => {
        const written = await transaction.update(type, id, baseVersion, patch)
        return written.kind === 'written' ? confirmed({ record: { type, id } }) : written
      },
    }),
    defineTask<Omit<EditArguments, 'patch'>>('drop', {
      touches,
      run: async ({ type, id, baseVersion }, transaction) => {
        const written = await transaction.remove(type, id, baseVersion)
        return written.kind === 'written' ? confirmed({ record: { type, id } }) : written
      },
    }),
  ]
}

export interface TaskAnswer {
  readonly id: string
  readonly status: string
  readonly conflict: {
    readonly fields: readonly string[]
    readonly base: Record<string, unknown> | null
    readonly mine: Record<string, unknown>
    readonly theirs: Record<string, unknown> | null
    readonly theirsVersion: number
    readonly theirsBy: string | null
  } | null
  readonly rejection: { readonly code: string; readonly message: string; readonly field: string | null } | null
  readonly reconciliation: readonly {
    readonly field: string
    readonly from: unknown
    readonly to: unknown
    readonly rule: string
    readonly message: string
  }[]
}

// biome-ignore lint/suspicious/noExplicitAny: answers of any document
type Data = any
type TaskInput = Readonly<Record<string, unknown>>

const arguments_ = (names: Readonly<Record<string, string>>): { declared: string; passed: string } => ({
  declared: ['$task: TaskInput', ...Object.entries(names).map(([name, type]) => `$${name}: ${type}`)].join(', '),
  passed: ['task', ...Object.keys(names)].map(name => `${name}: $${name}`).join(', '),
})

const TASK_FIELDS: Readonly<Record<string, { names: Readonly<Record<string, string>>; shown: string }>> = {
  make: { names: { type: 'String!', id: 'ID!', fields: 'JSON!' }, shown: `record { ${RECORD} }` },
  edit: { names: { type: 'String!', id: 'ID!', baseVersion: 'Int!', patch: 'JSON!' }, shown: `record { ${RECORD} }` },
  slowEdit: {
    names: { type: 'String!', id: 'ID!', baseVersion: 'Int!', patch: 'JSON!' },
    shown: `record { ${RECORD} }`,
  },
  drop: { names: { type: 'String!', id: 'ID!', baseVersion: 'Int!' }, shown: `record { ${RECORD} }` },
  checkOut: { names: { type: 'String!', id: 'ID!', minutes: 'Int!' }, shown: 'token until heldBy' },
  checkIn: { names: { type: 'String!', id: 'ID!' }, shown: '' },
  resolveConflict: {
    names: { conflictOf: 'ID!', decision: 'Decision!', values: 'JSON' },
    shown: 'resolved { id status conflict { theirs theirsVersion } }',
  },
  reviewConflict: {
    names: { conflictOf: 'ID!', decision: 'Decision!', values: 'JSON' },
    shown: 'resolved { id status conflict { theirs theirsVersion } }',
  },
}

export interface PoliciesGateway {
  readonly gateway: Gateway
  /** Awaited by the outside step of slowEdit. */
  readonly outside: { step: () => Promise<void> }
  query(viewer: Viewer, source: string, variables?: object): Promise<Data>
  /** One task field; `task` completes its TaskInput. */
  run(viewer: Viewer, field: string, args: object, task?: TaskInput): Promise<{ task: TaskAnswer } & Data>
  edit(viewer: Viewer, record: RecordOf, baseVersion: number, patch: object, task?: TaskInput): Promise<TaskAnswer>
  drop(viewer: Viewer, record: RecordOf, baseVersion: number, task?: TaskInput): Promise<TaskAnswer>
  make(viewer: Viewer, type: PolicyType, fields: object, task?: TaskInput): Promise<RecordOf>
  /** As this viewer sees it; null for none. */
  record(viewer: Viewer, record: RecordOf): Promise<Record<string, unknown> | null>
  task(viewer: Viewer, id: string): Promise<TaskAnswer | null>
  restart(): Promise<void>
  close(): Promise<void>
}

export interface RecordOf {
  readonly type: PolicyType
  readonly id: string
}

/** Parsed and validated once, as a gateway does. */
function checked({ schema }: Gateway, source: string): DocumentNode {
  const document = parse(source, { noLocation: true })
  const [error] = validate(schema, document)
  if (error !== undefined) throw error
  return document
}

/** `rules` completes those of every type; their policy and owner are set. */
export async function startPoliciesGateway(
  options: { rules?: CollectionRules; clock?: Clock } = {},
): Promise<PoliciesGateway> {
  const directory = temporaryDirectory()
  const outside = { step: (): Promise<void> => Promise.resolve() }
  const collections: readonly Collection[] = Object.entries(TYPES).map(([conflict, type]) =>
    defineCollection(type, { ...options.rules, conflict: conflict as keyof typeof TYPES, owner: 'owner' }),
  )
  const open = async (): Promise<Gateway> => {
    const gateway = createGateway({
      store: sqlite(join(directory.path, 'layover.db')),
      typeDefs,
      resolvers: {
        Query: {
          record: async (_: unknown, { type, id }: RecordOf, { records }: Data) =>
            (await records.find(type, id)) ?? null,
        },
      },
      tasks: tasksOf(outside),
      collections,
      authenticate: async ({ viewer }) => viewer as Viewer,
      clock: options.clock ?? systemClock,
    })
    await gateway.start()
    return gateway
  }
  let gateway = await open()
  const documents = new Map<string, DocumentNode>()
  const query: PoliciesGateway['query'] = async (viewer, source, variables = {}) => {
    const contextValue = await gateway.context({ viewer })
    // As over a socket: what was sent and what was answered are JSON.
    const variableValues = JSON.parse(JSON.stringify(variables)) as Record<string, unknown>
    const document = documents.get(source) ?? checked(gateway, source)
    documents.set(source, document)
    const { data, errors } = await execute({ schema: gateway.schema, document, variableValues, contextValue })
    if (errors !== undefined) throw errors[0]?.originalError ?? errors[0]
    return JSON.parse(JSON.stringify(data)) as Data
  }
  const run: PoliciesGateway['run'] = async (viewer, field, args, task = {}) => {
    const { names, shown } = TASK_FIELDS[field] as (typeof TASK_FIELDS)[string]
    const { declared, passed } = arguments_(names)
    const source = `mutation (${declared}) { answer: ${field}(${passed}) { ${TASK} ${shown} } }`
    return (await query(viewer, source, { task: { id: uuid(), ...task }, ...args })).answer
  }
  return {
    get gateway() {
      return gateway
    },
    outside,
    query,
    run,
    edit: async (viewer, record, baseVersion, patch, task) =>
      (await run(viewer, 'edit', { ...record, baseVersion, patch }, task)).task,
    drop: async (viewer, record, baseVersion, task) =>
      (await run(viewer, 'drop', { ...record, baseVersion }, task)).task,
    async make(viewer, type, fields, task) {
      const id = uuid()
      const answer = await run(viewer, 'make', { type, id, fields }, task)
      if (answer.task.status !== 'CONFIRMED') throw new Error(JSON.stringify(answer))
      return { type, id }
    },
    record: async (viewer, record) =>
      (await query(viewer, `query ($type: String!, $id: ID!) { record(type: $type, id: $id) { ${RECORD} } }`, record))
        .record,
    task: async (viewer, id) =>
      (await query(viewer, `query ($id: ID!) { answer: task(id: $id) { ${TASK.slice(6, -1)} } }`, { id })).answer,
    async restart() {
      await gateway.stop()
      gateway = await open()
    },
    async close() {
      await gateway.stop()
      directory.remove()
    },
  }
}
