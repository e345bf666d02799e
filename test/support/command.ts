/** The command `layover` as people run it. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { COMMAND } from './programs.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** Resolves when it has ended, whatever its exit code. */
export function layover(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const all = [COMMAND, ...words]
  const options = { cwd: ROOT, env: { ...process.env, ...environment } }
  return new Promise(resolve => {
    execFile(process.execPath, all, options, (error, out, said) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: said }),
    )
  })
}
