import type { OutboxEntry } from 'layover/client'

const LOCKING = new Set(['CheckOut', 'CheckIn'])

/** Of the entries about a customer those that change it; taking it and giving it back are no changes. */
export const changesAmong = (entries: readonly OutboxEntry[]): readonly OutboxEntry[] =>
  entries.some(({ name }) => LOCKING.has(name)) ? entries.filter(({ name }) => !LOCKING.has(name)) : entries
