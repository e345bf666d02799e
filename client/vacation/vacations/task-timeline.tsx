import { useFragment } from '@apollo/client/react'
import { List, Stack, Text, Timeline } from '@mantine/core'
import { IconArrowBackUp, IconCheck, IconClockHour4, IconLoader2, IconMinus, IconX } from '@tabler/icons-react'
import type { ComponentType, ReactNode } from 'react'
import { type StepStatus, type TaskPartsFragment, TaskPartsFragmentDoc } from '../__generated__/graphql.ts'
import { texts } from '../texts/index.ts'

const words = texts.vacations

type Icon = ComponentType<{ size: number; 'aria-hidden': boolean }>
const LOOKS: Readonly<Record<StepStatus, [color: string, icon: Icon]>> = {
  WAITING: ['gray', IconClockHour4],
  RUNNING: ['blue', IconLoader2],
  DONE: ['teal', IconCheck],
  SKIPPED: ['gray', IconMinus],
  FAILED: ['red', IconX],
  UNDOING: ['orange', IconArrowBackUp],
  UNDONE: ['gray', IconArrowBackUp],
}

type Step = TaskPartsFragment['steps'][number]

const isOver = ({ status }: TaskPartsFragment): boolean => status === 'REJECTED' || status === 'CANCELLED'
const stepName = (name: string): string => words.stepNames[name] ?? name

function stepState(task: TaskPartsFragment, { status, optional, attempts }: Step): string {
  const state = isOver(task) && status === 'WAITING' ? words.notBegun : words.stepStates[status]
  return [state, ...(optional ? [words.optional] : []), ...(attempts > 1 ? [words.attempts(attempts)] : [])].join(' · ')
}

/** Said only of a task that is over and holds nothing. */
function chargeNote(task: TaskPartsFragment): string | undefined {
  if (!isOver(task)) return undefined
  if (task.steps.some(({ status }) => status === 'UNDONE')) return words.nothingCharged
  return task.steps.every(({ status }) => status !== 'DONE') ? words.nothingReserved : undefined
}

/** The task as the gateway reported it last; undefined while it has not heard of it. */
export function useTaskReport(taskId: string | undefined): TaskPartsFragment | undefined {
  const { complete, data } = useFragment({
    fragment: TaskPartsFragmentDoc,
    fragmentName: 'TaskParts',
    from: taskId === undefined ? null : { __typename: 'Task', id: taskId },
  })
  return complete && data ? data : undefined
}

/** The steps of a task, and what the gateway changed on its own account; nothing while it has not heard of the task. */
export function TaskTimeline({ taskId, compact = false }: { taskId: string; compact?: boolean }): ReactNode {
  const task = useTaskReport(taskId)
  if (!task || task.steps.length === 0) return null
  const note = chargeNote(task)
  const done = task.steps.findLastIndex(({ status }) => status === 'DONE')
  return (
    <Stack gap="xs">
      {compact ? (
        <Text size="sm">{task.steps.map(step => `${stepName(step.name)}: ${stepState(task, step)}`).join(' · ')}</Text>
      ) : (
        <Timeline active={done} bulletSize={22} lineWidth={2} aria-label={words.steps} role="list">
          {task.steps.map(step => {
            const [color, StepIcon] = LOOKS[step.status]
            return (
              <Timeline.Item
                key={step.name}
                role="listitem"
                color={color}
                bullet={<StepIcon size={14} aria-hidden />}
                title={stepName(step.name)}
                data-status={step.status}
              >
                <Text size="sm">{stepState(task, step)}</Text>
                {step.error && <Text size="sm">{step.error}</Text>}
              </Timeline.Item>
            )
          })}
        </Timeline>
      )}
      {note && <Text fw={600}>{note}</Text>}
      {task.reconciliation.length > 0 && (
        <div>
          <Text size="sm">{words.changedByGateway}</Text>
          <List size="sm">
            {task.reconciliation.map(each => (
              <List.Item key={each.field}>{each.message}</List.Item>
            ))}
          </List>
        </div>
      )}
    </Stack>
  )
}
