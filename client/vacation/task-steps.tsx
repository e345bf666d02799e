import { useFragment } from '@apollo/client/react'
import type { ReactNode } from 'react'
import { type StepStatus, TaskPartsFragmentDoc } from './__generated__/graphql.ts'

const STEP_WORDS: Readonly<Record<StepStatus, string>> = {
  WAITING: 'waiting',
  RUNNING: 'working',
  DONE: 'done',
  SKIPPED: 'left out',
  FAILED: 'failed',
  UNDOING: 'being undone',
  UNDONE: 'undone',
}

/** The steps of a task as the gateway reports them; nothing while it has not heard of the task. */
export function TaskSteps({ taskId }: { taskId: string }): ReactNode {
  const { complete, data } = useFragment({
    fragment: TaskPartsFragmentDoc,
    fragmentName: 'TaskParts',
    from: { __typename: 'Task', id: taskId },
  })
  if (!complete || data.steps.length === 0) return null
  const over = data.status === 'REJECTED' || data.status === 'CANCELLED'
  return (
    <ul className="plain steps" aria-label="Steps">
      {data.steps.map(step => (
        <li key={step.name} data-status={step.status} title={step.error ?? undefined}>
          {step.name}: {over && step.status === 'WAITING' ? 'not begun' : STEP_WORDS[step.status]}
        </li>
      ))}
    </ul>
  )
}
