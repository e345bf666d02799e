import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOutbox, useTask } from 'layover/react'
import { type ReactNode, useRef, useState } from 'react'
import type { TaskPartsFragment } from '../__generated__/graphql.ts'
import { useTasksInReview } from '../device/records.ts'
import { isSupervisor, useSignedIn } from '../device/session-context.tsx'
import { knownTask } from '../device/tasks.ts'
import { isUnsettled, isWaiting } from '../outbox/state-word.ts'
import { useStateWord } from '../outbox/use-state-word.ts'
import { fieldWord, momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { isDeletion, type Values } from './choices.ts'
import { useRecordName } from './record-name.ts'
import classes from './review.module.css'
import { notTaken, type Reviewed, ReviewForm } from './review-form.tsx'
import { takeFocus } from './take-focus.ts'

const words = texts.conflicts

/** The third party of the smart-client guide: conflicts that an agent handed on, for a supervisor to decide. */
export function ReviewScreen(): ReactNode {
  const { session } = useSignedIn()
  const tasks = useTasksInReview()
  const decides = isSupervisor(session)
  const list = useRef<HTMLUListElement>(null)
  return (
    <>
      <ScreenHeader title={words.title} />
      {tasks.length > 0 && !decides && <Text mb="md">{words.agentHint}</Text>}
      {tasks.length === 0 && (
        <Card>
          <Text fw={600}>{words.inboxEmpty}</Text>
          <Text>{decides ? words.inboxEmptyHint : words.agentEmptyHint}</Text>
        </Card>
      )}
      <ul aria-label={words.inbox} className={classes['list']} tabIndex={-1} ref={list}>
        {tasks.map(task => (
          <Review key={task.id} task={task} decides={decides} onDecided={() => list.current?.focus()} />
        ))}
      </ul>
    </>
  )
}

/** The last decision about this conflict that this device holds: not answered yet, or not taken by the gateway. */
const useDecision = (conflictOf: string): OutboxEntry | undefined =>
  useOutbox(({ entries }) =>
    entries.findLast(entry => {
      const known = knownTask(entry)
      return known?.name === 'ReviewConflict' && known.variables.conflictOf === conflictOf
    }),
  )

function reviewed({ id, conflict }: TaskPartsFragment): Reviewed | undefined {
  if (!conflict) return undefined
  const { id: entityId, base, mine, theirs, ...rest } = conflict
  return { ...rest, taskId: id, entityId, base: asValues(base), mine: asValues(mine), theirs: asValues(theirs) }
}

const asValues = (value: unknown): Values | null => (value ?? null) as Values | null

interface ReviewProps {
  task: TaskPartsFragment
  decides: boolean
  /** The row may be gone by then: the focus needs another place. */
  onDecided(): void
}

function Review({ task, decides, onDecided }: ReviewProps): ReactNode {
  const { session } = useSignedIn()
  const conflict = reviewed(task)
  const name = useRecordName(conflict)
  const [isOpen, setOpen] = useState(false)
  const [wasOpen, setWasOpen] = useState(false)
  const { entry: own } = useTask(task.id)
  const wordOf = useStateWord()
  const decision = useDecision(task.id)
  const isDecided = decision !== undefined && isUnsettled(decision)
  if (!conflict) return null
  // A decision that was not taken is the last to have touched the task, so one's own name says nothing about whose it is.
  const agent = own ? words.yourself : task.updatedBy === session.user ? undefined : task.updatedBy
  const trouble = isDecided || isOpen ? undefined : notTaken(decision, conflict)
  const close = (): void => {
    setOpen(false)
    setWasOpen(true)
  }
  const fields = Object.keys(conflict.mine ?? {}).map(field => fieldWord(field).toLowerCase())
  const action = decides ? words.decide : words.look
  return (
    <Card component="li" data-tentative={isDecided}>
      <Stack>
        <Group justify="space-between" align="flex-start" gap="xs">
          <div>
            <Title order={3} size="h5">
              {isDeletion(conflict) ? words.deletion(name) : words.change(name, fields.join(', '))}
            </Title>
            <Text size="sm">
              {agent && `${words.of(agent)} · `}
              {words.since(momentOf(task.updatedAt))}
            </Text>
          </div>
          <StateBadge word={isDecided ? wordOf(decision) : texts.outbox.states.review} />
        </Group>
        {isDecided && <Text size="sm">{isWaiting(decision) ? words.savedDecision : words.sentDecision}</Text>}
        {trouble && <Alert color="orange">{trouble}</Alert>}
        {!isDecided && !isOpen && (
          <div>
            <Button
              variant={decides ? 'filled' : 'default'}
              onClick={() => setOpen(true)}
              {...(wasOpen ? { ref: takeFocus } : {})}
              aria-label={`${action}: ${name}`}
            >
              {action}
            </Button>
          </div>
        )}
        {isOpen && (
          <ReviewForm
            conflict={conflict}
            failed={isDecided ? undefined : decision}
            readOnly={!decides}
            onClose={close}
            onDecided={() => {
              setOpen(false)
              onDecided()
            }}
          />
        )}
      </Stack>
    </Card>
  )
}
