import { UnstyledButton } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import type { ReactNode } from 'react'
import { useOverlay } from '../shell/overlay.ts'
import { texts } from '../texts/index.ts'
import { StateBadge } from '../ui/state-badge.tsx'
import classes from './record-badge.module.css'

/** The state of a record in a list; where it needs review this is the way there. */
export function RecordBadge({ word, entries }: { word: string; entries: readonly OutboxEntry[] }): ReactNode {
  const { show } = useOverlay()
  const conflict = entries.find(({ status }) => status === 'conflict')
  if (!conflict || word !== texts.outbox.states.review) return <StateBadge word={word} />
  return (
    <UnstyledButton className={classes['button']} onClick={() => show('conflict', conflict.id)}>
      <StateBadge word={word} />
    </UnstyledButton>
  )
}
