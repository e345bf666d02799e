import { Alert } from '@mantine/core'
import { IconClockExclamation } from '@tabler/icons-react'
import { useFreshness } from 'layover/react'
import type { ReactNode } from 'react'
import { momentOf } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

const words = texts.common

/** How old the records of a type are, where that matters: reference data that has expired is said to be so (smart-client guide). */
export function StaleNotice({ type }: { type: string }): ReactNode {
  const { state, lastSyncedAt } = useFreshness(type)
  if (state === 'fresh') return null
  const time = lastSyncedAt ? momentOf(lastSyncedAt.toISOString()) : ''
  const prices = type.endsWith('Offer') ? ` ${words.stalePrices}` : ''
  const text =
    state === 'never' ? words.neverSynced : state === 'hard-stale' ? words.hardStale(time) : words.stale(time) + prices
  return (
    <Alert
      color={state === 'hard-stale' ? 'orange' : 'gray'}
      icon={<IconClockExclamation size={18} aria-hidden />}
      mb="md"
      py="xs"
      data-freshness={state}
    >
      {text}
    </Alert>
  )
}
