/**
 * A gateway in memory with the application's own types and tasks. It speaks the protocol of the real one (one contract suite
 * runs over both), so that an application's tests need no server: exactly once by task id, dependencies, three-way merges,
 * conflicts and decisions, `changes` in pages, pokes. Left out: check-outs, reviews, rights by role, steps.
 */
import {
  buildSchema,
  type DocumentNode,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  parse,
  validate,
} from 'graphql'
import { ERROR_CODES } from '../../protocol/errors.ts'
import { type Clock, type Random, systemClock, systemRandom } from '../../protocol/ports.ts'
import { isClientId, MAX_TASKS_PER_DOCUMENT } from '../../protocol/protocol.ts'
import { gatewaySdl } from './__generated__/gateway-sdl.ts'
import {
  followedBy,
  type GatewayRequest,
  type GatewayResponse,
  heardOf,
  isOfAnother,
  type SimulatedGateway,
} from './gateway-request.ts'
import { type ChangesArguments, MemoryChanges } from './memory-changes.ts'
import { keyOf, type MemoryRecord, MemoryRecords } from './memory-records.ts'
import { CONTESTED, type MemoryTask, MemoryTasks, type TakenTask, type TaskIdentity } from './memory-tasks.ts'
import type { PayloadEntry, TaskOutcome } from './task-outcome.ts'

export interface MemoryGatewayOptions {
  /** The application's SDL: types that implement Entity, payloads that implement TaskPayload, `extend type Mutation` and so on. */
  typeDefs: string
  /** By mutation field. A function made for `defineTask` of `layover/server` fits. */
  tasks: Readonly<Record<string, MemoryTask>>
  /** Other root fields, queries or mutations that are no tasks. */
  resolvers?: Readonly<Record<string, MemoryResolver>>
  /** Who asks; null: UNAUTHENTICATED. Default: the bearer token of `authorization` is the user's id. */
  user?: (headers: Readonly<Record<string, string>>) => string | null
  /** Default: everybody sees everything. Tasks are their user's alone. */
  mayRead?: (record: MemoryRecord, user: string) => boolean
  clock?: Clock
  random?: Random
  /** How long tombstones and earlier versions are kept; older cursors are answered with `reset`. Default: for ever. */
  keepForMs?: number
  /** How long a document waits for the one it follows; default 2,000. */
  taskWaitMs?: number
}

export type MemoryResolver = (
  // biome-ignore lint/suspicious/noExplicitAny: each field's arguments are the application's affair
  args: any,
  data: { user: string; find: MemoryGateway['find']; list: MemoryGateway['list'] },
) => unknown

/** Throws for a task without a mutation field that takes `task: TaskInput`. */
export function memoryGateway(options: MemoryGatewayOptions): MemoryGateway {
  return new MemoryGateway(options)
}

export class MemoryGateway implements SimulatedGateway {
  /** Mutation fields whose tasks are only ACCEPTED until `finish`. */
  readonly slow = new Set<string>()
  readonly #options: MemoryGatewayOptions
  readonly #clock: Clock
  readonly #random: Random
  readonly #schema: GraphQLSchema
  readonly #records: MemoryRecords
  readonly #tasks: MemoryTasks
  readonly #changes: MemoryChanges
  readonly #documents = new Map<string, DocumentNode | readonly GraphQLError[]>()
  readonly #pokes = new Set<() => void>()
  #turn: Promise<unknown> = Promise.resolve()
  #toldHead = 0

  constructor(options: MemoryGatewayOptions) {
    const {
      clock = systemClock,
      random = systemRandom,
      keepForMs = Number.POSITIVE_INFINITY,
      mayRead = () => true,
    } = options
    this.#options = options
    this.#clock = clock
    this.#random = random
    this.#schema = buildSchema(`${gatewaySdl}\n${options.typeDefs}`)
    this.#records = new MemoryRecords(clock, keepForMs)
    const fields = this.#schema.getMutationType()?.getFields() ?? {}
    for (const name of Object.keys(options.tasks)) {
      if (fields[name]?.args.some(({ name: argument }) => argument === 'task')) continue
      throw new Error(
        `memoryGateway: the task ${name} needs a field \`${name}(task: TaskInput, …)\` in \`extend type Mutation\` of typeDefs.`,
      )
    }
    const definitions = new Map(Object.entries(options.tasks))
    this.#tasks = new MemoryTasks({ records: this.#records, clock, definitions, slow: this.slow, mayRead, keepForMs })
    const entity = this.#schema.getType('Entity')
    const types = Object.values(this.#schema.getTypeMap()).filter(
      type => isObjectType(type) && type.getInterfaces().some(each => each === entity),
    )
    this.#changes = new MemoryChanges(this.#records, new Set(types.map(({ name }) => name)), mayRead)
  }

  /** Every task once, in the order in which they were taken. */
  get taken(): TakenTask[] {
    return this.#tasks.taken
  }

  /** Ids of tasks in the order in which their effect was written. */
  get applied(): string[] {
    return this.#tasks.applied
  }

  /** How many listen for pokes. */
  get listeners(): number {
    return this.#pokes.size
  }

  find(type: string, id: string): MemoryRecord | undefined {
    const row = this.#records.get(keyOf(type, id))
    return row && !row.deleted ? row.record : undefined
  }

  /** In order of id. */
  list(type: string): MemoryRecord[] {
    const found = [...this.#records.all()].filter(row => row.record.__typename === type && !row.deleted)
    return found.map(({ record }) => record).sort((left, right) => (left.id < right.id ? -1 : 1))
  }

  /** Somebody else's write. Fields that are left out stay as they are. */
  write(
    type: string,
    { id, ...fields }: { readonly id: string; readonly [field: string]: unknown },
    by = 'somebody',
  ): MemoryRecord {
    const before = this.#records.get(keyOf(type, id))
    const updatedAt = new Date(this.#clock.now()).toISOString()
    const kept = before && !before.deleted ? before.record : {}
    const record = {
      ...kept,
      ...fields,
      __typename: type,
      id,
      version: (before?.record.version ?? 0) + 1,
      updatedAt,
      updatedBy: by,
    }
    this.#records.put(keyOf(type, id), { record, deleted: false, writtenBy: { user: by, client: null } })
    this.#poke()
    return record
  }

  /** Somebody else's deletion. */
  remove(type: string, id: string, by = 'somebody'): void {
    const before = this.find(type, id)
    if (!before) return
    const record = {
      __typename: type,
      id,
      version: before.version + 1,
      updatedAt: new Date(this.#clock.now()).toISOString(),
      updatedBy: by,
    }
    this.#records.put(keyOf(type, id), { record, deleted: true, writtenBy: { user: by, client: null } })
    this.#poke()
  }

  /** Ends a task of a slow field: runs it, or gives it this outcome. Throws when none of that id is ACCEPTED. */
  async finish(id: string, outcome?: TaskOutcome): Promise<void> {
    await this.#tasks.finish(id, outcome)
    this.#poke()
  }

  /** Every cursor given so far is too old: the next pulls start anew. */
  expireCursors(): void {
    this.#changes.expireCursors()
  }

  subscribe(_headers: Readonly<Record<string, string>>, poke: () => void): () => void {
    const own = (): void => poke()
    this.#pokes.add(own)
    return () => void this.#pokes.delete(own)
  }

  async execute(request: GatewayRequest): Promise<GatewayResponse> {
    const user = (this.#options.user ?? bearer)(request.headers)
    if (user === null) return refused(401, ERROR_CODES.UNAUTHENTICATED, 'Sign in first.')
    const document = this.#document(request.query)
    if (!('kind' in document))
      return refused(400, 'GRAPHQL_VALIDATION_FAILED', document[0]?.message ?? 'The document is not valid.')
    if (request.tasks.length > MAX_TASKS_PER_DOCUMENT) {
      return refused(400, ERROR_CODES.TOO_MANY_TASKS, `A document may hold ${MAX_TASKS_PER_DOCUMENT} tasks.`)
    }
    if (isOfAnother(request, user))
      return refused(401, ERROR_CODES.UNAUTHENTICATED, 'This device is another user’s: sign in as that one.')
    const follows = followedBy(request)
    if (follows !== undefined && !(await this.#comes(user, follows))) {
      return refused(425, ERROR_CODES.PREDECESSOR_MISSING, `The task ${follows} has not come yet.`)
    }
    // One document after the other, as if each were a transaction.
    const answer = this.#turn.then(async () => {
      const { status, body } = await this.#run(document, request, user)
      return { status, body: { ...(body as object), ...heardOf(request, user) } }
    })
    this.#turn = answer.catch(() => undefined)
    return answer
  }

  async #run(
    document: DocumentNode,
    { variables, operationName }: GatewayRequest,
    user: string,
  ): Promise<GatewayResponse> {
    const { data, errors } = await execute({
      schema: this.#schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables,
      rootValue: this.#root(user),
      typeResolver: value => (value as MemoryRecord).__typename,
    })
    this.#poke()
    const isRun = data !== undefined
    const shown = errors?.map(error => ({
      ...error.toJSON(),
      extensions: { code: isRun ? ERROR_CODES.INTERNAL_SERVER_ERROR : ERROR_CODES.BAD_USER_INPUT, ...error.extensions },
    }))
    return { status: isRun ? 200 : 400, body: { ...(isRun ? { data } : {}), ...(shown ? { errors: shown } : {}) } }
  }

  #root(user: string): Record<string, unknown> {
    const document: DocumentState = { isStopped: false }
    const fields: Record<string, unknown> = {
      changes: (args: ChangesArguments) => this.#changes.page(user, args),
      task: ({ id }: { id: string }) => this.#tasks.record(user, id) ?? null,
      tasks: (args: TasksArguments) => this.#listTasks(user, args),
      cancelTask: ({ id }: { id: string }) => ({ __typename: 'TaskOnlyPayload', task: this.#tasks.withdraw(user, id) }),
    }
    for (const name of ['reviewConflict', 'checkOut', 'checkIn']) fields[name] = notServed
    for (const name of [...Object.keys(this.#options.tasks), 'resolveConflict']) {
      fields[name] = ({ task, ...args }: { task?: TaskIdentity | null }) => this.#take(user, name, task, args, document)
    }
    const data = { user, find: this.find.bind(this), list: this.list.bind(this) }
    for (const [name, resolve] of Object.entries(this.#options.resolvers ?? {}))
      fields[name] = (args: unknown) => resolve(args, data)
    return fields
  }

  async #take(
    user: string,
    name: string,
    task: TaskIdentity | null | undefined,
    args: Record<string, unknown>,
    document: DocumentState,
  ): Promise<object> {
    const identity = task ?? { id: this.#random.uuid() }
    if (!isClientId(identity.id))
      throw wrong(ERROR_CODES.BAD_USER_INPUT, 'task.id must be 1 to 128 letters, digits or "._~-".')
    if (document.isStopped)
      throw wrong(ERROR_CODES.NOT_ATTEMPTED, 'A task before this one in the document could not be taken.')
    try {
      const { record, payload } = await this.#tasks.take({ user, name, args, identity })
      return { ...this.#shown(user, name, payload), task: record }
    } catch (error) {
      document.isStopped ||= !(error instanceof GraphQLError)
      throw error
    }
  }

  /** Fields of the payload, read anew. */
  #shown(user: string, name: string, payload: Readonly<Record<string, PayloadEntry | null>>): Record<string, unknown> {
    const type = getNamedType(this.#schema.getMutationType()!.getFields()[name]!.type)
    const fields = isObjectType(type) ? Object.values(type.getFields()) : []
    const contested = payload[CONTESTED]
    const entries = fields.map(field => {
      const entry =
        payload[field.name] ??
        (contested && 'type' in contested && contested.type === getNamedType(field.type).name ? contested : null)
      return [field.name, entry === null ? null : this.#entry(user, entry)]
    })
    return { ...Object.fromEntries(entries), __typename: type.name }
  }

  #entry(user: string, entry: PayloadEntry): unknown {
    if ('value' in entry) return entry.value
    if (entry.type === 'Task') return this.#tasks.record(user, entry.id) ?? null
    const record = this.find(entry.type, entry.id)
    return record && (this.#options.mayRead?.(record, user) ?? true) ? record : null
  }

  #listTasks(user: string, { ids, status, first, after }: TasksArguments): object {
    const own = [...this.#records.all()].filter(row => row.owner === user && !row.deleted).map(({ record }) => record)
    const found = own
      .filter(({ id }) => (!ids || ids.includes(id)) && (after == null || id > after))
      .filter(record => !status || status.includes(String(record['status'])))
      .sort((left, right) => (left.id < right.id ? -1 : 1))
    const nodes = found.slice(0, first)
    return { nodes, endCursor: nodes.at(-1)?.id ?? null, hasMore: found.length > nodes.length }
  }

  /** False: not within `taskWaitMs`. */
  async #comes(user: string, id: string): Promise<boolean> {
    if (this.#tasks.wasTaken(user, id)) return true
    return new Promise(resolve => {
      const end = (came: boolean): void => {
        stop()
        withdraw()
        resolve(came)
      }
      const withdraw = this.#clock.after(this.#options.taskWaitMs ?? 2000, () => end(false))
      const stop = this.#tasks.onTaken(() => this.#tasks.wasTaken(user, id) && end(true))
    })
  }

  #document(text: string): DocumentNode | readonly GraphQLError[] {
    let known = this.#documents.get(text)
    if (!known) {
      known = this.#read(text)
      this.#documents.set(text, known)
      const [oldest] = this.#documents.keys()
      if (this.#documents.size > KEPT_DOCUMENTS && oldest !== undefined) this.#documents.delete(oldest)
    }
    return known
  }

  #read(text: string): DocumentNode | readonly GraphQLError[] {
    try {
      const document = parse(text, { noLocation: true })
      const errors = validate(this.#schema, document)
      return errors.length > 0 ? errors : document
    } catch (error) {
      if (error instanceof GraphQLError) return [error]
      throw error
    }
  }

  #poke(): void {
    if (this.#records.head === this.#toldHead) return
    this.#toldHead = this.#records.head
    for (const poke of [...this.#pokes]) poke()
  }
}

/** Parsed and validated. */
const KEPT_DOCUMENTS = 32

interface DocumentState {
  isStopped: boolean
}

interface TasksArguments {
  readonly ids?: readonly string[] | null
  readonly status?: readonly string[] | null
  readonly first: number
  readonly after?: string | null
}

const bearer = (headers: Readonly<Record<string, string>>): string | null =>
  /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? null

const wrong = (code: string, message: string): GraphQLError => new GraphQLError(message, { extensions: { code } })
const notServed = (): never => {
  throw wrong(ERROR_CODES.NOT_IMPLEMENTED, 'The memory gateway does not serve this field.')
}
const refused = (status: number, code: string, message: string): GatewayResponse => ({
  status,
  body: { errors: [{ message, extensions: { code } }] },
})
