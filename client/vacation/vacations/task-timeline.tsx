import { useFragment } from '@apollo/client/react'
import type { ReactNode } from 'react'
import { TaskPartsFragmentDoc } from '../__generated__/graphql.ts'

/** The steps of a task as the gateway reports them; nothing while it has not heard of the task. */
export function TaskTimeline({ taskId }: { taskId: string }): ReactNode {
  const { complete, data } = useFragment({
    fragment: TaskPartsFragmentDoc,
    fragmentName: 'TaskParts',
    from: { __typename: 'Task', id: taskId },
  })
  if (!complete || data.steps.length === 0) return null
  return (
    <ol>
      {data.steps.map(step => (
        <li key={step.name}>{step.name}</li>
      ))}
    </ol>
  )
}
