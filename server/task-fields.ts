/**
 * One resolver for all task fields. The plain tasks that follow one another in a document are handed over together: they are
 * executed one after the other all the same, and share a commit instead of waiting for fifty.
 */
import {
  type FieldNode,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getArgumentValues,
  getNamedType,
  isObjectType,
  Kind,
} from 'graphql'
import { type Clock, ERROR_CODES, isClientId, MAX_PAGE, type Random, TASK_ARGUMENT } from '../protocol/index.ts'
import type { DocumentRun } from './batch.ts'
import type { GatewayContext } from './context.ts'
import { refuse } from './errors.ts'
import { inputHash } from './mutation-log.ts'
import type { Presenter } from './present.ts'
import type { FieldResolver, Resolvers } from './schema.ts'
import type { Store, StoredTask } from './store/store.ts'
import type { TaskDefinition } from './tasks/define-task.ts'
import type { Submission, Taken } from './tasks/ledger.ts'
import type { PayloadEntry, Rejected } from './tasks/outcome.ts'
import type { TaskRunner } from './tasks/runner.ts'
import { refusedRecord, TASK_TYPE, taskKey } from './tasks/task.ts'
import { hasRole, type Viewer } from './viewer.ts'

export interface TaskFieldSetting {
  readonly store: Store
  readonly presenter: Presenter
  readonly supervisorRole: string
  readonly clock: Clock
  readonly random: Random
  readonly runner: TaskRunner
}

type Arguments = Readonly<Record<string, unknown>>

/** What became of handing a task over. */
interface Handed {
  readonly id: string
  readonly taken: Taken | Rejected
}

export function taskResolvers(definitions: readonly TaskDefinition[], setting: TaskFieldSetting): Resolvers {
  const latest = new Map<string, TaskDefinition>()
  for (const definition of definitions) {
    const before = latest.get(definition.name)
    if (before === undefined || before.version < definition.version) latest.set(definition.name, definition)
  }
  const fields = new TaskFields(latest, setting)
  return { Mutation: Object.fromEntries([...latest.keys()].map(name => [name, fields.resolver(name)])) }
}

class TaskFields {
  readonly #definitions: ReadonlyMap<string, TaskDefinition>
  readonly #setting: TaskFieldSetting

  constructor(definitions: ReadonlyMap<string, TaskDefinition>, setting: TaskFieldSetting) {
    this.#definitions = definitions
    this.#setting = setting
  }

  resolver(name: string): FieldResolver {
    return async (_, args, context, info) => {
      const { document, viewer } = context
      const key = String(info.path.key)
      if (!document.handedOver.has(key)) this.#handOver(key, name, args, context, info)
      try {
        const { id, taken } = await (document.handedOver.get(key) as Promise<Handed>)
        if ('kind' in taken) {
          const now = new Date(this.#setting.clock.now()).toISOString()
          return { task: refusedRecord(id, name, viewer.user, taken, now) }
        }
        await this.#setting.runner.settled(taken.task, document.timeLeftMs())
        return await payload(taken, this.#setting, context, info)
      } catch (error) {
        throw document.told(error)
      }
    }
  }

  /** This field's task and, if it is plain, the plain ones right after it, in their order. */
  #handOver(
    key: string,
    name: string,
    args: Arguments,
    { document, viewer }: GatewayContext,
    info: GraphQLResolveInfo,
  ) {
    const definition = this.#definitions.get(name) as TaskDefinition
    document.handedOver.set(key, this.#submit(viewer, definition, args, info.parentType, document))
    if (definition.kind !== 'plain') return
    for (const field of followers(info, key)) {
      const next = this.#definitions.get(field.name.value)
      const its = argumentsOf(field, info)
      if (next?.kind !== 'plain' || its === undefined) return
      const handed = this.#submit(viewer, next, its, info.parentType, document)
      document.handedOver.set(field.alias?.value ?? field.name.value, handed)
      // Its own resolver awaits it in its turn; until then a failure must not end the process.
      handed.catch(() => undefined)
    }
  }

  /** Asynchronous only from the store on, so that tasks are queued there in the order of the calls. */
  async #submit(
    viewer: Viewer,
    definition: TaskDefinition,
    { [TASK_ARGUMENT]: input, ...args }: Arguments,
    mutation: GraphQLObjectType,
    document: DocumentRun,
  ): Promise<Handed> {
    const identity = checkIdentity(input as TaskInput | null | undefined, this.#setting.random)
    const declared = mutation.getFields()[definition.name]?.args ?? []
    const submission: Submission = {
      viewer,
      definition,
      args,
      inputHash: inputHash(definition.name, args, declared),
      ...identity,
    }
    return { id: identity.id, taken: await this.#setting.runner.submit(submission, document) }
  }
}

/** Root fields after the one of this key, as long as the document is a plain list of fields with keys of their own. */
function followers({ operation, fieldNodes }: GraphQLResolveInfo, key: string): readonly FieldNode[] {
  const { selections } = operation.selectionSet
  const keys = new Set<string>()
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD || (selection.directives?.length ?? 0) > 0) return []
    keys.add(selection.alias?.value ?? selection.name.value)
  }
  if (keys.size !== selections.length || fieldNodes.length !== 1) return []
  return (selections as readonly FieldNode[]).slice([...keys].indexOf(key) + 1)
}

/** Undefined for what does not fit its type: graphql says so when its turn comes. */
function argumentsOf(field: FieldNode, { parentType, variableValues }: GraphQLResolveInfo): Arguments | undefined {
  const declared = parentType.getFields()[field.name.value]
  if (declared === undefined) return undefined
  try {
    return getArgumentValues(declared, field, variableValues)
  } catch (error) {
    if (error instanceof GraphQLError) return undefined
    throw error
  }
}

/** The task as it stands now, and the records of its payload as the viewer may read them. */
async function payload(
  { task: taken, fresh }: Taken,
  { store, presenter, supervisorRole }: TaskFieldSetting,
  { records, viewer }: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<Record<string, unknown>> {
  const { partition, user, id } = taken
  const taskOf = async (whose: string, task: string): Promise<unknown> => {
    if (whose !== viewer.user && !hasRole(viewer, supervisorRole)) return null
    const found = await store.view.record(partition, TASK_TYPE, taskKey({ user: whose, id: task }))
    return found === undefined || found.deleted ? null : presenter.present(viewer, found.entity)
  }
  // What was settled as it was taken is shown as it was then.
  const settled = fresh !== undefined && taken.state === 'finished' ? fresh : undefined
  const task = settled === undefined ? await store.view.task({ partition, user, id }) : taken
  const show = async (entry: PayloadEntry | null | undefined): Promise<unknown> => {
    if (entry == null) return null
    if ('value' in entry) return entry.value
    if (entry.type === TASK_TYPE) return taskOf(entry.user ?? user, entry.id)
    const shown = settled?.shown.get(`${entry.type}:${entry.id}`)
    return shown === undefined ? ((await records.find(entry.type, entry.id)) ?? null) : presenter.present(viewer, shown)
  }
  const type = getNamedType(info.returnType)
  const fields = isObjectType(type) ? Object.values(type.getFields()).filter(({ name }) => name !== 'task') : []
  const found = fields.map(field => {
    const { name } = getNamedType(field.type)
    return [field.name, () => show(task && entryFor(task, field.name, name))]
  })
  const own = settled === undefined ? taskOf(user, id) : presenter.present(viewer, settled.record)
  return { ...Object.fromEntries(found), task: await own }
}

/** With CONFLICT the payload shows the record as it is now on the server. */
function entryFor(task: StoredTask, field: string, type: string): PayloadEntry | null {
  const named = task.payload[field]
  if (named != null) return named
  return task.contested?.type === type ? task.contested : null
}

interface TaskInput {
  readonly id: string
  readonly client?: string | null
  readonly sequence?: number | null
  readonly after?: readonly string[] | null
  readonly token?: string | null
}

function checkIdentity(
  input: TaskInput | null | undefined,
  random: Random,
): Pick<Submission, 'id' | 'client' | 'sequence' | 'after' | 'token'> {
  if (input == null) return { id: random.uuid(), client: null, sequence: null, after: [], token: null }
  const wrong = (field: string, what: string): Error =>
    refuse(ERROR_CODES.BAD_USER_INPUT, `${field} ${what}`, { field })
  if (!isClientId(input.id)) throw wrong('task.id', 'must be 1 to 128 letters, digits or "._~-"; a UUID is best.')
  if (input.client != null && !isClientId(input.client))
    throw wrong('task.client', 'must be 1 to 128 letters, digits or "._~-".')
  if (input.sequence != null && input.sequence < 0) throw wrong('task.sequence', 'must not be negative.')
  const after = [...new Set(input.after ?? [])]
  if (after.length > MAX_PAGE || !after.every(isClientId)) throw wrong('task.after', 'must be ids of tasks.')
  if (after.includes(input.id)) throw wrong('task.after', 'names the task itself, which would wait for ever.')
  if (input.token != null && !isClientId(input.token)) throw wrong('task.token', 'must be what checkOut answered.')
  return {
    id: input.id,
    client: input.client ?? null,
    sequence: input.sequence ?? null,
    after,
    token: input.token ?? null,
  }
}
