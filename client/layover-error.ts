/**
 * What went wrong on this side of the wire, by code. A task's own verdicts (rejected, conflict, parked) are values, not
 * errors; GraphQL and network errors keep Apollo's classes.
 */
export const LAYOVER_ERROR_CODES = [
  /** `purge` or `signOut` would leave or lose tasks that wait. */
  'PENDING_TASKS',
  /** No task of that name is registered. */
  'UNKNOWN_TASK',
  /** The outbox holds no entry, and the conflict list no conflict, with that id. */
  'UNKNOWN_ENTRY',
  /** The entry is not in a status in which this can be done. */
  'NOT_POSSIBLE',
  /** The document cannot be registered as a task. */
  'DOCUMENT_NOT_A_TASK',
  /** An option of `createOfflineClient` is out of its range. */
  'BAD_OPTION',
  /** Variables that JSON cannot carry. */
  'BAD_VARIABLES',
  /** The outbox holds as much as `limits` allow; nothing was queued. */
  'OUTBOX_FULL',
  /** What was handed to `import` is not an exported outbox. */
  'BAD_EXPORT',
  /** The device did not store or give back what it was asked to; see `cause`. */
  'STORAGE_FAILED',
  /** `encryptionKey` is not the one with which the device stored its data, or no AES-GCM key; see `cause`. */
  'WRONG_KEY',
  /** Another tab writes for this user now. Never reaches the application. */
  'FENCED',
  /** The application's own `update` or `optimistic` threw; see `cause`. */
  'UPDATE_FAILED',
  /** The gateway did not answer. */
  'UNREACHABLE',
  /** The application asked for offline mode. */
  'OFFLINE',
  /** The gateway wants somebody to sign in first. */
  'UNAUTHENTICATED',
  /** The outbox is paused. */
  'PAUSED',
  /** The client was closed. */
  'CLOSED',
  /** The gateway refused a decision or a request. */
  'REFUSED',
  /** The record changed again before the decision about its conflict arrived. */
  'CONFLICT_CHANGED',
  /** A hook of `layover/react` outside `OfflineProvider`. */
  'NO_PROVIDER',
  /** The gateway does not know this kind of decision. */
  'NOT_IMPLEMENTED',
] as const

export type LayoverErrorCode = (typeof LAYOVER_ERROR_CODES)[number]

export class LayoverError extends Error {
  override readonly name = 'LayoverError'
  readonly code: LayoverErrorCode
  /** With UNREACHABLE: milliseconds that the gateway asked to wait. */
  readonly retryAfterMs: number | undefined

  constructor(code: LayoverErrorCode, message: string, cause?: unknown, retryAfterMs?: number) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
