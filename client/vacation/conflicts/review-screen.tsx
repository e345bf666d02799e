import { useMutation } from '@apollo/client/react'
import { Alert, Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useOutbox } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { type Decision, ReviewConflictDocument, type TaskPartsFragment } from '../__generated__/graphql.ts'
import { useTasksInReview } from '../device/records.ts'
import { isSupervisor, useSignedIn } from '../device/session-context.tsx'
import { knownTask } from '../device/tasks.ts'
import { isUnsettled } from '../outbox/state-word.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { ScreenHeader } from '../ui/screen-header.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { type Compared, Comparison, decidable, mergedValues, Result, type Side, type Sides } from './comparison.tsx'
import { useRecordName } from './record-name.ts'
import classes from './review.module.css'

const words = texts.conflicts
const HEADS = { started: words.agentStarted, mine: words.agents, theirs: words.theirs }

/** The third party of the smart-client guide: conflicts that an agent handed on, for a supervisor to decide. */
export function ReviewScreen(): ReactNode {
  const { session } = useSignedIn()
  const tasks = useTasksInReview()
  const decides = isSupervisor(session)
  return (
    <>
      <ScreenHeader title={words.title} />
      {!decides && <Text mb="md">{words.agentHint}</Text>}
      {tasks.length === 0 && <Text>{words.inboxEmpty}</Text>}
      <ul aria-label={words.inbox} className={classes['list']}>
        {tasks.map(task => (
          <Review key={task.id} task={task} decides={decides} />
        ))}
      </ul>
    </>
  )
}

/** A decision about this conflict that has not been answered yet. */
const useDecision = (conflictOf: string): boolean =>
  useOutbox(({ entries }) =>
    entries.some(entry => {
      const known = knownTask(entry)
      return known?.name === 'ReviewConflict' && known.variables.conflictOf === conflictOf && isUnsettled(entry)
    }),
  )

function Review({ task, decides }: { task: TaskPartsFragment; decides: boolean }): ReactNode {
  const { conflict } = task
  const name = useRecordName(conflict?.type ?? '', conflict?.id ?? '')
  const [isOpen, setOpen] = useState(false)
  const isDecided = useDecision(task.id)
  if (!conflict) return null
  return (
    <Card component="li" data-tentative={isDecided}>
      <Stack>
        <Group justify="space-between">
          <div>
            <Title order={3} size="h5">
              {name}
            </Title>
            <Text size="sm">
              {task.updatedBy && `${words.of(task.updatedBy)} · `}
              {words.since(momentOf(task.updatedAt))}
            </Text>
          </div>
          <StateBadge word={isDecided ? texts.outbox.states.saved : texts.outbox.states.review} />
        </Group>
        {isDecided && <Text size="sm">{words.savedDecision}</Text>}
        {!isDecided && !isOpen && (
          <Group>
            <Button
              variant={decides ? 'filled' : 'default'}
              onClick={() => setOpen(true)}
              aria-label={`${words.decide}: ${name}`}
            >
              {words.decide}
            </Button>
          </Group>
        )}
        {!isDecided && isOpen && (
          <Decide
            task={task}
            conflict={{
              ...conflict,
              base: record(conflict.base),
              mine: record(conflict.mine),
              theirs: record(conflict.theirs),
            }}
            theirsVersion={conflict.theirsVersion}
            readOnly={!decides}
            onClose={() => setOpen(false)}
          />
        )}
      </Stack>
    </Card>
  )
}

const record = (value: unknown): Record<string, unknown> | null => value as Record<string, unknown> | null

interface DecideProps {
  task: TaskPartsFragment
  conflict: Compared
  theirsVersion: number
  readOnly: boolean
  onClose(): void
}

function Decide({ task, conflict, theirsVersion, readOnly, onClose }: DecideProps): ReactNode {
  const [review] = useMutation(ReviewConflictDocument)
  const [sides, setSides] = useState<Sides>({})
  const [problem, setProblem] = useState<string>()
  const values = mergedValues(conflict, sides)
  const isDeleted = conflict.theirs === null
  const decide = (decision: Decision, merged?: object): void => {
    setProblem(undefined)
    const variables = { conflictOf: task.id, decision, theirsVersion, ...(merged ? { values: merged } : {}) }
    review({ variables }).then(onClose, (reason: unknown) => setProblem(problemText(reason)))
  }
  const all = (side: Side): void => setSides(Object.fromEntries(decidable(conflict).map(field => [field, side])))
  const apply = (): void => {
    const chosen = new Set(Object.values(sides))
    if (!values) setProblem(words.chooseAll)
    else if (chosen.size > 1) decide('MERGE', values)
    else decide(chosen.has('mine') ? 'KEEP_MINE' : 'TAKE_THEIRS')
  }
  return (
    <Stack>
      <Comparison
        conflict={conflict}
        sides={sides}
        heads={HEADS}
        readOnly={readOnly}
        onChoose={(field, side) => setSides(before => ({ ...before, [field]: side }))}
      />
      {!readOnly && !isDeleted && <Result conflict={conflict} sides={sides} />}
      {problem && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      <Group justify="flex-end" gap="xs">
        <Button onClick={onClose}>{words.close}</Button>
        {!readOnly && !isDeleted && (
          <>
            <Button onClick={() => all('mine')}>{words.keepAgents}</Button>
            <Button onClick={() => all('theirs')}>{words.allTheirs}</Button>
            <Button variant="filled" onClick={apply}>
              {words.apply}
            </Button>
          </>
        )}
        {!readOnly && isDeleted && (
          <>
            <Button onClick={() => decide('KEEP_MINE')}>{words.keepAgents}</Button>
            <Button variant="filled" onClick={() => decide('TAKE_THEIRS')}>
              {words.takeTheirs}
            </Button>
          </>
        )}
      </Group>
    </Stack>
  )
}
