#!/usr/bin/env node
/** The command `layover`. */
import { readFileSync } from 'node:fs'
import { systemClock } from '../../protocol/index.ts'
import { StoreError } from '../store/store.ts'
import { detail, overview } from './inspect.ts'
import { migrate, takeBack } from './migrate.ts'
import { printDetail, printOverview } from './print.ts'
import { backupTo, operate, placeOf, signalStore } from './stores.ts'
import { type Command, NotPossible, NotUnderstood, readWords, USAGE } from './words.ts'

const SAID = {
  resume: 'It goes on where it stopped',
  undo: 'It is undone and ends REJECTED',
} as const

async function inspect({ store, task, json, values }: Command & { kind: 'inspect' }): Promise<string> {
  const operator = await operate(store)
  const now = systemClock.now()
  const shown = (report: object, text: string): string => (json ? `${JSON.stringify(report, undefined, 2)}\n` : text)
  try {
    if (task === undefined) {
      const report = await overview(operator, placeOf(store), now)
      return shown(report, printOverview(report))
    }
    const [found, ...others] = await operator.find(task)
    if (found === undefined) throw new NotPossible(`${placeOf(store)} has no task "${task}".`)
    if (others.length > 0)
      throw several(
        task,
        [found, ...others].map(each => each.task.reference),
      )
    const report = await detail(operator, found, { now, values })
    return shown(report, printDetail(report))
  } finally {
    await operator.close()
  }
}

async function signal({ store, action, task }: Command & { kind: 'signal' }): Promise<string> {
  const said = await signalStore(store, task, action, systemClock.now())
  switch (said) {
    case 'said':
      return `${task}: ${action} was said. ${SAID[action]} as soon as the gateway reads this; if none runs, at its next start.\n`
    case 'no such task':
      throw new NotPossible(`${placeOf(store)} has no task "${task}".`)
    case 'several tasks':
      throw several(task)
    case 'not parked':
      throw new NotPossible(
        `${task} is not parked, so it can't be told to ${action}. "layover inspect ${task}" shows what it is at.`,
      )
  }
}

async function backup({ store, target }: Command & { kind: 'backup' }): Promise<string> {
  // It holds everybody's data: for its owner's eyes only.
  process.umask(0o077)
  await backupTo(store, target)
  return `${store} was copied to ${target}.\n`
}

const several = (task: string, references: readonly string[] = []): NotPossible =>
  new NotPossible(`Several users have a task with the id ${task}: use the reference. ${references.join(' ')}`.trimEnd())

function version(): string {
  // As deep below the root in the checkout as in the package.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function answer(command: Command): Promise<string> {
  switch (command.kind) {
    case 'help':
      return USAGE
    case 'version':
      return `${version()}\n`
    case 'inspect':
      return inspect(command)
    case 'signal':
      return signal(command)
    case 'backup':
      return backup(command)
    case 'migrate':
      return migrate(command, systemClock, line => void process.stderr.write(line))
    case 'take back':
      return takeBack(command)
  }
}

/** What the person can mend is said in one line; anything else shows where it came from. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof NotUnderstood) return `${error.message}\n\n${USAGE}`
  return error instanceof NotPossible || error instanceof StoreError ? error.message : (error.stack ?? error.message)
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', () => process.exit(0))
try {
  process.stdout.write(await answer(readWords(process.argv.slice(2), process.env)))
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = error instanceof NotUnderstood || error instanceof NotPossible ? 2 : 1
}
