/** What `client.mutate` is told that a task builds on: `context: { layover: { after: [ids] } }`. */
import { LayoverError } from './layover-error.ts'
import type { OutboxQueue } from './outbox.ts'

/**
 * Ids of entries, those of merged tasks replaced. Throws BAD_VARIABLES for anything but an array of ids, UNKNOWN_ENTRY for an
 * id that the outbox does not know, NOT_POSSIBLE for a task that left it without being confirmed.
 */
export function namedBy(queue: OutboxQueue, context: unknown): readonly string[] {
  const after: unknown = (context as { layover?: { after?: unknown } } | undefined)?.layover?.after
  if (after === undefined) return []
  if (!Array.isArray(after))
    throw bad('BAD_VARIABLES', '', 'must be an array of ids that `extensions.layover.id` gave.')
  return after.map((id: unknown, index) => {
    const entry = typeof id === 'string' ? queue.known(id) : undefined
    const outcome = typeof id === 'string' ? queue.outcomeOf(id) : undefined
    if (!entry && !outcome) throw bad('UNKNOWN_ENTRY', `[${index}]`, 'is no id of a task in the outbox or its history.')
    if (!entry && outcome?.status !== 'confirmed')
      throw bad('NOT_POSSIBLE', `[${index}]`, 'is a task that came to nothing.')
    return entry?.id ?? String(id)
  })
}

const bad = (code: 'BAD_VARIABLES' | 'UNKNOWN_ENTRY' | 'NOT_POSSIBLE', place: string, rule: string): LayoverError =>
  new LayoverError(code, `\`context.layover.after${place}\` ${rule}`)
