import { StoreError } from 'layover/server'
import { ConfigInvalid } from './config.ts'

const isListenError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')

/** To standard error. What the person who starts the process can mend is said in one line, without a stack. */
export function sayError(error: unknown): void {
  const expected = error instanceof ConfigInvalid || error instanceof StoreError || isListenError(error)
  const text = error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`${text}\n`)
}
