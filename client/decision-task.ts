/** The decision about a conflict is a task like any other. */
import { parse } from 'graphql'
import { type TaskRegistration, task } from './task.ts'
import { TASK_FRAGMENT, TASK_FRAGMENT_NAME } from './task-fragment.ts'

const document = parse(
  `mutation ResolveConflict($task: TaskInput, $conflictOf: ID!, $decision: Decision!, $values: JSON, $theirsVersion: Int) {
    resolveConflict(task: $task, conflictOf: $conflictOf, decision: $decision, values: $values, theirsVersion: $theirsVersion) {
      resolved { ...${TASK_FRAGMENT_NAME} }
    }
  }`,
  { noLocation: true },
)

/** Registered by every client. */
export const resolveConflictTask: TaskRegistration = task({
  ...document,
  definitions: [...document.definitions, TASK_FRAGMENT],
})
