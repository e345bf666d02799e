/** A process of a bench's own, driven by commands over IPC, so that its CPU time is its alone. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

export interface Child {
  call<Value>(command: string, ...values: readonly unknown[]): Promise<Value>
  close(): Promise<void>
}

interface Message {
  readonly id: number
  readonly value?: never
  readonly error?: string
}

/** `NODE_CPU_PROF` names a folder for profiles. */
function profiling(): string[] {
  const folder = process.env['NODE_CPU_PROF']
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

/** `file` in this folder, a module that ends with `serveCommands`. Resolves when it serves. */
export async function startChild(file: string, ...values: readonly string[]): Promise<Child> {
  const child: ChildProcess = fork(join(import.meta.dirname, file), values, {
    execArgv: ['--import', 'tsx', ...profiling()],
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  let count = 0
  const answer = (id: number): Promise<never> => new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
  child.on('message', ({ id, value, error }: Message) => {
    if (error === undefined) waiting.get(id)?.resolve(value as never)
    else waiting.get(id)?.reject(new Error(`${file}: ${error}`))
    waiting.delete(id)
  })
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} has ended`))
  })
  const call = <Value>(command: string, ...given: readonly unknown[]): Promise<Value> => {
    count += 1
    child.send({ id: count, command, values: given })
    return answer(count)
  }
  await answer(0)
  return {
    call,
    async close() {
      await call('close').catch(() => undefined)
      child.disconnect()
      await exited
    },
  }
}

type Commands = Readonly<Record<string, (...values: never[]) => unknown>>

/** The child's side. `close` is called before it ends. */
export function serveCommands(commands: Commands & { close(): Promise<void> }): void {
  process.on('message', async ({ id, command, values }: { id: number; command: string; values: never[] }) => {
    try {
      process.send?.({ id, value: await (commands as Commands)[command]?.(...values) })
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ id: 0 })
}
