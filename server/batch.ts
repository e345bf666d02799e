/** One document of many tasks: how many it may hold, how long it may wait in all, and where it stops. Twin of client/batch.ts. */
import { GraphQLError } from 'graphql'
import {
  type Clock,
  ERROR_CODES,
  EXTENSION_KEY,
  FOLLOWS_KEY,
  isClientId,
  MAX_TASKS_PER_DOCUMENT,
  VIEWER_KEY,
} from '../protocol/index.ts'
import { refuse } from './errors.ts'
import type { Viewer } from './viewer.ts'

/**
 * The state that the tasks of one document share. They run one after the other; the waiting time is theirs together, so that
 * a hundred slow tasks are answered as soon as one.
 */
export class DocumentRun {
  readonly #clock: Clock
  readonly #deadline: number
  #isStopped = false
  #isFailureTold = false
  /** What the document turned out to be; undefined until it was let in. */
  admitted: { readonly operation: string | undefined; readonly tasks: number } | undefined
  /** What was handed to the store before its field's turn, by response key. */
  readonly handedOver = new Map<string, Promise<unknown>>()

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock
    this.#deadline = clock.now() + waitMs
  }

  /** Milliseconds left of the document's waiting time. */
  timeLeftMs(): number {
    return Math.max(0, this.#deadline - this.#clock.now())
  }

  /**
   * Runs one task's work unless one before it could not even be taken: what follows must not overtake it. A wrong argument
   * (a GraphQLError) stops nobody. Throws NOT_ATTEMPTED.
   */
  async attempt<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#isStopped) throw notAttempted()
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof GraphQLError)) this.#isStopped = true
      throw error
    }
  }

  /** What a field says of a failure: the first says what it was, those after it that they were not tried. */
  told(error: unknown): unknown {
    if (error instanceof GraphQLError) return error
    if (this.#isFailureTold) return notAttempted()
    this.#isFailureTold = true
    return error
  }
}

const notAttempted = (): Error =>
  refuse(
    ERROR_CODES.NOT_ATTEMPTED,
    'A task before this one in the document could not be taken, so this one was not tried. Send it again.',
  )

/** Throws TOO_MANY_TASKS for more tasks than a document may hold. Nothing of it is run. */
export function checkTaskCount(count: number): void {
  if (count > MAX_TASKS_PER_DOCUMENT) {
    throw refuse(
      ERROR_CODES.TOO_MANY_TASKS,
      `This document holds ${count} tasks; one may hold ${MAX_TASKS_PER_DOCUMENT}. Nothing of it was run: send it in parts.`,
    )
  }
}

/**
 * The task that must have been taken before this document, by `extensions.layover.follows`: a client with several documents
 * under way keeps its order by it. Throws BAD_USER_INPUT for what is no task id.
 */
export function predecessorOf(extensions: unknown): string | undefined {
  const ours = fieldOf(extensions, EXTENSION_KEY)
  const follows = fieldOf(ours, FOLLOWS_KEY)
  if (follows == null) return undefined
  if (isClientId(follows)) return follows
  const field = `extensions.${EXTENSION_KEY}.${FOLLOWS_KEY}`
  throw refuse(ERROR_CODES.BAD_USER_INPUT, `${field} must be the id of a task.`, { field })
}

/**
 * What an answer repeats of the request's `extensions`: by it a client learns that this gateway reads `follows`, and that
 * nothing on the way drops it; and whose token came with it, if the client wants to know. Undefined when the request said
 * neither, with a value or with null.
 * @param viewer undefined: nobody was recognised
 */
export function heardOf(extensions: unknown, viewer: Viewer | undefined): { [EXTENSION_KEY]: object } | undefined {
  const ours = fieldOf(extensions, EXTENSION_KEY)
  const follows = fieldOf(ours, FOLLOWS_KEY)
  const heard = {
    ...(follows === null || isClientId(follows) ? { [FOLLOWS_KEY]: follows } : {}),
    ...(viewer && fieldOf(ours, VIEWER_KEY) !== undefined ? { [VIEWER_KEY]: nameOf(viewer) } : {}),
  }
  return Object.keys(heard).length === 0 ? undefined : { [EXTENSION_KEY]: heard }
}

/** Throws UNAUTHENTICATED for a document from a device of somebody else's: one user's outbox never leaves in another's name. */
export function checkViewer(extensions: unknown, viewer: Viewer): void {
  const wanted = fieldOf(fieldOf(extensions, EXTENSION_KEY), VIEWER_KEY)
  if (wanted == null || wanted === nameOf(viewer)) return
  throw refuse(
    ERROR_CODES.UNAUTHENTICATED,
    'This device keeps the tasks and records of another user. Nothing was run: sign in as that user.',
    { field: `extensions.${EXTENSION_KEY}.${VIEWER_KEY}` },
  )
}

const nameOf = ({ tenant, user }: Viewer): string => JSON.stringify([tenant, user])

export const predecessorMissing = (id: string): Error =>
  refuse(
    ERROR_CODES.PREDECESSOR_MISSING,
    `This document follows the task ${id}, which has not come yet. Nothing of it was run: send it again after that one.`,
    { field: `extensions.${EXTENSION_KEY}.${FOLLOWS_KEY}` },
  )

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
