/** Which records an entry makes or changes, as far as the device can tell. */
import { idsIn } from './dependencies.ts'
import type { StoredEntry } from './entry.ts'

export interface TouchedRecord {
  /** Unknown when only the entry's variables tell of it. */
  readonly type?: string
  readonly id: string
}

/**
 * Those of the foreseen answer; without any, the ids in the variables. A conflict names its record, and a decision is about the
 * record of its conflict.
 */
export function touchedRecords(
  { variables, outcome, overlay }: StoredEntry,
  foreseen: unknown,
  queue: { get(id: string): StoredEntry | undefined },
): readonly TouchedRecord[] {
  if (overlay) return [{ type: overlay.type, id: overlay.id }]
  const about = outcome ?? queue.get(String(variables['conflictOf']))?.outcome
  const records = recordsNamedIn(foreseen)
  if (about?.status === 'conflict') records.push({ type: about.conflict.type, id: about.conflict.entityId })
  return records.length > 0 ? records : Array.from(idsIn(variables), id => ({ id }))
}

/** Every object in the value that has a type and an id. */
export function recordsNamedIn(value: unknown, found: TouchedRecord[] = []): TouchedRecord[] {
  if (typeof value !== 'object' || value === null) return found
  if ('__typename' in value && value.__typename && 'id' in value && typeof value.id === 'string') {
    found.push({ type: String(value.__typename), id: value.id })
  }
  for (const child of Object.values(value)) recordsNamedIn(child, found)
  return found
}
