import { Text } from '@mantine/core'
import type { OutboxEntry } from 'layover/client'
import type { ReactNode } from 'react'
import { momentOf, relative } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { useNow } from '../ui/use-now.ts'

const words = texts.outbox
const MINUTE = 60_000

/** How long ago a moment (RFC 3339) was, in words; its time of day is in the tooltip. */
export function Ago({ at, say }: { at: string; say(relative: string): string }): ReactNode {
  const now = useNow(MINUTE)
  const ms = Math.min(0, Date.parse(at) - now)
  return (
    <time dateTime={at} title={momentOf(at)}>
      {say(ms > -MINUTE ? words.justNow : relative(ms))}
    </time>
  )
}

/** "queued 5 minutes ago · 2 attempts · next try in 12 s" */
export function EntryFacts({ entry: { queuedAt, attempts, nextAttemptAt } }: { entry: OutboxEntry }): ReactNode {
  return (
    <Text size="sm">
      <Ago at={queuedAt} say={words.queuedAt} />
      {attempts > 0 && ` · ${words.attempts(attempts)}`}
      {nextAttemptAt !== undefined && <Countdown to={Date.parse(nextAttemptAt)} />}
    </Text>
  )
}

function Countdown({ to }: { to: number }): ReactNode {
  const now = useNow(1000)
  return to > now ? ` · ${words.nextAttempt(Math.ceil((to - now) / 1000))}` : null
}
