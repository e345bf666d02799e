/** The real gateway as a process of its own: what `npm start` runs, on a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { GATEWAY_BUNDLE } from './global-setup.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface GatewayProcess {
  /** Without a slash at its end. */
  readonly url: string
  readonly port: number
  /** Every line it wrote so far, to standard output or error. */
  readonly said: readonly string[]
  /** Resolves when it has ended, by itself or not, with its exit code; null: by a signal. */
  readonly ended: Promise<number | null>
  /** `kill -9`: nothing is finished, nothing is said. */
  kill(): Promise<void>
  /** SIGSTOP: it stands still, its connections stay open. */
  freeze(): void
  /** SIGCONT: it goes on as if no time had passed. */
  wake(): void
  /** Asks it to end (SIGTERM) and waits until it has; its exit code. */
  stop(): Promise<number | null>
}

export interface GatewayProcessOptions {
  /** The same folder again is the same gateway after a restart. */
  dataDir: string
  /** Default 0: any free one. */
  port?: number
  env?: Readonly<Record<string, string>>
  /** Aborted, it is killed, also before it serves. */
  signal?: AbortSignal
}

/** The line in which the gateway says where it is. */
function announcedUrl(gateway: ChildProcess, said: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    for (const stream of [gateway.stdout!, gateway.stderr!]) {
      createInterface({ input: stream }).on('line', line => {
        said.push(line)
        const url = /^Layover is at (http:\S+?)\/?$/.exec(line)?.[1]
        if (url) resolve(url)
      })
    }
    gateway.once('error', reject)
    gateway.once('exit', code =>
      reject(new Error(`The gateway ended with ${code} before it served:\n${said.join('\n')}`)),
    )
  })
}

/** Resolves when it serves. */
export async function startGatewayProcess({
  dataDir,
  port = 0,
  env = {},
  signal,
}: GatewayProcessOptions): Promise<GatewayProcess> {
  const gateway = spawn(process.execPath, [GATEWAY_BUNDLE], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'warn', ...env, PORT: String(port), DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  })
  const exited = new Promise<number | null>(resolve => gateway.once('exit', resolve))
  const said: string[] = []
  const url = await announcedUrl(gateway, said)
  return {
    url,
    said,
    port: Number(new URL(url).port),
    ended: exited,
    freeze: () => void gateway.kill('SIGSTOP'),
    wake: () => void gateway.kill('SIGCONT'),
    async stop() {
      gateway.kill('SIGTERM')
      return exited
    },
    async kill() {
      gateway.kill('SIGKILL')
      await exited
    },
  }
}

/** An empty data folder, and how to remove it. */
export async function temporaryDataDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'layover-data-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) }
}
