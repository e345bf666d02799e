import type { Outcome, Reconciliation } from 'layover/client'
import { useOfflineClient, useOutbox } from 'layover/react'
import { useEffect, useRef, useState } from 'react'
import type { Records } from './records.ts'
import { entryTitle } from './words.ts'

const KEPT = 5

/** A change that the gateway has confirmed. */
export interface Settled {
  id: string
  title: string
  reconciliation: readonly Reconciliation[]
}

/** The last confirmed changes, newest first: a confirmed entry leaves the outbox, and its owner wants to have seen it arrive. */
export function useRecentlySettled(records: Records): readonly Settled[] {
  const { outbox } = useOfflineClient()
  const { entries } = useOutbox()
  const titles = useRef(new Map<string, string>())
  const [settled, setSettled] = useState<readonly Settled[]>([])

  useEffect(() => {
    for (const entry of entries) {
      const isNew = !titles.current.has(entry.id)
      // The title is made while the records it speaks of are still as the user saw them.
      titles.current.set(entry.id, entryTitle(entry, records))
      if (!isNew) continue
      const arrived = (outcome: Outcome): void => {
        if (outcome.status !== 'confirmed') return
        const title = titles.current.get(entry.id) ?? entry.name
        const { reconciliation } = outcome
        setSettled(before => [{ id: entry.id, title, reconciliation }, ...before].slice(0, KEPT))
      }
      // Rejected when the client is closed: then nobody waits for the news.
      outbox.settled(entry.id).then(arrived, () => undefined)
    }
  }, [outbox, entries, records])

  return settled
}
