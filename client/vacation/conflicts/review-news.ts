import type { ConflictEntry } from 'layover/client'
import { useConflicts, useOfflineClient } from 'layover/react'
import { useEffect, useRef } from 'react'
import { fieldWord } from '../texts/format.ts'
import { texts } from '../texts/index.ts'
import { toastSaid } from '../ui/toast.ts'

const { conflicts: words, outbox } = texts

/** Says what a supervisor decided, when it arrives: nothing else on the screen need have changed. */
export function ReviewNews(): null {
  const { list } = useConflicts()
  const client = useOfflineClient()
  const before = useRef<readonly ConflictEntry[]>([])
  useEffect(() => {
    const still = new Set(list.map(({ id }) => id))
    for (const { id, mine } of before.current.filter(each => each.inReview && !still.has(each.id))) {
      const status = client.outbox.outcome(id)?.status
      const fields = Object.keys(mine ?? {}).map(field => fieldWord(field).toLowerCase())
      if (status === 'confirmed') toastSaid(words.decidedFor(fields.join(', '), outbox.states.confirmed))
      if (status === 'discarded') toastSaid(words.decidedFor(fields.join(', '), outbox.discardedWord))
    }
    before.current = list
  }, [list, client])
  return null
}
