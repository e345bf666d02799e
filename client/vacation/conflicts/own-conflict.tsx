import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import type { ConflictEntry, Decision, SettledTask } from 'layover/client'
import { useConflicts, useOfflineClient, useTask } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { useSignedIn } from '../device/session-context.tsx'
import { entryTitle } from '../outbox/entry-title.ts'
import { useOverlay } from '../shell/overlay.ts'
import { fieldWord, momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { Ask } from '../ui/ask.tsx'
import { carryOut, isChangedAgain } from './carry-out.ts'
import {
  type Choices,
  contested,
  isWhole,
  leftOut,
  movedOn,
  type Settlement,
  settlementOf,
  type Values,
} from './choices.ts'
import { Chooser } from './chooser.tsx'
import classes from './conflicts.module.css'
import { isDecisionAbout } from './decision-about.ts'
import { useKeptRows } from './kept-rows.ts'
import { useRecordsOf } from './record-name.ts'
import { takeFocus } from './take-focus.ts'

const words = texts.conflicts
const HEADS = { started: words.started, mine: words.yours, theirs: words.theirs }

interface OwnConflictProps {
  conflict: ConflictEntry
  /** A decision is being stored and sent: what stands here stays until that is known. */
  isDeciding: boolean
  onDeciding(isDeciding: boolean): void
  onClose(): void
}

/** A change of one's own against what others made of the record meanwhile. */
export function OwnConflict({ conflict: current, isDeciding, onDeciding, onClose }: OwnConflictProps): ReactNode {
  const conflict = useKeptRows(current)
  const client = useOfflineClient()
  const { resolve } = useConflicts()
  const { session } = useSignedIn()
  const { entry } = useTask(conflict.id)
  const records = useRecordsOf(conflict)
  const [choices, setChoices] = useState<Choices>(() =>
    leftOut(conflict, lastValues(client.outbox.history, conflict.id)),
  )
  const [problem, setProblem] = useState<string>()
  const [isEscalating, setEscalating] = useState(false)
  const isOpen = !conflict.inReview

  const decide = async (settlement: Settlement | { decision: Decision }): Promise<void> => {
    setProblem(undefined)
    onDeciding(true)
    const { decision, values } = settlement as Settlement
    const version = conflict.theirsVersion ?? records.vacation(conflict.entityId)?.version ?? 0
    try {
      await carryOut(client, conflict, settlement, version, () => resolve(conflict.id, decision, values))
      // What waits is said in the place of this.
      if (!client.outbox.entries.some(entry => isDecisionAbout(entry, conflict.id))) onClose()
    } catch (reason) {
      setProblem(isChangedAgain(reason) ? '' : problemText(reason))
    } finally {
      onDeciding(false)
    }
  }
  const apply = (): void => {
    const settlement = settlementOf(conflict, choices)
    if (settlement) void decide(settlement)
    else setProblem(isWhole(conflict) ? words.chooseOne : words.chooseAll)
  }
  const choose = (more: Choices): void => {
    setProblem(undefined)
    setChoices(before => ({ ...before, ...more }))
  }
  // Said whenever the server moves on under a choice, also while the dialog is just open.
  const moved = movedOn(conflict, choices).filter(field => contested(conflict).includes(field))
  const isMoved = problem === '' || moved.length > 0
  const said = isMoved ? words.changedAgain(moved.map(fieldWord).join(', ')) : problem
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        if (isOpen && !isDeciding) apply()
      }}
    >
      <Stack>
        <div>
          <Text fw={600} tabIndex={-1} data-autofocus ref={takeFocus} className={classes['heading']}>
            {entry ? words.wanted(entryTitle(entry, records)) : words.title}
          </Text>
          <Text>{headline(conflict, session.user)}</Text>
        </div>
        {!isOpen && <Alert color="gray">{words.inReview}</Alert>}
        <Chooser
          conflict={conflict}
          choices={choices}
          heads={HEADS}
          newer={entry && (Date.parse(entry.queuedAt) > Date.parse(conflict.theirsAt) ? 'mine' : 'theirs')}
          whose="own"
          readOnly={!isOpen}
          onChoose={choose}
        />
        {said !== undefined && (
          <Alert color={isMoved ? 'orange' : 'red'} role="alert">
            {said}
          </Alert>
        )}
        <div className={classes['foot']}>
          <Others id={conflict.id} />
          <div className={classes['buttons']}>
            <Button onClick={onClose}>{isOpen ? words.later : words.close}</Button>
            {isOpen && (
              <>
                <Button disabled={isDeciding} onClick={() => setEscalating(true)}>
                  {words.escalate}
                </Button>
                <Button type="submit" variant="filled" loading={isDeciding}>
                  {words.apply}
                </Button>
              </>
            )}
          </div>
        </div>
      </Stack>
      {isEscalating && (
        <Ask
          question={words.escalateQuestion}
          action={words.escalate}
          onConfirm={() => void decide({ decision: 'ESCALATE' })}
          onClose={() => setEscalating(false)}
        >
          <Text>{words.escalateHint}</Text>
        </Ask>
      )}
    </form>
  )
}

/** Of the last decision, which was about an older state. */
const lastValues = (history: readonly SettledTask[], id: string): Values | undefined =>
  history.find(({ name, variables }) => name === 'ResolveConflict' && variables?.['conflictOf'] === id)?.variables?.[
    'values'
  ] as Values | undefined

function headline({ theirs, theirsAt, theirsBy }: ConflictEntry, me: string): string {
  const when = momentOf(theirsAt)
  const who = theirsBy === me ? words.you : theirsBy
  if (theirs === null) return who ? words.deletedBy(who, when) : words.deletedOn(when)
  return who ? words.changedBy(who, when) : words.changedOn(when)
}

/** Where one stands among those that wait for a decision, and the way to the next. */
function Others({ id }: { id: string }): ReactNode {
  const { list } = useConflicts()
  const { show } = useOverlay()
  const open = list.filter(({ inReview }) => !inReview)
  const at = open.findIndex(each => each.id === id)
  const next = open[(at + 1) % open.length]
  if (!next || next.id === id) return <span />
  return (
    <Group gap="xs">
      {at >= 0 && <Text size="sm">{words.position(at + 1, open.length)}</Text>}
      <Button onClick={() => show('conflict', next.id)}>{words.nextConflict}</Button>
    </Group>
  )
}
