import type { OutboxEntry } from 'layover/client'
import { useConnection, useOutbox } from 'layover/react'
import { stateWord } from './state-word.ts'

/** The state of an entry in words, as things stand. */
export function useStateWord(): (entry: OutboxEntry) => string {
  const paused = useOutbox(outbox => outbox.paused)
  const connection = useConnection()
  return entry => stateWord(entry, { paused, connection })
}
