/** A SQLite store that is moved elsewhere: nobody else has it open for writing, and it does not change meanwhile. */
import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import {
  foreignFile,
  lockFile,
  MOVED,
  type Moved,
  migrateSqlite,
  movedOf,
  noStore,
  secretOf,
  unreadable,
} from './sqlite-file.ts'
import { closeHistory, HISTORY_SETTINGS, openHistory } from './sqlite-history.ts'
import { StoreError } from './store.ts'

/** Texts as their bytes: JavaScript's halves of surrogate pairs are in them, which no UTF-8 has. */
export type SourceRow = Readonly<Record<string, Buffer | number | null>>

export interface SqliteSource {
  readonly epoch: string
  readonly secret: string
  /** It was moved before. */
  readonly moved: Moved | undefined
  /** Names of all tables but SQLite's own. */
  readonly tables: readonly string[]
  /** In order of the table. */
  columnsOf(table: string): string[]
  count(table: string): number
  /** In order of the primary key. Only one walk at a time. */
  rows(table: string): Iterable<SourceRow>
  /** Highest number that was ever given to a task; 0: none. */
  readonly lastTaskNumber: number
  /** Durable when it returns: from here on no gateway opens the file. */
  markMoved(moved: Moved): void
  close(): void
}

/**
 * Locks the file as a gateway does, brings an older version's up to date and keeps others from writing until `close`. Throws
 * StoreError: STORE_LOCKED, STORE_TOO_NEW, STORE_UNAVAILABLE.
 */
export function openSource(path: string): SqliteSource {
  const { database, lock } = openLocked(path)
  const close = (): void => {
    if (database.inTransaction) database.exec('rollback')
    closeHistory(database, lock)
    database.close()
    lock.close()
  }
  try {
    const epoch = openHistory(database, lock, path)
    const secret = secretOf(database)
    database.exec('begin immediate')
    const tables = database
      .prepare<[], string>(
        `select name from sqlite_master where type = 'table' and name not like 'sqlite~_%' escape '~' order by name`,
      )
      .pluck()
      .all()
    return {
      epoch,
      secret,
      moved: movedOf(database),
      tables,
      columnsOf: table => columnsOf(database, table).map(({ name }) => name),
      count: table => database.prepare<[], number>(`select count(*) from "${table}"`).pluck().get() ?? 0,
      rows: table => database.prepare<[], SourceRow>(selectOf(database, table)).iterate(),
      lastTaskNumber:
        database.prepare<[], number>(`select seq from sqlite_sequence where name = 'task'`).pluck().get() ?? 0,
      markMoved(moved) {
        database
          .prepare('insert into meta values (?, ?) on conflict (name) do update set value = excluded.value')
          .run(MOVED, JSON.stringify(moved))
        database.exec('commit')
      },
      close,
    }
  } catch (error) {
    close()
    throw unreadable(path, error)
  }
}

/**
 * Gateways may open the file again. It is another history from here on: what was given numbers elsewhere since is not in it.
 * False: it was not moved. Throws as `openSource`.
 */
export function takeMoveBack(path: string): boolean {
  const { database, lock } = openLocked(path)
  try {
    const wasMoved = movedOf(database) !== undefined
    const forget = database.prepare('delete from meta where name = ?')
    if (wasMoved) {
      database.transaction(() => {
        for (const name of [MOVED, ...HISTORY_SETTINGS]) forget.run(name)
      })()
    }
    return wasMoved
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    database.close()
    lock.close()
  }
}

function openLocked(path: string): { database: Database.Database; lock: Database.Database } {
  if (!existsSync(path)) throw noStore(path)
  let database: Database.Database | undefined
  let lock: Database.Database | undefined
  try {
    database = new Database(path, { fileMustExist: true })
    if (database.pragma('user_version', { simple: true }) === 0) throw foreignFile(path)
    lock = lockFile(path)
    database.pragma('synchronous = FULL')
    migrateSqlite(database, path)
    return { database, lock }
  } catch (error) {
    database?.close()
    lock?.close()
    if (!(error instanceof StoreError && error.code === 'STORE_LOCKED')) throw unreadable(path, error)
    throw new StoreError('STORE_LOCKED', `${path} is in use by a gateway: stop it first. Nothing was moved.`, {
      cause: error,
    })
  }
}

interface Column {
  readonly name: string
  readonly type: string
  /** Place in the primary key, from 1; 0: not in it. */
  readonly pk: number
}

const columnsOf = (database: Database.Database, table: string): Column[] =>
  database.pragma(`table_info("${table}")`) as Column[]

function selectOf(database: Database.Database, table: string): string {
  const columns = columnsOf(database, table)
  const selected = columns.map(({ name, type }) =>
    type.toLowerCase() === 'text' ? `cast("${name}" as blob) as "${name}"` : `"${name}"`,
  )
  const key = columns.filter(({ pk }) => pk > 0).sort((left, right) => left.pk - right.pk)
  return `select ${selected.join(', ')} from "${table}" order by ${key.map(({ name }) => `"${table}"."${name}"`).join(', ')}`
}

/**
 * Text as JavaScript hands it to SQLite. Half a surrogate pair has no form in UTF-8; it stands there as UTF-8 would write its
 * number, three bytes that begin with ED and go on with A0 or more.
 */
export function decode(bytes: Buffer): string {
  let text = ''
  let from = 0
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    const [second = 0, third = 0] = bytes.subarray(at + 1, at + 3)
    if (second < 0xa0) continue
    text += bytes.toString('utf8', from, at) + String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f))
    from = at + 3
  }
  return text + bytes.toString('utf8', from)
}
