/** The real gateway, as it ships, as a process of its own, so that its CPU time is its alone. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bundleGateway } from '../../server/vacation/build.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Of Linux: one tick of /proc/<pid>/stat in milliseconds. */
const TICK_MS = 10

export interface BenchGateway {
  readonly url: string
  /** CPU time of the process since its start, user and system, in steps of 10 ms (Linux). */
  cpuMs(): number
  stop(): Promise<void>
}

export async function startGatewayProcess(environment: Readonly<Record<string, string>>): Promise<BenchGateway> {
  const flags = process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []
  await bundleGateway()
  const gateway: ChildProcess = spawn(process.execPath, [...flags, 'dist/gateway/main.js'], {
    cwd: ROOT,
    env: { ...process.env, ...environment, NODE_ENV: 'production', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>(resolve => gateway.once('exit', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: gateway.stdout! }).on('line', line => {
      const found = /^Layover is at (http:\S+?)\/?$/.exec(line)?.[1]
      if (found) resolve(found)
    })
    exited.then(() => reject(new Error('the gateway ended before it served')))
  })
  return {
    url,
    cpuMs() {
      const fields = readFileSync(`/proc/${gateway.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS
    },
    async stop() {
      gateway.kill('SIGTERM')
      await exited
    },
  }
}
