import { VisuallyHidden } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'
import { nextAnnouncement } from './announcement.ts'
import type { SyncState } from './sync-state.ts'

/** Milliseconds: a state that passes sooner is not worth a word. */
const STEADY = 1000

/** Says a change of state to those who listen (WCAG 2.2, 4.1.3), not every change in the outbox; only what needs a person interrupts. */
export function Announcer({ sync }: { sync: SyncState }): ReactNode {
  const [steady] = useDebouncedValue(sync.kind, STEADY)
  const [said, setSaid] = useState({ kind: steady, text: '' })
  if (said.kind !== steady) setSaid(nextAnnouncement(said, steady))
  const [alarm, setAlarm] = useState({ review: 0, text: '' })
  if (alarm.review !== sync.review) {
    // One less is what the person did.
    const isMore = sync.review > alarm.review
    setAlarm({ review: sync.review, text: isMore ? texts.shell.announce.review(sync.review) : '' })
  }
  return (
    <VisuallyHidden>
      <div role="status" aria-label={texts.shell.connection}>
        {said.text}
      </div>
      <div role="alert">{alarm.text}</div>
    </VisuallyHidden>
  )
}
