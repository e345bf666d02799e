/** The real gateway as a process of its own: what `npm start` runs, on a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from './postgres.ts'
import { GATEWAY, OUTSIDE } from './programs.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface GatewayProcess {
  /** Without a slash at its end. */
  readonly url: string
  readonly port: number
  /** Every line it wrote so far, to standard output or error. */
  readonly said: readonly string[]
  /** `kill -9`: nothing is finished, nothing is said. */
  kill(): Promise<void>
  /** Asks it to end (SIGTERM) and waits until it has; its exit code. */
  stop(): Promise<number | null>
  signal(name: NodeJS.Signals): void
  /** Its exit code, once it has ended; null: a signal ended it. */
  readonly exited: Promise<number | null>
}

export interface GatewayProcessOptions {
  /** The same folder again is the same gateway after a restart. */
  dataDir: string
  /** Default 0: any free one. */
  port?: number
  env?: Readonly<Record<string, string>>
  /** Default: as the tests are, in the checkout. */
  as?: ProcessIdentity
  /** Aborted, the process is killed, also before it serves. */
  until?: AbortSignal
}

interface ProcessIdentity {
  cwd?: string
  uid?: number
  gid?: number
}

/** The line in which the process says where it is. */
function announcedUrl(gateway: ChildProcess, said: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    for (const stream of [gateway.stdout!, gateway.stderr!]) {
      createInterface({ input: stream }).on('line', line => {
        said.push(line)
        const url = /^(?:Layover|The outside) is at (http:\S+?)\/?$/.exec(line)?.[1]
        if (url) resolve(url)
      })
    }
    gateway.once('error', reject)
    gateway.once('exit', code =>
      reject(new Error(`The process ended with ${code} before it served:\n${said.join('\n')}`)),
    )
  })
}

/** Resolves when it serves. */
export function startGatewayProcess({
  dataDir,
  port = 0,
  env,
  as,
  until,
}: GatewayProcessOptions): Promise<GatewayProcess> {
  return start(GATEWAY, { ...env, PORT: String(port), DATA_DIR: dataDir }, as, until)
}

/** `npm run outside` on two free ports. Resolves when it serves. */
export async function startOutsideProcess({
  dataDir,
  port,
}: {
  dataDir: string
  /** Default: a free one whose next one is free too. */
  port?: number
}): Promise<GatewayProcess> {
  const sandboxPort = port ?? (await freePorts())
  return start(OUTSIDE, { OUTSIDE_PORT: String(sandboxPort), DATA_DIR: dataDir })
}

async function freePorts(): Promise<number> {
  for (;;) {
    const port = await freePort()
    const next = port < 65_535 && (await isFree(port + 1))
    if (next) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

async function start(
  program: string,
  env: NodeJS.ProcessEnv,
  as: ProcessIdentity = {},
  until?: AbortSignal,
): Promise<GatewayProcess> {
  const gateway = spawn(process.execPath, [program], {
    cwd: ROOT,
    ...as,
    env: { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    ...(until === undefined ? {} : { signal: until }),
  })
  const exited = new Promise<number | null>(resolve => gateway.once('exit', resolve))
  const said: string[] = []
  const url = await announcedUrl(gateway, said)
  return {
    url,
    said,
    port: Number(new URL(url).port),
    exited,
    signal: name => void gateway.kill(name),
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
