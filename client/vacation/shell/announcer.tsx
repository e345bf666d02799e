import { VisuallyHidden } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts/index.ts'
import type { SyncState } from './sync-state.ts'

const words = texts.shell.announce
/** Milliseconds: a state that passes sooner is not worth a word. */
const STEADY = 1000

function sentence({ kind }: SyncState): string {
  switch (kind) {
    case 'offline':
      return words.offline
    case 'unreachable':
      return words.unreachable
    case 'paused':
      return words.paused
    case 'sign-in':
      return words.signIn
    case 'saved':
      return words.saved
    case 'sending':
    case 'waiting':
    case 'stuck':
      return words.online
  }
}

/** Says a change of state to those who listen (WCAG 2.2, 4.1.3), not every change in the outbox; only what needs a person interrupts. */
export function Announcer({ sync }: { sync: SyncState }): ReactNode {
  const [steady] = useDebouncedValue(sentence(sync), STEADY)
  const [atStart] = useState(steady)
  const [hasChanged, setHasChanged] = useState(false)
  if (!hasChanged && steady !== atStart) setHasChanged(true)
  return (
    <VisuallyHidden>
      <div role="status" aria-label={texts.shell.connection}>
        {hasChanged ? steady : ''}
      </div>
      <div role="alert">{sync.review > 0 ? words.review(sync.review) : ''}</div>
    </VisuallyHidden>
  )
}
