import { Alert, Button, Stack, Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import { useOfflineClient } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { ReviewConflictDocument } from '../__generated__/graphql.ts'
import { queueChange } from '../customers/queue-change.ts'
import { fieldWord, momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { carryOut } from './carry-out.ts'
import {
  type Choices,
  type Compared,
  contested,
  isWhole,
  leftOut,
  movedOn,
  settlementOf,
  type Values,
} from './choices.ts'
import { Chooser } from './chooser.tsx'
import classes from './conflicts.module.css'
import { useKeptRows } from './kept-rows.ts'
import { takeFocus } from './take-focus.ts'

const words = texts.conflicts
const HEADS = { started: words.agentStarted, mine: words.agents, theirs: words.theirs }

/** A conflict as the report of its task tells it. */
export interface Reviewed extends Compared {
  taskId: string
  theirsVersion: number
  theirsBy?: string | null | undefined
  theirsAt: string
}

interface ReviewFormProps {
  conflict: Reviewed
  /** A decision that the gateway did not take. */
  failed: OutboxEntry | undefined
  readOnly: boolean
  onClose(): void
  /** The decision is on the device. */
  onDecided(): void
}

/** A supervisor decides about an agent's change; the agent looks on. */
export function ReviewForm({ conflict: current, failed, readOnly, onClose, onDecided }: ReviewFormProps): ReactNode {
  const conflict = useKeptRows(current)
  const client = useOfflineClient()
  const [choices, setChoices] = useState<Choices>(() =>
    leftOut(conflict, failed?.variables['values'] as Values | undefined),
  )
  const [problem, setProblem] = useState<string>()
  const [isDeciding, setDeciding] = useState(false)
  const { taskId, theirsVersion } = conflict

  const decide = async (): Promise<void> => {
    const settlement = settlementOf(conflict, choices)
    if (!settlement) {
      setProblem(isWhole(conflict) ? words.chooseOne : words.chooseAll)
      return
    }
    const { decision, values } = settlement
    setProblem(undefined)
    setDeciding(true)
    try {
      await carryOut(client, conflict, settlement, theirsVersion, async () => {
        const variables = { conflictOf: taskId, decision, theirsVersion, ...(values ? { values } : {}) }
        const { status } = await queueChange(client, ReviewConflictDocument, variables)
        // The new one takes its place.
        if (failed) await client.outbox.discard(failed.id)
        if (status !== 'rejected' && status !== 'parked') onDecided()
      })
    } catch (reason) {
      setProblem(problemText(reason))
    } finally {
      setDeciding(false)
    }
  }
  const said = problem ?? notTaken(failed, conflict, choices)
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        if (!readOnly && !isDeciding) void decide()
      }}
    >
      <Stack>
        <Text size="sm" tabIndex={-1} ref={takeFocus} className={classes['heading']}>
          {headline(conflict)}
        </Text>
        <Chooser
          conflict={conflict}
          choices={choices}
          heads={HEADS}
          whose="agent"
          readOnly={readOnly}
          onChoose={more => {
            setProblem(undefined)
            setChoices(before => ({ ...before, ...more }))
          }}
        />
        {said !== undefined && (
          <Alert color="orange" role="alert">
            {said}
          </Alert>
        )}
        <div className={classes['buttons']}>
          <Button onClick={onClose}>{words.close}</Button>
          {!readOnly && (
            <Button type="submit" variant="filled" loading={isDeciding}>
              {words.apply}
            </Button>
          )}
        </div>
      </Stack>
    </form>
  )
}

function headline({ theirs, theirsAt, theirsBy }: Reviewed): string {
  const who = theirsBy ?? words.somebody
  return (theirs === null ? words.agentsDeletedBy : words.agentsChangedBy)(who, momentOf(theirsAt))
}

/** Why the last decision came to nothing. */
export function notTaken(
  failed: OutboxEntry | undefined,
  conflict: Compared,
  choices: Choices = {},
): string | undefined {
  const moved = movedOn(conflict, choices).filter(field => contested(conflict).includes(field))
  const outcome = failed?.outcome
  if (moved.length > 0 || (outcome?.status === 'rejected' && outcome.code === 'CONFLICT_CHANGED')) {
    return words.changedAgain(moved.map(fieldWord).join(', '))
  }
  if (outcome?.status === 'rejected') return words.notTaken(outcome.message)
  return outcome?.status === 'parked' ? words.notTaken(outcome.reason) : undefined
}
