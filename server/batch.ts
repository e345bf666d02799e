/** One document of many tasks: how many it may hold, how long it may wait in all, and where it stops. Twin of client/batch.ts. */
import { type Clock, ERROR_CODES, MAX_TASKS_PER_DOCUMENT } from '../protocol/index.ts'
import { refuse } from './errors.ts'

/**
 * The state that the tasks of one document share. They run one after the other; the waiting time is theirs together, so that
 * a hundred slow tasks are answered as soon as one.
 */
export interface DocumentRun {
  /** Milliseconds left of the document's waiting time. */
  timeLeftMs(): number
  /** Set when a task could not even be taken: what follows it must not overtake it. */
  stopped: boolean
}

export function startDocument(clock: Clock, waitMs: number): DocumentRun {
  const deadline = clock.now() + waitMs
  return { timeLeftMs: () => Math.max(0, deadline - clock.now()), stopped: false }
}

/** Throws TOO_MANY_TASKS for more tasks than a document may hold. Nothing of it is run. */
export function checkTaskCount(count: number): void {
  if (count > MAX_TASKS_PER_DOCUMENT) {
    throw refuse(
      ERROR_CODES.TOO_MANY_TASKS,
      `This document holds ${count} tasks; one may hold ${MAX_TASKS_PER_DOCUMENT}. Nothing of it was run: send it in parts.`,
    )
  }
}
