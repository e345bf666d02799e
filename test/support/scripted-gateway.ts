/**
 * A small gateway on a real socket whose misbehaviour a test writes: the protocol, notes as its domain, exactly once by task
 * id, and faults that hit chosen requests. It shares no code with the real one.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { buildSchema, type DocumentNode, execute, GraphQLError, type GraphQLSchema, parse, validate } from 'graphql'

const PROTOCOL = readFileSync(fileURLToPath(new URL('../../protocol/gateway.graphql', import.meta.url)), 'utf8')
const DOMAIN = `
  extend type Query { note(id: ID!): Note  notes(done: Boolean): [Note!]!  noteList(first: Int, after: String): NoteConnection! }
  extend type Mutation {
    createNote(task: TaskInput, input: CreateNoteInput!): NotePayload
    addNote(task: TaskInput, input: AddNoteInput!): NotePayload
    updateNote(task: TaskInput, id: ID!, baseVersion: Int!, patch: NotePatch!): NotePayload
    deleteNote(task: TaskInput, id: ID!, baseVersion: Int!): NotePayload
    printNote(task: TaskInput, id: ID!): NotePayload
    countCalls: Int
  }
  type Note implements Entity { id: ID!  version: Int!  updatedAt: DateTime!  updatedBy: ID
    title: String!  body: String  count: Int  done: Boolean  parentId: ID }
  type NoteConnection { nodes: [Note!]!  endCursor: String  hasMore: Boolean! }
  input CreateNoteInput { id: ID!  title: String!  body: String  count: Int  done: Boolean  parentId: ID }
  input AddNoteInput { title: String!  body: String  parentId: ID  links: [NoteLink!] }
  input NoteLink { to: ID! }
  input NotePatch { title: String  body: String  count: Int  done: Boolean }
  type NotePayload implements TaskPayload { task: Task!  note: Note }
`

export interface NoteInput {
  id: string
  title: string
  body?: string | null
  count?: number | null
  done?: boolean | null
  parentId?: string | null
}
export interface Note extends NoteInput {
  version: number
  updatedAt: string
  updatedBy: string
}
interface TaskArgument {
  id: string
  client?: string
  sequence?: number
  after?: string[]
}
interface StoredTask extends Record<string, unknown> {
  id: string
  name: string
  status: string
  noteId: string | undefined
}
type Arguments = Record<string, unknown> & { task: TaskArgument }

type Body = LoggedRequest['body'] & {
  operationName?: string
  extensions?: { layover?: { follows?: string | null } }
}
interface Result {
  data?: unknown
  errors?: readonly unknown[]
  extensions?: unknown
}

/** What a request meets. 'refuse' is answered as GraphQL; the others happen to the connection. */
export type Fault =
  | { kind: 'cut-before' | 'cut-after' | 'truncate' | 'hang' | 'captive-portal' | 'gone-html' }
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  | { kind: 'refuse'; code?: string }
  /** Read only when the promise is kept, or answered only then. */
  | { kind: 'late-request' | 'late-answer'; until: Promise<unknown> }

export interface LoggedRequest {
  operation: string
  /** Root fields of a mutation, in order. */
  tasks: { field: string; task: TaskArgument; variables: Record<string, unknown> }[]
  body: { query: string; variables: Record<string, unknown> }
  authorization: string | undefined
  /** As `extensions.layover` says it. */
  follows: string | null | undefined
}

export class ScriptedGateway {
  readonly requests: LoggedRequest[] = []
  /** Ids of tasks in the order in which they were applied; twice the same is a bug of somebody. */
  readonly applied: string[] = []
  readonly notes = new Map<string, Note>()
  readonly tasks = new Map<string, StoredTask>()
  /** Called before a task is run; throw a GraphQLError, or return a rejection. */
  onTask: (field: string, args: Arguments) => { code: string; message: string; suggestions?: unknown[] } | undefined =
    () => undefined
  /** Fields whose tasks are only accepted until `finish` is called. */
  readonly slow = new Set<string>()
  maxTasks = 100
  /** An older gateway neither holds a document back nor repeats what it follows. */
  keepsOrder = true
  /** Milliseconds that a document waits for the one before it. */
  waitMs = 200
  calls = 0
  /** Before a request is looked at, and before it is answered; while it lasts, the request is held. */
  onRequest: (request: LoggedRequest) => Promise<void> | undefined = () => undefined
  onAnswer: (request: LoggedRequest) => Promise<void> | undefined = () => undefined
  /** Answers what is not GraphQL: a page of the same origin. */
  page: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  /** Documents that were found valid, by text: equal queues give equal text. */
  readonly #documents = new Map<string, DocumentNode>()
  /** Documents of tasks that were under way together, at most. */
  mostAtOnce = 0
  #atOnce = 0
  readonly #schema: GraphQLSchema = buildSchema(PROTOCOL.concat(DOMAIN))
  readonly #faults: { fault: Fault; matches: (request: LoggedRequest) => boolean }[] = []
  readonly #history = new Map<string, Note>()
  readonly #changes = new Map<string, { number: number; type: string; id: string; gone: boolean }>()
  readonly #sockets = new Set<Socket>()
  #taken: (() => void)[] = []
  #server: Server | undefined
  #number = 0
  #epoch = 0
  #port = 0

  async start(): Promise<this> {
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>(resolve => this.#server?.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** Connections are refused from now on; `start` takes the same port again. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>(resolve => (this.#server ? this.#server.close(() => resolve()) : resolve()))
    this.#server = undefined
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/graphql`
  }

  /** The next request that matches meets this. */
  fault(fault: Fault, matches: (request: LoggedRequest) => boolean = () => true): void {
    this.#faults.push({ fault, matches })
  }

  get faultsLeft(): number {
    return this.#faults.length
  }

  /** Requests that carried tasks. */
  get documents(): LoggedRequest[] {
    return this.requests.filter(request => request.tasks.length > 0)
  }

  /** Somebody else's write. */
  write(note: NoteInput): Note {
    const stored = {
      ...note,
      version: (this.notes.get(note.id)?.version ?? 0) + 1,
      updatedAt: AT,
      updatedBy: 'other',
    }
    this.#keep(stored)
    return stored
  }

  remove(id: string): void {
    this.notes.delete(id)
    this.#touch('Note', id, true)
  }

  /** Settles a task that was only accepted. */
  finish(id: string, status: 'CONFIRMED' | 'REJECTED' = 'CONFIRMED'): void {
    const known = this.tasks.get(id)!
    Object.assign(known, { status, version: 2 })
    if (status === 'REJECTED') known['rejection'] = { code: 'SOLD_OUT', message: 'sold out', suggestions: [] }
    this.#touch('Task', id, false)
  }

  /** As if the tombstone, too, were past the horizon. */
  forget(type: string, id: string): void {
    this.#changes.delete(`${type}:${id}`)
  }

  /** Every cursor given so far is too old. */
  expireCursors(): void {
    this.#epoch += 1
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.page && request.method === 'GET') return this.page(request, response)
    let text = ''
    for await (const chunk of request) text += chunk
    const body = JSON.parse(text) as Body
    const logged: LoggedRequest = {
      operation: body.operationName ?? '',
      tasks: [],
      body,
      authorization: request.headers.authorization,
      follows: body.extensions?.layover?.follows,
    }
    for (const [, index, field] of body.query.matchAll(/^ {2}m(\d+): (\w+)/gm)) {
      const prefix = `m${index}_`
      const variables = Object.fromEntries(
        Object.entries(body.variables)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, value]) => [name.slice(prefix.length), value]),
      )
      logged.tasks.push({ field: field!, task: variables['task'] as TaskArgument, variables })
    }
    this.requests.push(logged)
    if (logged.tasks.length > 0) {
      this.#atOnce += 1
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce)
      response.on('close', () => {
        this.#atOnce -= 1
      })
    }
    const position = this.#faults.findIndex(({ matches }) => matches(logged))
    const fault = position === -1 ? undefined : this.#faults.splice(position, 1)[0]?.fault
    await this.onRequest(logged)
    if (fault) return this.#misbehave(fault, body, response)
    const result = await this.#runInOrder(body)
    await this.onAnswer(logged)
    this.#answer(response, result)
  }

  /** As protocol/README.md says of `follows`. */
  async #runInOrder(body: Body): Promise<Result> {
    const follows = body.extensions?.layover?.follows
    if (!this.keepsOrder || follows === undefined) return this.#run(body)
    const extensions = { layover: { follows } }
    if (follows !== null && !(await this.#isTaken(follows))) {
      return { errors: [{ message: 'too early', extensions: { code: 'PREDECESSOR_MISSING' } }], extensions }
    }
    return { ...this.#run(body), extensions }
  }

  #isTaken(id: string): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(this.tasks.has(id)), this.waitMs)
      const look = (): void => {
        if (!this.tasks.has(id)) return void this.#taken.push(look)
        clearTimeout(timer)
        resolve(true)
      }
      look()
    })
  }

  async #misbehave(fault: Fault, body: Body, response: ServerResponse): Promise<void> {
    switch (fault.kind) {
      case 'cut-before':
        response.socket?.destroy()
        return
      case 'cut-after':
        await this.#runInOrder(body)
        response.socket?.destroy()
        return
      case 'truncate': {
        const text = JSON.stringify(await this.#runInOrder(body))
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
        response.write(text.slice(0, text.length / 2), () => response.socket?.destroy())
        return
      }
      case 'hang':
        return
      case 'late-request':
        await fault.until
        this.#answer(response, await this.#runInOrder(body))
        return
      case 'late-answer': {
        const result = await this.#runInOrder(body)
        await fault.until
        this.#answer(response, result)
        return
      }
      case 'captive-portal':
        response
          .writeHead(200, { 'content-type': 'text/html' })
          .end('<html>Please sign in to the hotel Wi-Fi. 401</html>')
        return
      case 'gone-html':
        response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad gateway 401 403 422</html>')
        return
      case 'status':
        response.writeHead(fault.status, fault.headers).end('{"message":"not now"}')
        return
      case 'refuse':
        this.#answer(response, {
          errors: [{ message: 'refused, booking 401', ...(fault.code ? { extensions: { code: fault.code } } : {}) }],
        })
        return
      default:
        fault satisfies never
    }
  }

  #answer(response: ServerResponse, result: object): void {
    const isEarly = 'errors' in result && JSON.stringify(result.errors).includes('PREDECESSOR_MISSING')
    const status = 'data' in result ? 200 : isEarly ? 425 : 400
    response.writeHead(status, { 'content-type': 'application/graphql-response+json' }).end(JSON.stringify(result))
  }

  #run({ query, variables }: Body): Result {
    const document = this.#documents.get(query) ?? parse(query)
    const errors = this.#documents.has(query) ? [] : validate(this.#schema, document)
    if (errors.length > 0) {
      return {
        errors: errors.map(error => ({ message: error.message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })),
      }
    }
    this.#documents.set(query, document)
    const aliases = query.match(/^ {2}m\d+: /gm) ?? []
    if (aliases.length > this.maxTasks) {
      return { errors: [{ message: 'too many', extensions: { code: 'TOO_MANY_TASKS' } }] }
    }
    const result = execute({
      schema: this.#schema,
      document,
      variableValues: variables,
      rootValue: this.#root(),
      typeResolver: typeOf,
    })
    if (result instanceof Promise) throw new Error('the resolvers are synchronous')
    const coercion = result.data === undefined
    return {
      ...(coercion ? {} : { data: result.data }),
      ...(result.errors
        ? {
            errors: result.errors.map(error => ({
              ...error.toJSON(),
              extensions: { code: coercion ? 'BAD_USER_INPUT' : (error.extensions['code'] ?? 'INTERNAL_SERVER_ERROR') },
            })),
          }
        : {}),
    }
  }

  #root(): object {
    return {
      note: ({ id }: { id: string }) => this.notes.get(id) ?? null,
      notes: () => [...this.notes.values()],
      noteList: () => ({ nodes: [...this.notes.values()], endCursor: null, hasMore: false }),
      task: ({ id }: { id: string }) => this.tasks.get(id) ?? null,
      changes: (args: PageArguments) => this.#page(args),
      countCalls: () => {
        this.calls += 1
        return this.calls
      },
      createNote: (args: Arguments) => this.#once('createNote', args, () => this.#create(args)),
      addNote: (args: Arguments) => this.#once('addNote', args, () => this.#add(args)),
      updateNote: (args: Arguments) => this.#once('updateNote', args, task => this.#update(args, task)),
      deleteNote: (args: Arguments) =>
        this.#once('deleteNote', args, () => {
          this.remove(String(args['id']))
          return undefined
        }),
      printNote: (args: Arguments) => this.#once('printNote', args, () => String(args['id'])),
      resolveConflict: (args: Arguments) => this.#resolve(args),
    }
  }

  #once(field: string, args: Arguments, apply: (task: StoredTask) => string | undefined): object {
    const { task } = args
    const known = this.tasks.get(task.id)
    if (known) return this.#payload(known)
    const refusal = this.onTask(field, args)
    const stored: StoredTask = {
      ...{ __typename: 'Task', version: 1, updatedAt: AT, updatedBy: 'me', progress: 1, steps: [], reconciliation: [] },
      id: task.id,
      name: field,
      status: 'CONFIRMED',
      noteId: undefined,
    }
    this.tasks.set(task.id, stored)
    for (const look of this.#taken.splice(0)) queueMicrotask(look)
    const failed = (task.after ?? []).find(id => this.tasks.get(id)?.status !== 'CONFIRMED')
    if (refusal || failed) {
      stored.status = 'REJECTED'
      stored['rejection'] = refusal
        ? { suggestions: [], ...refusal }
        : { code: 'DEPENDENCY_FAILED', message: 'what it builds on failed', suggestions: [], failedTask: failed }
    } else {
      this.applied.push(task.id)
      if (this.slow.has(field)) stored.status = 'ACCEPTED'
      stored.noteId = apply(stored)
    }
    this.#touch('Task', task.id, false)
    return this.#payload(stored)
  }

  #payload(task: StoredTask): object {
    return { task, note: task.noteId === undefined ? null : (this.notes.get(task.noteId) ?? null) }
  }

  #create(args: Arguments): string {
    const input = args['input'] as NoteInput
    this.#keep({ ...input, version: 1, updatedAt: AT, updatedBy: 'me' })
    return input.id
  }

  /** Under an id of the gateway's own. */
  #add(args: Arguments): string {
    const id = `s${this.notes.size + 1}`
    this.#keep({ ...(args['input'] as NoteInput), id, version: 1, updatedAt: AT, updatedBy: 'me' })
    return id
  }

  #update(args: Arguments, task: StoredTask): string {
    const { id, baseVersion, patch } = args as Arguments & {
      id: string
      baseVersion: number
      patch: Record<string, unknown>
    }
    const note = this.notes.get(id)
    if (!note) {
      Object.assign(task, {
        status: 'REJECTED',
        rejection: { code: 'NOT_FOUND', message: 'no such note', suggestions: [] },
      })
      return id
    }
    const base = this.#history.get(`${id}@${baseVersion}`) ?? note
    const fields = Object.keys(patch).filter(
      name =>
        valueAt(note, name) !== valueAt(base, name) && valueAt(note, name) !== patch[name] && note.updatedBy !== 'me',
    )
    if (fields.length > 0) {
      Object.assign(task, { status: 'CONFLICT', conflict: this.#conflict(note, base, fields, patch) })
      return id
    }
    this.#keep({ ...note, ...patch, version: note.version + 1, updatedBy: 'me' })
    return id
  }

  #conflict(note: Note, base: Note, fields: string[], mine: unknown): object {
    return {
      type: 'Note',
      id: note.id,
      fields,
      base,
      mine,
      theirs: note,
      theirsVersion: note.version,
      theirsBy: 'other',
      theirsAt: AT,
    }
  }

  #resolve(args: Arguments): object {
    const { conflictOf, decision, values } = args as Arguments & {
      conflictOf: string
      decision: string
      values?: object
    }
    const known = this.tasks.get(args.task.id)
    const about = this.tasks.get(conflictOf)!
    if (known) return { task: known, resolved: about }
    if (decision === 'ESCALATE') {
      throw new GraphQLError('Nobody can be asked yet.', { extensions: { code: 'NOT_IMPLEMENTED' } })
    }
    const stored: StoredTask = {
      ...{ __typename: 'Task', version: 1, updatedAt: AT, updatedBy: 'me', progress: 1, steps: [], reconciliation: [] },
      id: args.task.id,
      name: 'resolveConflict',
      status: 'CONFIRMED',
      noteId: undefined,
    }
    this.tasks.set(stored.id, stored)
    const conflict = about['conflict'] as {
      id: string
      mine: object
      fields: string[]
      base: Note
      theirsVersion: number
    }
    const note = this.notes.get(conflict.id)!
    if (note.version !== conflict.theirsVersion) {
      about['conflict'] = this.#conflict(note, conflict.base, conflict.fields, conflict.mine)
      Object.assign(stored, {
        status: 'REJECTED',
        rejection: { code: 'CONFLICT_CHANGED', message: 'changed again', suggestions: [] },
      })
      return { task: stored, resolved: about }
    }
    this.applied.push(stored.id)
    about.status = decision === 'TAKE_THEIRS' ? 'CANCELLED' : 'CONFIRMED'
    if (decision !== 'TAKE_THEIRS')
      this.#keep({ ...note, ...conflict.mine, ...values, version: note.version + 1, updatedBy: 'me' })
    this.#touch('Task', about.id, false)
    return { task: stored, resolved: about }
  }

  #keep(note: Note): void {
    this.notes.set(note.id, note)
    this.#history.set(`${note.id}@${note.version}`, note)
    this.#touch('Note', note.id, false)
  }

  #touch(type: string, id: string, gone: boolean): void {
    this.#number += 1
    this.#changes.set(`${type}:${id}`, { number: this.#number, type, id, gone })
  }

  /** Its scopes are type and fields of a note that have to be equal. A cursor is bound to them. */
  #page({ since, scopes, first }: PageArguments): object {
    const binding = JSON.stringify(scopes ?? null)
    const [epoch, number, bound] = (since ?? `${this.#epoch}|0|${binding}`).split('|')
    const reset = Number(epoch) !== this.#epoch || bound !== binding
    const from = reset ? 0 : Number(number ?? 0)
    const isIn = ({ type, id }: { type: string; id: string }): boolean =>
      !scopes ||
      scopes.some(
        ({ type: wanted, where }) =>
          wanted === type &&
          Object.entries(where ?? {}).every(([field, value]) => valueAt(this.notes.get(id)!, field) === value),
      )
    const types = scopes && new Set(scopes.map(scope => scope.type))
    const wanted = [...this.#changes.values()]
      .filter(change => change.number > from && (!types || types.has(change.type)))
      .filter(change => from > 0 || (!change.gone && isIn(change)) || !scopes)
      .sort((a, b) => a.number - b.number)
    const page = wanted.slice(0, first)
    const isGone = (change: { type: string; id: string; gone: boolean }): boolean => change.gone || !isIn(change)
    return {
      changed: page
        .filter(change => !isGone(change))
        .map(({ type, id }) => (type === 'Task' ? this.tasks.get(id) : this.notes.get(id))),
      removed: page
        .filter(isGone)
        .map(({ type, id, gone }) => ({ type, id, reason: gone ? 'DELETED' : 'OUT_OF_SCOPE' })),
      cursor: `${this.#epoch}|${wanted.length > first ? page.at(-1)?.number : this.#number}|${binding}`,
      hasMore: wanted.length > first,
      reset,
    }
  }
}

interface PageArguments {
  since?: string
  scopes?: { type: string; where?: Record<string, unknown> }[]
  first: number
}

const valueAt = (note: Note, field: string): unknown => (note as unknown as Record<string, unknown>)[field]
const AT = '2026-11-20T00:00:00.000Z'
const typeOf = (value: unknown): string => ((value as { __typename?: string }).__typename === 'Task' ? 'Task' : 'Note')
