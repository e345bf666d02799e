/** Throw-away PgBouncers on loopback, before a PostgreSQL server that trusts everybody. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './postgres.ts'

const PROGRAM = '/usr/sbin/pgbouncer'

export interface Pooler {
  /** The same database by way of the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/** For `it.skipIf`: says why on the way. */
export function pgbouncerMissing(): boolean {
  if (existsSync(PROGRAM)) return false
  process.stdout.write('skipped, PgBouncer is not installed: apt-get install pgbouncer\n')
  return true
}

/** `sessions`: how many it holds to the server. */
export async function startPgbouncer(url: string, mode: 'session' | 'transaction', sessions = 10): Promise<Pooler> {
  const { hostname, port, username } = new URL(url)
  const folder = mkdtempSync(join(tmpdir(), 'layover-pgbouncer-'))
  chmodSync(folder, 0o755)
  const own = await freePort()
  writeFileSync(join(folder, 'users.txt'), `"${username}" ""\n`)
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${sessions}
`,
  )
  // It refuses to run as root.
  const user =
    process.getuid?.() === 0 ? ['-u', execFileSync('id', ['-un', 'postgres'], { encoding: 'utf8' }).trim()] : []
  const pooler = spawn(PROGRAM, [...user, join(folder, 'pgbouncer.ini')], { stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise<void>((resolve, reject) => {
    const said: string[] = []
    createInterface({ input: pooler.stderr }).on('line', line => {
      said.push(line)
      if (line.includes('process up')) resolve()
    })
    pooler.once('error', reject)
    pooler.once('exit', code => reject(new Error(`pgbouncer ended with ${code}:\n${said.join('\n')}`)))
  })
  const through = new URL(url)
  through.port = String(own)
  return {
    url: through.href,
    stop: () =>
      new Promise(resolve => {
        pooler.once('exit', () => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
        pooler.kill('SIGKILL')
      }),
  }
}
