/** A process of a bench's own, driven by commands over IPC, so that its CPU time is its alone: both of its ends. */
import { fork } from 'node:child_process'
import { bundleOf, type ChildName } from './bundle.ts'

export interface Child {
  /** Rejects with what the command threw, and when the process ends without an answer. */
  call<Value>(command: string, ...values: readonly unknown[]): Promise<Value>
  /** Resolves when it has ended, also when it had before. */
  close(): Promise<void>
}

interface Request {
  readonly id: number
  readonly command: string
  readonly values: readonly unknown[]
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** `NODE_CPU_PROF` names a folder for profiles. */
function profiling(): string[] {
  const folder = process.env['NODE_CPU_PROF']
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

/** Resolves when it serves. `values` are its arguments, `flags` those of Node. */
export async function startChild(
  name: ChildName,
  values: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Child> {
  const child = fork(await bundleOf(name), values, {
    execArgv: [...flags, ...profiling()],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let count = 0
  const answer = <Value>(id: number): Promise<Value> =>
    new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
  const giveUp = (how: unknown): void => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} has ended: ${how}`))
    waiting.clear()
  }
  child.on('message', ({ id, value, error }: Answer) => {
    if (error === undefined) waiting.get(id)?.resolve(value as never)
    else waiting.get(id)?.reject(new Error(`${name}: ${error}`))
    waiting.delete(id)
  })
  const exited = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      giveUp(signal ?? code)
      resolve()
    })
  })
  const call = <Value>(command: string, ...given: readonly unknown[]): Promise<Value> => {
    count += 1
    const answered = answer<Value>(count)
    child.send({ id: count, command, values: given } satisfies Request, error => {
      if (error !== null) giveUp(error.message)
    })
    return answered
  }
  await answer(0)
  return {
    call,
    async close() {
      await call('close').catch(() => undefined)
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

type Commands = Readonly<Record<string, (...values: never[]) => unknown>>

/** The child's side: answers until its parent lets go of it. A command `close` is called before that. */
export function serveCommands(commands: Commands): void {
  const known: Commands = { close: () => undefined, ...commands }
  process.on('message', async ({ id, command, values }: Request) => {
    try {
      const run = known[command]
      if (run === undefined) throw new Error(`there is no command ${command}`)
      process.send?.({ id, value: await run(...(values as never[])) } satisfies Answer)
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      process.send?.({ id, error: text } satisfies Answer)
    }
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ id: 0 } satisfies Answer)
}

/** Of this process so far, user and system. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
