/** What a stored or imported entry is to this version of the application. An upgrade never loses a queued task. */
import type { StoredEntry } from './entry.ts'
import { reasonOf } from './settle.ts'
import type { TaskDefinition } from './task.ts'
import { migrated } from './tentative-changes.ts'

const UNKNOWN_TASK = 'UNKNOWN_TASK'

/**
 * A task that the application no longer knows is parked, and taken up again by a version that knows it. One that was never
 * sent passes through the migrations it has not seen; one that was sent stays as it is, for its id stands for that input.
 */
export function restoreEntry(entry: StoredEntry, definitions: ReadonlyMap<string, TaskDefinition>): StoredEntry {
  if (entry.unreadable !== undefined || entry.outcome?.status === 'rejected' || entry.outcome?.status === 'conflict')
    return entry
  const definition = definitions.get(entry.name)
  if (!definition) {
    return parked(entry, `the application registers no task ${entry.name}.`)
  }
  const wasUnknown = entry.outcome?.status === 'parked' && entry.outcome.reason.startsWith(`${UNKNOWN_TASK}:`)
  const current = wasUnknown ? revived(entry) : entry
  const isUnsent = current.status === 'queued' || current.status === 'blocked'
  if (!isUnsent || current.inDoubt) return current
  try {
    return {
      ...current,
      document: definition.text,
      variables: migrated(current, definition),
      // Never back: a newer version of the application may have queued it.
      version: Math.max(current.version, definition.migrations.length),
    }
  } catch (error) {
    return parked(
      entry,
      `a migration of ${entry.name} threw: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function revived(entry: StoredEntry): StoredEntry {
  const { outcome: _outcome, ...rest } = entry
  return { ...rest, status: entry.inDoubt ? 'in-doubt' : 'queued' }
}

function parked(entry: StoredEntry, why: string): StoredEntry {
  return { ...entry, status: 'parked', outcome: { status: 'parked', reason: reasonOf(UNKNOWN_TASK, why) } }
}
