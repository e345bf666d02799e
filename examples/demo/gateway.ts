/** The real gateway in a process of its own, as `npm start` runs it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface GatewayProcess {
  readonly url: string
  /** Where the supplier sandbox is. */
  readonly sandboxUrl: string
  /** A token of a demo user. */
  signIn(user: string): Promise<string>
  stop(): Promise<void>
}

/** On a free port and a data folder of its own, which goes when it stops. Rejects with what it said if it does not start. */
export async function startGateway(): Promise<GatewayProcess> {
  const data = await mkdtemp(join(tmpdir(), 'layover-demo-'))
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/vacation/main.ts'], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: 'development',
      AUTH_SECRET: '',
      AUTH_JWKS_URL: '',
      PORT: '0',
      DATA_DIR: data,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [url, sandboxUrl] = await addresses(child)
  return {
    url,
    sandboxUrl,
    async signIn(user) {
      const response = await fetch(`${url}/demo/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user }),
      })
      return ((await response.json()) as { token: string }).token
    },
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
      await rm(data, { recursive: true, force: true })
    },
  }
}

async function addresses(child: ChildProcess): Promise<[string, string]> {
  const said: string[] = []
  let url: string | undefined
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', line => {
        said.push(line)
        url ??= /^Layover is at (\S+?)\/?$/.exec(line)?.[1]
        const sandbox = /supplier sandbox (\S+)/.exec(line)?.[1]
        if (url !== undefined && sandbox !== undefined) resolve([url, sandbox])
      })
    }
    child.once('exit', () => reject(new Error(`The gateway did not start:\n${said.join('\n')}`)))
  })
}
