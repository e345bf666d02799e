/** What the gateway and the command do alike with a SQLite file: lock it, bring it up to date, and say what is wrong with it. */
import { randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import { SQLITE_MIGRATIONS } from './migrations.ts'
import { StoreError } from './store.ts'

/**
 * An exclusive lock that the operating system drops when the process dies, however it dies. It sits on a file of its own,
 * because the store itself is read over a second connection.
 */
export function lockFile(store: string): Database.Database {
  const lock = new Database(`${store}.lock`, { timeout: 0 })
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('begin exclusive; create table if not exists holder (process integer, session text)')
    const columns = lock.pragma('table_info(holder)') as { name: string }[]
    if (!columns.some(({ name }) => name === 'session')) lock.exec('alter table holder add column session text')
    const held = lock.prepare('update holder set process = ?').run(process.pid)
    if (held.changes === 0) lock.prepare('insert into holder (process) values (?)').run(process.pid)
    lock.exec('commit')
    return lock
  } catch (error) {
    lock.close()
    if (!isSqliteError(error)) throw error
    throw new StoreError(
      'STORE_LOCKED',
      `${store} is in use by another gateway. One SQLite file serves one process: stop the other one, or point DATA_DIR elsewhere.`,
      { cause: error },
    )
  }
}

/** Throws StoreError STORE_TOO_NEW. */
export function migrateSqlite(database: Database.Database, path: string): void {
  const from = database.pragma('user_version', { simple: true }) as number
  if (from > SQLITE_MIGRATIONS.length) {
    throw new StoreError(
      'STORE_TOO_NEW',
      `${path} was written by a newer version (schema ${from}, this one knows ${SQLITE_MIGRATIONS.length}): start that version.`,
    )
  }
  for (let version = from; version < SQLITE_MIGRATIONS.length; version += 1) {
    database.transaction(() => {
      database.exec(SQLITE_MIGRATIONS[version] as string)
      database.pragma(`user_version = ${version + 1}`)
    })()
  }
}

/** The store's own, made when there is none. */
export function secretOf(database: Database.Database): string {
  database.prepare(`insert into meta values ('secret', ?) on conflict do nothing`).run(randomBytes(32).toString('hex'))
  return readSetting(database, 'secret') ?? ''
}

/** In `meta`: the store goes on elsewhere. Gateways refuse the file. */
export const MOVED = 'moved'

export interface Moved {
  /** Where it went, as people are told. */
  readonly to: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

export function movedOf(database: Database.Database): Moved | undefined {
  const moved = readSetting(database, MOVED)
  return moved === undefined ? undefined : (JSON.parse(moved) as Moved)
}

/** Throws StoreError STORE_MOVED. */
export function refuseMoved(database: Database.Database, path: string): void {
  const moved = movedOf(database)
  if (moved === undefined) return
  throw new StoreError(
    'STORE_MOVED',
    `${path} was moved to ${moved.to} on ${new Date(moved.at).toISOString()}, and what is in it is old. Set DATABASE_URL, or take the move back with "layover migrate undo".`,
  )
}

export const noStore = (path: string): StoreError =>
  new StoreError(
    'STORE_UNAVAILABLE',
    `There is no store at ${path}. Name it with --store <file>, or set DATA_DIR as the gateway has it.`,
  )

export const foreignFile = (path: string): StoreError =>
  new StoreError('STORE_UNAVAILABLE', `${path} is a database, but not a store of Layover.`)

/** What SQLite threw, in words; anything else as it is. */
export function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  const why = error.code === 'SQLITE_NOTADB' ? 'is no SQLite database' : `could not be used (${error.code})`
  return new StoreError('STORE_UNAVAILABLE', `${path} ${why}.`, { cause: error })
}

export const isSqliteError = (error: unknown): boolean => error instanceof Database.SqliteError

const readSetting = (database: Database.Database, name: string): string | undefined =>
  database.prepare<[string], { value: string }>('select value from meta where name = ?').get(name)?.value
