import type { OutboxEntry } from 'layover/client'
import { isUnsettled } from '../outbox/state-word.ts'

/** Is this a decision about that conflict that has not been answered yet? */
export const isDecisionAbout = (entry: OutboxEntry, conflictId: string): boolean =>
  entry.name === 'ResolveConflict' && entry.variables['conflictOf'] === conflictId && isUnsettled(entry)
