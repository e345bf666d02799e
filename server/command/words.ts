/** What may stand behind `layover`, and what it says when something else does. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export const USAGE = `layover: looks after the store of a Layover gateway, while it runs or not.

  layover inspect [task]        unfinished and parked tasks and a summary, or everything about one task
  layover tasks resume <task>   a parked task goes on where it stopped
  layover tasks undo <task>     a parked task is undone, step by step, and ends REJECTED
  layover backup <file>         a consistent copy of the store, into a file that is not there yet

  --store <file>   the SQLite store; default $DATA_DIR/layover.db, or .layover/layover.db
  --json           inspect: the same for programs
  --values         inspect: also what people typed, which may be personal data
  --help, --version

A task is named by its reference, as inspect and the log show it, or by its id.
It ends with 0, with 1 when the store can't be used, and with 2 when the command can't be understood or the task can't be
told this.
`

export type Command =
  | { readonly kind: 'help' | 'version' }
  | {
      readonly kind: 'inspect'
      readonly store: string
      readonly task: string | undefined
      readonly json: boolean
      readonly values: boolean
    }
  | { readonly kind: 'signal'; readonly store: string; readonly action: 'resume' | 'undo'; readonly task: string }
  | { readonly kind: 'backup'; readonly store: string; readonly target: string }

/** Exit code 2: `message` says what was not understood; the usage follows it. */
export class NotUnderstood extends Error {
  readonly code = 'NOT_UNDERSTOOD'
}

/** Exit code 2: the words are right, but `message` says why that task can't be shown or told this. */
export class NotPossible extends Error {
  readonly code = 'NOT_POSSIBLE'
}

const OPTIONS = {
  store: { type: 'string' },
  json: { type: 'boolean', default: false },
  values: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
  version: { type: 'boolean', default: false, short: 'v' },
} as const

/** Throws NotUnderstood. */
export function readWords(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Command {
  const { values: options, positionals } = parse(words)
  if (options.help) return { kind: 'help' }
  if (options.version) return { kind: 'version' }
  const [verb, ...rest] = positionals
  const store = options.store ?? join(environment['DATA_DIR'] || '.layover', 'layover.db')
  if (verb !== 'inspect' && (options.json || options.values)) {
    throw new NotUnderstood('--json and --values belong to inspect.')
  }
  if (verb === 'inspect') {
    const [task] = atMost(1, rest)
    return { kind: 'inspect', store, task, json: options.json, values: options.values }
  }
  if (verb === 'backup') {
    const [target] = atMost(1, rest)
    if (target === undefined) throw new NotUnderstood('backup needs the file to write: layover backup <file>.')
    return { kind: 'backup', store, target }
  }
  if (verb !== 'tasks') throw new NotUnderstood(verb === undefined ? 'Say what to do.' : `There is no "${verb}".`)
  const [action, task] = atMost(2, rest)
  if (action !== 'resume' && action !== 'undo') throw new NotUnderstood('tasks is followed by resume or undo.')
  if (task === undefined) throw new NotUnderstood(`tasks ${action} needs the task: layover tasks ${action} <task>.`)
  return { kind: 'signal', store, action, task }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // Node's own text names the option and is made for people.
    throw new NotUnderstood(error instanceof Error ? error.message : String(error))
  }
}

function atMost(count: number, words: readonly string[]): readonly string[] {
  const extra = words[count]
  if (extra !== undefined) throw new NotUnderstood(`"${extra}" is one word too many.`)
  return words
}
