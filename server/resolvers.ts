/** The protocol's root fields, and one resolver for all task fields. */
import { GraphQLError, type GraphQLResolveInfo, getNamedType, isObjectType } from 'graphql'
import { type Clock, ERROR_CODES, isClientId, MAX_PAGE, type Random, type TaskStatus } from '../protocol/index.ts'
import type { GatewayContext } from './context.ts'
import { refuse } from './errors.ts'
import { inputHash } from './mutation-log.ts'
import type { FieldResolver, Resolvers } from './schema.ts'
import type { Store, StoredTask } from './store/store.ts'
import type { Collection } from './sync/collection.ts'
import { type ChangesArguments, changesFor, type DeltaOptions } from './sync/delta.ts'
import type { TaskDefinition } from './tasks/define-task.ts'
import type { RecordReference } from './tasks/outcome.ts'
import type { TaskRunner } from './tasks/runner.ts'
import { refusedRecord, TASK_TYPE, taskKey } from './tasks/task.ts'
import { hasRole, tenantPartition, type Viewer } from './viewer.ts'

export interface ResolverSetting {
  readonly store: Store
  readonly collections: ReadonlyMap<string, Collection>
  readonly clock: Clock
  readonly random: Random
  readonly runner: TaskRunner
  readonly delta: () => DeltaOptions
  readonly supervisorRole: string
  readonly subscribe: (viewer: Viewer) => AsyncIterableIterator<true>
}

/** Of the contract, what this version does not serve yet. */
const NOT_SERVED = ['reviewConflict', 'checkOut', 'checkIn', 'cancelTask']

export function gatewayResolvers(setting: ResolverSetting): Resolvers {
  const { store, clock, supervisorRole } = setting
  const visibleTasksOf = (viewer: Viewer): string | null => (hasRole(viewer, supervisorRole) ? null : viewer.user)
  return {
    Query: {
      changes: (_: unknown, args: ChangesArguments, { viewer }: GatewayContext) =>
        changesFor(viewer, args, setting.delta()),
      task: async (_: unknown, { id }: { id: string }, { viewer }: GatewayContext) => {
        const own = await store.view.record(tenantPartition(viewer), TASK_TYPE, taskKey({ user: viewer.user, id }))
        if (own !== undefined) return own.deleted ? null : own.entity
        const user = visibleTasksOf(viewer)
        const [found] = await store.view.tasks({
          partition: tenantPartition(viewer),
          user,
          ids: [id],
          after: 0,
          first: 1,
        })
        return found?.entity ?? null
      },
      tasks: async (_: unknown, args: TasksArguments, { viewer }: GatewayContext) => {
        const first = pageSize(args.first)
        const found = await store.view.tasks({
          partition: tenantPartition(viewer),
          user: visibleTasksOf(viewer),
          after: taskCursor(args.after),
          first: first + 1,
          ...(args.ids ? { ids: args.ids } : {}),
          ...(args.status ? { status: args.status } : {}),
        })
        const page = found.slice(0, first)
        return {
          nodes: page.map(({ entity }) => entity),
          endCursor: page.at(-1)?.number.toString() ?? null,
          hasMore: found.length > first,
        }
      },
    },
    Subscription: {
      changesAvailable: {
        subscribe: (_: unknown, __: unknown, { viewer }: GatewayContext) => setting.subscribe(viewer),
        resolve: () => ({ at: new Date(clock.now()).toISOString() }),
      },
    },
    Mutation: Object.fromEntries(NOT_SERVED.map(field => [field, notServed(field)])),
  }
}

/** A root field that the contract has and this version has not. */
export const notServed = (field: string) => (): never => {
  throw refuse(ERROR_CODES.NOT_IMPLEMENTED, `${field} is part of the contract, but not served yet.`, { field })
}

export function taskResolvers(definitions: readonly TaskDefinition[], setting: ResolverSetting): Resolvers {
  const latest = new Map<string, TaskDefinition>()
  for (const definition of definitions) {
    const before = latest.get(definition.name)
    if (before === undefined || before.version < definition.version) latest.set(definition.name, definition)
  }
  return {
    Mutation: Object.fromEntries([...latest].map(([name, definition]) => [name, taskResolver(definition, setting)])),
  }
}

interface TasksArguments {
  readonly ids?: readonly string[] | null
  readonly status?: readonly TaskStatus[] | null
  readonly first: number
  readonly after?: string | null
}

interface TaskInput {
  readonly id: string
  readonly client?: string | null
  readonly sequence?: number | null
  readonly after?: readonly string[] | null
}

function taskResolver(definition: TaskDefinition, setting: ResolverSetting): FieldResolver {
  return async (_, { task: input, ...args }, context, info) => {
    const { viewer, document } = context
    if (document.stopped) {
      throw refuse(
        ERROR_CODES.NOT_ATTEMPTED,
        'A task before this one in the document could not be taken, so this one was not tried. Send it again.',
      )
    }
    try {
      const identity = checkIdentity(input as TaskInput | null | undefined, setting.random)
      const declared = info.parentType.getFields()[info.fieldName]?.args ?? []
      const hash = inputHash(definition.name, args, declared)
      const taken = await setting.runner.submit({ viewer, definition, args, inputHash: hash, ...identity })
      if ('kind' in taken) {
        const now = new Date(setting.clock.now()).toISOString()
        return { task: refusedRecord(identity.id, definition.name, viewer.user, taken, now) }
      }
      await setting.runner.settled(taken, document.timeLeftMs())
      return await payload(taken, setting, context, info)
    } catch (error) {
      // A wrong argument stops nobody; a task that could not be taken must not be overtaken by the next.
      if (!(error instanceof GraphQLError)) document.stopped = true
      throw error
    }
  }
}

/** The task as it stands now, and the records of its payload as the viewer may read them. */
async function payload(
  { partition, user, id }: StoredTask,
  { store }: ResolverSetting,
  { records }: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<Record<string, unknown>> {
  const [task, record] = await Promise.all([
    store.view.task({ partition, user, id }),
    store.view.record(partition, TASK_TYPE, taskKey({ user, id })),
  ])
  const type = getNamedType(info.returnType)
  const fields = isObjectType(type) ? Object.values(type.getFields()).filter(({ name }) => name !== 'task') : []
  const shown = fields.map(field => {
    const { name } = getNamedType(field.type)
    return [field.name, () => find(task && referenceFor(task, field.name, name))]
  })
  const find = async (reference: RecordReference | null | undefined): Promise<unknown> => {
    if (reference == null) return null
    if (reference.type !== TASK_TYPE) return (await records.find(reference.type, reference.id)) ?? null
    return (await store.view.record(partition, TASK_TYPE, taskKey({ user, id: reference.id })))?.entity ?? null
  }
  return { ...Object.fromEntries(shown), task: record?.entity }
}

/** With CONFLICT the payload shows the record as it is now on the server. */
function referenceFor(task: StoredTask, field: string, type: string): RecordReference | null {
  const named = task.payload[field]
  if (named != null) return named
  return task.contested?.type === type ? task.contested : null
}

function checkIdentity(
  input: TaskInput | null | undefined,
  random: Random,
): { id: string; client: string | null; sequence: number | null; after: readonly string[] } {
  if (input == null) return { id: random.uuid(), client: null, sequence: null, after: [] }
  const wrong = (field: string, what: string): Error =>
    refuse(ERROR_CODES.BAD_USER_INPUT, `${field} ${what}`, { field })
  if (!isClientId(input.id)) throw wrong('task.id', 'must be 1 to 128 letters, digits or "._~-"; a UUID is best.')
  if (input.client != null && !isClientId(input.client))
    throw wrong('task.client', 'must be 1 to 128 letters, digits or "._~-".')
  if (input.sequence != null && input.sequence < 0) throw wrong('task.sequence', 'must not be negative.')
  const after = [...new Set(input.after ?? [])]
  if (after.length > MAX_PAGE || !after.every(isClientId)) throw wrong('task.after', 'must be ids of tasks.')
  if (after.includes(input.id)) throw wrong('task.after', 'names the task itself, which would wait for ever.')
  return { id: input.id, client: input.client ?? null, sequence: input.sequence ?? null, after }
}

function pageSize(first: number): number {
  if (first >= 1 && first <= MAX_PAGE) return first
  throw refuse(ERROR_CODES.BAD_USER_INPUT, `first must be from 1 to ${MAX_PAGE}.`, { field: 'first' })
}

function taskCursor(after: string | null | undefined): number {
  if (after == null) return 0
  if (/^\d{1,15}$/.test(after)) return Number(after)
  throw refuse(ERROR_CODES.BAD_USER_INPUT, 'after must be an endCursor of tasks.', { field: 'after' })
}
