import { LayoverError, type LayoverErrorCode } from 'layover/client'
import { shellTexts } from './shell.ts'

/** Why something could not be done, for the person who asked for it. */
export function problemText(reason: unknown): string {
  const known: Readonly<Partial<Record<LayoverErrorCode, string>>> = shellTexts.problems
  const words = reason instanceof LayoverError ? known[reason.code] : undefined
  return words ?? (reason instanceof Error ? reason.message : String(reason))
}
