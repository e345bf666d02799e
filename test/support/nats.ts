/** Throw-away NATS servers on loopback: real ones, on a port of their own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { freePort } from './postgres.ts'

export interface NatsServer {
  readonly url: string
  /** `kill -9`; resolves when it is gone. */
  crash(): Promise<void>
  /** On the same port; resolves when it takes connections. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** For `describe.skipIf`: says why on the way. */
export function natsMissing(): boolean {
  if (spawnSync('nats-server', ['--version']).error === undefined) return false
  process.stdout.write('skipped, NATS is not installed: apt-get install nats-server\n')
  return true
}

/** `more`: arguments of the command. */
export async function startNats(more: readonly string[] = []): Promise<NatsServer> {
  const port = await freePort()
  let server: ChildProcess
  const start = async (): Promise<void> => {
    server = spawn('nats-server', ['--addr', '127.0.0.1', '--port', String(port), ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await saysReady(server)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = new Promise<void>(resolve => server.once('exit', () => resolve()))
    server.kill(signal)
    await exited
  }
  await start()
  return { url: `nats://127.0.0.1:${port}`, crash: () => end('SIGKILL'), start, stop: () => end('SIGTERM') }
}

function saysReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    createInterface({ input: server.stderr as NonNullable<ChildProcess['stderr']> }).on('line', line => {
      if (said.length < 100) said.push(line)
      if (line.includes('Server is ready')) resolve()
    })
    server.once('error', reject)
    server.once('exit', code => reject(new Error(`nats-server ended with ${code}:\n${said.join('\n')}`)))
  })
}
