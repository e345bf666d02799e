/** The outbox as a file. */
import type { StoredEntry } from './entry.ts'
import { LayoverError } from './layover-error.ts'
import { asDoubtful } from './outbox-states.ts'
import { readEntry, writeEntry } from './storage/outbox-records.ts'

const FORMAT = 'layover-outbox'
const VERSION = 1

/** @param ids server's ids by temporary id */
export function writeExport(stored: Iterable<StoredEntry>, ids: Readonly<Record<string, string>>): string {
  const entries = Array.from(stored, entry => ({ id: entry.id, text: writeEntry(entry) }))
  return JSON.stringify({ format: FORMAT, version: VERSION, entries, ids })
}

/** Throws BAD_EXPORT. What was being sent is in doubt. */
export function readExport(json: string): { entries: StoredEntry[]; ids: Record<string, string> } {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw bad('This is not JSON.', error)
  }
  const { format, version, entries, ids = {} } = isFields(value) ? value : {}
  if (format !== FORMAT || version !== VERSION || !Array.isArray(entries)) {
    throw bad(`This is not an exported outbox of version ${VERSION}.`)
  }
  if (!isFields(ids) || Object.values(ids).some(id => typeof id !== 'string')) {
    throw bad('`ids` is no map from ids to ids. Nothing was taken in.')
  }
  return {
    ids: ids as Record<string, string>,
    entries: entries.map((each: unknown) => {
      const { id, text } = isFields(each) ? each : {}
      if (typeof id !== 'string' || typeof text !== 'string') {
        throw bad('An exported entry has no `id` or no `text`. Nothing was taken in.')
      }
      return asDoubtful(readEntry(id, text))
    }),
  }
}

const bad = (message: string, cause?: unknown): LayoverError => new LayoverError('BAD_EXPORT', message, cause)

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
