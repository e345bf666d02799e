import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core'
import { type ConflictEntry, type Decision, LayoverError } from 'layover/client'
import { useConflicts, useConnection, useTask } from 'layover/react'
import { type ReactNode, useState } from 'react'
import { useRecords } from '../device/records.ts'
import { useSignedIn } from '../device/session-context.tsx'
import { entryTitle } from '../outbox/entry-title.ts'
import { useOverlay } from '../shell/overlay.ts'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { problemText } from '../texts/problem-text.ts'
import { Ask } from '../ui/ask.tsx'
import { useOwnEscape } from '../ui/own-escape.ts'
import { Comparison, decidable, mergedValues, Result, type Side, type Sides } from './comparison.tsx'
import { Notice } from './notice.tsx'
import { useRecordName } from './record-name.ts'

const words = texts.conflicts
const HEADS = { started: words.started, mine: words.yours, theirs: words.theirs }

/** Who settles a conflict decides field by field, or hands it on. Escape and "later" leave it as it is. */
export function ConflictDialog({ id, onClose }: { id: string; onClose(): void }): ReactNode {
  const { entry, outcome } = useTask(id)
  const { list } = useConflicts()
  const known =
    list.find(each => each.id === id) ?? (entry && outcome?.status === 'conflict' ? outcome.conflict : undefined)
  const name = useRecordName(known?.type ?? '', known?.entityId ?? '')
  const inside = useOwnEscape<HTMLDivElement>(true, onClose)
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnEscape={false}
      size="xl"
      title={known ? words.needsReview(name) : words.title}
    >
      <div ref={inside}>
        {known ? <Contents key={id} conflict={known} onClose={onClose} /> : <Text>{words.gone}</Text>}
      </div>
    </Modal>
  )
}

function headline(conflict: ConflictEntry, me: string): string {
  const when = momentOf(conflict.theirsAt)
  const who = conflict.theirsBy === me ? words.you : conflict.theirsBy
  if (conflict.theirs === null) return who ? words.deletedBy(who, when) : words.deletedOn(when)
  return who ? words.changedBy(who, when) : words.changedOn(when)
}

function Contents({ conflict, onClose }: { conflict: ConflictEntry; onClose(): void }): ReactNode {
  const { resolve, list } = useConflicts()
  const { session } = useSignedIn()
  const { state } = useConnection()
  const { show } = useOverlay()
  const { entry } = useTask(conflict.id)
  const records = useRecords()
  const [sides, setSides] = useState<Sides>({})
  const [problem, setProblem] = useState<string>()
  const [isEscalating, setEscalating] = useState(false)
  const [isSaved, setSaved] = useState(false)
  const at = list.findIndex(({ id }) => id === conflict.id)
  const next = list[(at + 1) % list.length]
  const isDeleted = conflict.theirs === null
  const values = mergedValues(conflict, sides)

  const decide = (decision: Decision, merged?: object): void => {
    setProblem(undefined)
    // Without a connection the decision waits like any other change, and the dialog says so.
    const isOnline = state === 'online'
    resolve(conflict.id, decision, merged).then(
      () => (isOnline ? onClose() : setSaved(true)),
      (reason: unknown) => {
        const changed = reason instanceof LayoverError && reason.code === 'CONFLICT_CHANGED'
        setProblem(changed ? words.changedAgain : problemText(reason))
      },
    )
  }
  const all = (side: Side): void => setSides(Object.fromEntries(decidable(conflict).map(field => [field, side])))
  const apply = (): void => {
    const chosen = new Set(Object.values(sides))
    if (!values) setProblem(words.chooseAll)
    else if (chosen.size > 1) decide('MERGE', values)
    else decide(chosen.has('mine') ? 'KEEP_MINE' : 'TAKE_THEIRS')
  }

  if (isSaved) return <Notice text={words.savedDecision} onClose={onClose} />
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        apply()
      }}
    >
      <Stack>
        {entry && <Text fw={600}>{words.wanted(entryTitle(entry, records))}</Text>}
        <Text>{headline(conflict, session.user)}</Text>
        {conflict.inReview && <Alert color="gray">{words.inReview}</Alert>}
        <Comparison
          conflict={conflict}
          sides={sides}
          heads={HEADS}
          readOnly={conflict.inReview}
          onChoose={(field, side) => setSides(before => ({ ...before, [field]: side }))}
        />
        {isDeleted && <Text>{words.deletedHint}</Text>}
        {!isDeleted && !conflict.inReview && (
          <>
            <Group gap="xs" role="group" aria-label={words.quick}>
              <Button size="xs" onClick={() => all('mine')}>
                {words.allMine}
              </Button>
              <Button size="xs" onClick={() => all('theirs')}>
                {words.allTheirs}
              </Button>
            </Group>
            <Result conflict={conflict} sides={sides} />
          </>
        )}
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Group justify="space-between">
          <Group gap="xs">
            {list.length > 1 && next && (
              <>
                <Text size="sm">{words.position(at + 1, list.length)}</Text>
                <Button onClick={() => show('conflict', next.id)}>{words.nextConflict}</Button>
              </>
            )}
          </Group>
          <Group gap="xs">
            <Button onClick={onClose}>{words.later}</Button>
            {!conflict.inReview && <Button onClick={() => setEscalating(true)}>{words.escalate}</Button>}
            {!conflict.inReview && isDeleted && (
              <>
                <Button onClick={() => decide('KEEP_MINE')}>{words.keepMine}</Button>
                <Button variant="filled" onClick={() => decide('TAKE_THEIRS')}>
                  {words.takeTheirs}
                </Button>
              </>
            )}
            {!conflict.inReview && !isDeleted && (
              <Button type="submit" variant="filled">
                {words.apply}
              </Button>
            )}
          </Group>
        </Group>
      </Stack>
      {isEscalating && (
        <Ask
          question={words.escalateQuestion}
          action={words.escalate}
          onConfirm={() => decide('ESCALATE')}
          onClose={() => setEscalating(false)}
        >
          <Text>{words.escalateHint}</Text>
        </Ask>
      )}
    </form>
  )
}
