/**
 * Makes one task of two that were never sent. Only where nobody could tell the difference: the earlier is the newest task that
 * mentions any of the later's ids, nothing waits for it, and the later builds on nothing else. (Azure Mobile Apps squashes
 * across these, and lost deletes and foreign-key order by it.)
 */
import type { StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import type { Enqueued, Given, MutatePorts } from './mutate.ts'
import type { OutboxQueue } from './outbox.ts'
import { isTentative } from './outbox-states.ts'
import type { TaskDefinition } from './task.ts'

type Fields = Record<string, unknown>

/** Entries whose merged form is on its way to the disk: until it is there, what comes next is a task of its own. */
const underWay = new WeakSet<Fields>()

/**
 * Merges the task into one that waits; undefined where that cannot be, and nothing was changed.
 * @param after ids of the entries that the later one builds on
 */
export function squash(
  { queue, changes, layer, deliveries, report }: MutatePorts,
  definition: TaskDefinition,
  id: string,
  later: Fields,
  after: readonly string[],
  given: Given,
  plain: (variables: object, name: string) => Fields,
): (Omit<Enqueued, 'id'> & { stored: Promise<void> }) | undefined {
  // What `mutate` was given for this one task says nothing of the two as one.
  const isOfItsOwn =
    (given.optimistic && !definition.optimistic) || (given.update && !definition.update) || given.overlay
  // Another tab may be about to send what waits: there the two stay two.
  if (!definition.squash || isOfItsOwn || !queue.leads) return undefined
  const earlier = queue.newest(later)
  if (!earlier || !isSame(earlier, definition) || !isAlone(queue, earlier, after) || underWay.has(earlier.variables))
    return undefined
  const variables = merged(earlier)
  if (!variables) return undefined
  const entry = { ...earlier, variables }
  const change = changes.of(entry)! // Throws what `optimistic` throws, before anything was changed.
  const delivered = deliveries.wait(earlier.id)
  underWay.add(variables)
  const written = queue.change(({ move }) =>
    move(earlier.id, earlier.status, { variables, squashed: [...(earlier.squashed ?? []), id] }),
  )
  const data = isTentative(earlier.status) ? layer.foreseen(change) : change.result
  return { data, delivered, stored: stored() }

  async function stored(): Promise<void> {
    try {
      await written
    } catch (error) {
      if (error instanceof LayoverError && error.code === 'FENCED') throw error
      const now = queue.get(earlier!.id)
      // Sent or edited meanwhile, and stored with that: then it is there.
      if (!now || now.variables !== variables || now.attempts > 0) return
      const before = { variables: earlier!.variables, squashed: earlier!.squashed ?? [] }
      await queue.change(({ move }) => move(now.id, now.status, before)).catch(report)
      throw error
    } finally {
      underWay.delete(variables!)
    }
  }

  function merged({ variables: earliest }: StoredEntry): Fields | undefined {
    try {
      const both = definition.squash!(plain(earliest, definition.name), later)
      if (both === undefined) return undefined
      const { task: _filledByTheClient, ...rest } = plain(both, definition.name)
      return rest
    } catch (error) {
      report(
        new LayoverError('UPDATE_FAILED', `\`squash\` of the task ${definition.name} threw; the two stay two.`, error),
      )
      return undefined
    }
  }
}

const isSame = (entry: StoredEntry, { name, migrations }: TaskDefinition): boolean =>
  entry.name === name && entry.version === migrations.length && !entry.overlay

/** On the device, never sent, awaited by nobody; the later one builds on nothing that it does not build on, too. */
function isAlone(
  queue: OutboxQueue,
  { id, status, attempts, inDoubt, after: builtOn }: StoredEntry,
  after: readonly string[],
) {
  const isUnsent = attempts === 0 && !inDoubt && (status === 'queued' || status === 'blocked')
  if (!isUnsent || queue.drafts.has(id) || queue.dependents(id).length > 0) return false
  for (const draft of queue.drafts.values()) if (draft.after.includes(id)) return false
  return after.every(each => each === id || builtOn.includes(each))
}
