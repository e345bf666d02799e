/** A process of its own that is called over IPC: both of its ends. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

export interface Child {
  readonly process: ChildProcess
  /** What it said when it was ready. */
  readonly ready: Promise<string>
  call<Value>(command: string, ...values: unknown[]): Promise<Value>
}

/** `NODE_CPU_PROF` names a folder for profiles. */
export function startChild(file: string, args: readonly string[] = []): Child {
  const profile = process.env['NODE_CPU_PROF']
  const execArgv = [
    '--expose-gc',
    '--import',
    'tsx',
    ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
  ]
  const child = fork(join(import.meta.dirname, file), args, { execArgv })
  const waiting = new Map<number, (value: never) => void>()
  let count = 0
  child.on('message', ({ id, value }: { id: number; value: never }) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  // Nobody answers any more: the bench ends here, below what the child has printed.
  child.once('exit', code => {
    if (code) throw new Error(`${file} ended with ${code}`)
  })
  return {
    process: child,
    ready: new Promise(resolve => waiting.set(0, resolve)),
    call: (command, ...values) =>
      new Promise(resolve => {
        count += 1
        waiting.set(count, resolve)
        child.send({ id: count, command, values })
      }),
  }
}

/** In the child: says that it is ready, and answers calls until its parent lets go of it. */
export function answerCalls(ready: string, commands: Readonly<Record<string, (...values: never[]) => unknown>>): void {
  process.on('message', async ({ id, command, values }: { id: number; command: string; values: never[] }) => {
    const value = await commands[command]?.(...values)
    process.send?.({ id, value })
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ id: 0, value: ready })
}

export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
