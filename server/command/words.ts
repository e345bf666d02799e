/** What may stand behind `layover`, and what it says when something else does. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export const USAGE = `layover: looks after the store of a Layover gateway, while it runs or not.

  layover inspect [task]        unfinished and parked tasks and a summary, or everything about one task
  layover tasks resume <task>   a parked task goes on where it stopped
  layover tasks undo <task>     a parked task is undone, step by step, and ends REJECTED
  layover backup <file>         a consistent copy of a SQLite store, into a file that is not there yet
  layover migrate sqlite-to-postgres   moves a SQLite store into an empty Postgres database; stop its gateway first
  layover migrate undo          lets gateways open the SQLite file of a move again, as it was

  --store <file>   a SQLite store or, as postgres://…, one on Postgres; default $DATABASE_URL, else
                   $DATA_DIR/layover.db, else .layover/layover.db
  --from <file>    migrate: the SQLite store; default $DATA_DIR/layover.db, else .layover/layover.db
  --to <address>   migrate: postgres://user:password@host:5432/database; default $DATABASE_URL
  --new-epoch      migrate: devices start anew with a full pull, instead of going on with what they have
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
  | { readonly kind: 'migrate'; readonly from: string; readonly to: string; readonly newEpoch: boolean }
  | { readonly kind: 'take back'; readonly from: string }

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
  from: { type: 'string' },
  to: { type: 'string' },
  'new-epoch': { type: 'boolean', default: false },
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
  const file = join(environment['DATA_DIR'] || '.layover', 'layover.db')
  const address = environment['DATABASE_URL'] || undefined
  if (verb === 'migrate') return readMigration(rest, options, { file, address })
  if (options.from !== undefined || options.to !== undefined || options['new-epoch']) {
    throw new NotUnderstood('--from, --to and --new-epoch belong to migrate.')
  }
  const store = checkAddress('--store', options.store ?? address ?? file)
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

function readMigration(
  words: readonly string[],
  options: ReturnType<typeof parse>['values'],
  { file, address }: { file: string; address: string | undefined },
): Command {
  const [what] = atMost(1, words)
  const from = options.from ?? file
  if (options.store !== undefined || options.json || options.values) {
    throw new NotUnderstood('migrate takes --from and --to.')
  }
  if (isAddress(from)) throw new NotUnderstood('--from is the file of a SQLite store: there is no way from Postgres.')
  if (what === 'undo') {
    if (options.to !== undefined || options['new-epoch']) throw new NotUnderstood('migrate undo takes --from only.')
    return { kind: 'take back', from }
  }
  if (what !== 'sqlite-to-postgres') throw new NotUnderstood('migrate is followed by sqlite-to-postgres or undo.')
  const to = options.to ?? address
  if (to === undefined || !isAddress(to)) {
    throw new NotUnderstood('migrate sqlite-to-postgres needs --to postgres://… or DATABASE_URL.')
  }
  return { kind: 'migrate', from, to: checkAddress('--to', to), newEpoch: options['new-epoch'] }
}

export const isAddress = (store: string): boolean => /^postgres(ql)?:\/\//.test(store)

function checkAddress(option: string, store: string): string {
  if (isAddress(store) && !URL.canParse(store)) {
    throw new NotUnderstood(`${option} or DATABASE_URL is no address: postgres://user:password@host:5432/database.`)
  }
  return store
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
