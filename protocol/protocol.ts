/** Everything on the wire that is not in gateway.graphql. The prose is in README.md beside this file. */

/**
 * History, one line a version:
 * 1 - first: one document of aliased task fields, `changes`, `changesAvailable`. Optional on both sides: `follows` and `viewer`, and answers that repeat them.
 */
export const PROTOCOL_VERSION = 1

/** Key under GraphQL `extensions`, in requests and answers. */
export const EXTENSION_KEY = 'layover'

/** In a request's `extensions.layover`: the task id that must have been taken before anything of this document runs; null: none. An answer repeats it. */
export const FOLLOWS_KEY = 'follows'

/**
 * In `extensions.layover`: whose device asks, as an earlier answer has told it; null where none has. The gateway refuses
 * (UNAUTHENTICATED) what comes with somebody else's token, and tells in its answer whose token it was.
 */
export const VIEWER_KEY = 'viewer'

/** Every task mutation takes this argument; documents declare it as a variable of the same name. */
export const TASK_ARGUMENT = 'task'
export const TASK_INPUT_TYPE = 'TaskInput'

/** Alias of the i-th task (from 0) in a replayed document. Fixed, so that equal queues give equal text and the parsed document is found in the gateway's cache. */
export const aliasOf = (index: number): string => `m${index}`

/** Variable of the i-th task. Values travel only in variables. */
export const variableOf = (index: number, name: string): string => `m${index}_${name}`

/** How many tasks one document may carry; the gateway refuses more. */
export const MAX_TASKS_PER_DOCUMENT = 100
/** How many the client sends unless told otherwise. */
export const DEFAULT_TASKS_PER_DOCUMENT = 50

/** Records a page of `changes` carries by default, and at most. */
export const DEFAULT_PAGE = 1000
export const MAX_PAGE = 5000

/** WebSocket: where the bearer token stands in `connection_init`. */
export const CONNECTION_TOKEN = 'authorization'

/** Ids that clients choose (of tasks and records): UUIDs are advised; 1 to 128 of these characters are taken. */
export const ID_PATTERN: RegExp = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/

export function isClientId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value)
}
