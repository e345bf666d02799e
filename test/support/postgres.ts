/** Throw-away PostgreSQL servers on loopback: real ones, in a folder of their own, gone with the tests. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import pg from 'pg'
import { pause, systemClock, systemRandom } from '../../protocol/index.ts'

const run = promisify(execFile)

/** In `process.env`: the server that all tests of a run share. Unset: PostgreSQL is not installed. */
export const SHARED_SERVER = 'TEST_POSTGRES_URL'

export interface PostgresServer {
  /** Of its maintenance database, as its superuser. */
  readonly url: string
  /** An empty database; its address. */
  createDatabase(): Promise<string>
  /** `kill -9` of the server and all its processes; resolves when it serves again. */
  crash(): Promise<void>
  /** Ends it in good order and starts it again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Default false: the tests kill processes, not machines, so nothing is brought to the disk. True for benchmarks. */
  durable?: boolean
  settings?: Readonly<Record<string, string>>
}

/** Where the server's programs are; undefined when it is not installed. */
export function postgresPrograms(): string | undefined {
  const named = process.env['POSTGRES_BIN']
  if (named !== undefined) return named
  const debian = '/usr/lib/postgresql'
  if (!existsSync(debian)) return undefined
  return readdirSync(debian)
    .sort((left, right) => Number(right) - Number(left))
    .map(version => join(debian, version, 'bin'))
    .find(folder => existsSync(join(folder, 'initdb')))
}

/** PostgreSQL refuses to run as root: there it gets the user of the system's package. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (what: string): number => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

export async function startPostgres({ durable = false, settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
  const programs = postgresPrograms()
  if (programs === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const folder = mkdtempSync(join(tmpdir(), 'layover-postgres-'))
  const who = account()
  if (who.uid !== undefined && who.gid !== undefined) chownSync(folder, who.uid, who.gid)
  const data = join(folder, 'data')
  await run(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'layover', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...who, cwd: folder },
  )
  const port = await freePort()
  const configured = Object.entries({
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    max_connections: '200',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const url = (database: string): string => `postgres://layover@127.0.0.1:${port}/${database}`
  let server: ChildProcess
  const start = async (): Promise<void> => {
    server = spawn(join(programs, 'postgres'), ['-D', data, ...configured], {
      ...who,
      cwd: folder,
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
  const ask = async (sql: string): Promise<void> => {
    const client = new pg.Client(url('postgres'))
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await start()
  return {
    url: url('postgres'),
    async createDatabase() {
      const name = `test_${systemRandom.uuid().replaceAll('-', '')}`
      await ask(`create database ${name}`)
      return url(name)
    },
    async crash() {
      const children = childrenOf(server)
      await end('SIGKILL')
      for (const pid of children) killOrphan(pid)
      await startAfterCrash(start)
    },
    async restart() {
      await end('SIGINT')
      await start()
    },
    async stop() {
      await end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

/** An empty database on the server that all tests share; its address. */
export async function freshDatabase(): Promise<string> {
  const shared = sharedServer()
  if (shared === undefined) throw new Error('PostgreSQL is not installed')
  const client = new pg.Client(shared)
  await client.connect()
  try {
    const name = `test_${systemRandom.uuid().replaceAll('-', '')}`
    await client.query(`create database ${name}`)
    const url = new URL(shared)
    url.pathname = `/${name}`
    return url.href
  } finally {
    await client.end()
  }
}

/** Ends whoever is connected to it. */
export async function dropDatabase(url: string): Promise<void> {
  const client = new pg.Client(sharedServer())
  await client.connect()
  try {
    await client.query(`drop database if exists "${new URL(url).pathname.slice(1)}" with (force)`)
  } finally {
    await client.end()
  }
}

export const sharedServer = (): string | undefined => process.env[SHARED_SERVER]

/** For `describe.skipIf`: says why on the way. */
export function postgresMissing(): boolean {
  if (sharedServer() !== undefined) return false
  process.stdout.write('skipped, PostgreSQL is not installed: apt-get install postgresql\n')
  return true
}

/** Linux; elsewhere none, and they end by themselves a moment after their parent. */
function childrenOf({ pid }: ChildProcess): number[] {
  const list = `/proc/${pid}/task/${pid}/children`
  return existsSync(list) ? readFileSync(list, 'utf8').split(' ').filter(Boolean).map(Number) : []
}

function killOrphan(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has noticed by itself.
  }
}

/** It refuses to start as long as one of the processes from before still has its memory. */
async function startAfterCrash(start: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await start()
    } catch (error) {
      if (!String(error).includes('shared memory block')) throw error
      await pause(systemClock, 50)
    }
  }
}

function saysReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    createInterface({ input: server.stderr as NonNullable<ChildProcess['stderr']> }).on('line', line => {
      if (said.length < 100) said.push(line)
      if (line.includes('database system is ready to accept connections')) resolve()
    })
    server.once('error', reject)
    server.once('exit', code => reject(new Error(`postgres ended with ${code}:\n${said.join('\n')}`)))
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
