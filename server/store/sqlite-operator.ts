/** A SQLite store as the command sees it: from another process, while a gateway may be running on it. */
import { existsSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { TaskStatus } from '../../protocol/index.ts'
import { SQLITE_MIGRATIONS } from './migrations.ts'
import { backupSqlite } from './sqlite-backup.ts'
import { SqliteStatements } from './sqlite-statements.ts'
import { type TaskRow, taskOf } from './sqlite-view.ts'
import { type EntityRecord, type StoredTask, StoreError } from './store.ts'

/** Why and since when (milliseconds) a task is parked. */
export interface Parked {
  readonly why: string
  readonly at: number
}

export interface OperatorTask {
  readonly task: StoredTask
  readonly parked: Parked | undefined
  /** The Task record as clients see it. */
  readonly record: EntityRecord | undefined
}

export interface OperatorMemo {
  readonly key: string
  readonly value: unknown
}

export type OperatorAction = 'resume' | 'undo'

/** Of the store as it was at one moment. */
export interface OperatorSummary {
  readonly statuses: Readonly<Partial<Record<TaskStatus, number>>>
  readonly heads: Readonly<Record<string, number>>
  /** With the write-ahead log beside it. */
  readonly fileBytes: number
}

/** Nothing here creates, migrates or changes a store but `signal`, which writes one row. */
export interface SqliteOperator {
  summary(): OperatorSummary
  unfinished(): OperatorTask[]
  /** By reference, or by id: ids belong to their users, so there may be several. */
  find(referenceOrId: string): OperatorTask[]
  memos(reference: string): OperatorMemo[]
  /** References of the tasks that it waits for, and of those that wait for it. */
  waits(task: StoredTask): { readonly for: string[]; readonly by: string[] }
  pendingSignal(reference: string): OperatorAction | undefined
  close(): void
}

interface Row extends TaskRow {
  parked: string | null
  record: string | null
}

const TASKS = `select t.*, r.entity as record from task t
  left join record r on r.partition = t.partition and r.type = 'Task' and r.key = t.user || '/' || t.id`

/** Throws StoreError: STORE_UNAVAILABLE for no or no readable store, STORE_TOO_NEW or STORE_TOO_OLD for another version's. */
export function operateSqlite(path: string): SqliteOperator {
  const database = open(path, 'read')
  // One snapshot for all that is asked, whatever the gateway commits meanwhile.
  database.exec('begin')
  const statements = new SqliteStatements(database)
  const tasksOf = (condition: string, ...values: readonly unknown[]): OperatorTask[] =>
    statements.all<Row>(`${TASKS} where ${condition} order by t.number`, ...values).map(operatorTaskOf)
  const references = (sql: string, number: number): string[] =>
    statements.all<{ reference: string }>(sql, number).map(({ reference }) => reference)
  return {
    summary: () => ({
      statuses: pairs(statements.all('select status as name, count(*) as value from task group by status')),
      heads: pairs(statements.all('select name, head as value from partition order by name')),
      fileBytes: sizeOf(path) + sizeOf(`${path}-wal`),
    }),
    unfinished: () => tasksOf(`t.state <> 'finished'`),
    find(referenceOrId) {
      const named = tasksOf('t.reference = ?', referenceOrId)
      return named.length > 0 ? named : tasksOf('t.id = ?', referenceOrId)
    },
    memos: reference =>
      statements
        .all<{ key: string; value: string }>('select key, value from memo where reference = ? order by key', reference)
        .map(({ key, value }) => ({ key, value: JSON.parse(value) as unknown })),
    waits: ({ number }) => ({
      for: references('select t.reference from waits w join task t on t.number = w.blocker where w.waiter = ?', number),
      by: references('select t.reference from waits w join task t on t.number = w.waiter where w.blocker = ?', number),
    }),
    pendingSignal: reference =>
      statements.one<{ action: OperatorAction }>('select action from signal where reference = ?', reference)?.action,
    close: () => database.close(),
  }
}

export type Said = 'said' | 'no such task' | 'not parked' | 'several tasks'

/** Tells the gateway, running or not, what to do with a parked task. The last word counts. Throws as `operateSqlite`. */
export function signalSqlite(path: string, referenceOrId: string, action: OperatorAction, now: number): Said {
  const database = open(path, 'write')
  try {
    return database
      .transaction((): Said => {
        const sql = `select reference, state, parked from task where `
        type Found = { reference: string; state: string; parked: string | null }
        const named = database.prepare<[string], Found>(`${sql} reference = ?`).all(referenceOrId)
        const found = named.length > 0 ? named : database.prepare<[string], Found>(`${sql} id = ?`).all(referenceOrId)
        const [task, another] = found
        if (task === undefined) return 'no such task'
        if (another !== undefined) return 'several tasks'
        if (task.state !== 'running' || task.parked === null) return 'not parked'
        database.prepare('insert or replace into signal values (?, ?, ?)').run(task.reference, action, now)
        return 'said'
      })
      .immediate()
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    database.close()
  }
}

/** As `backupSqlite`; says first, in the command's words, why a store can't be read. */
export async function backupStore(source: string, target: string): Promise<void> {
  open(source, 'read').close()
  await backupSqlite(source, target)
}

function open(path: string, how: 'read' | 'write'): Database.Database {
  if (!existsSync(path)) {
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `There is no store at ${path}. Name it with --store <file>, or set DATA_DIR as the gateway has it.`,
    )
  }
  let database: Database.Database | undefined
  try {
    // A reader that finds no write-ahead log would make one and leave it. One that may write takes it away again.
    database = new Database(path, { fileMustExist: true, readonly: how === 'read' && existsSync(`${path}-wal`) })
    if (how === 'read') database.pragma('query_only = on')
    checkVersion(database, path)
    return database
  } catch (error) {
    database?.close()
    throw unreadable(path, error)
  }
}

function checkVersion(database: Database.Database, path: string): void {
  const version = database.pragma('user_version', { simple: true }) as number
  const known = SQLITE_MIGRATIONS.length
  if (version === 0) throw new StoreError('STORE_UNAVAILABLE', `${path} is a database, but not a store of Layover.`)
  if (version > known) {
    throw new StoreError(
      'STORE_TOO_NEW',
      `${path} was written by a newer version (schema ${version}, this one knows ${known}): use that version's command.`,
    )
  }
  if (version < known) {
    throw new StoreError(
      'STORE_TOO_OLD',
      `${path} was written by an older version (schema ${version}, this one needs ${known}): start this version's gateway on it once, or use that version's command.`,
    )
  }
}

function operatorTaskOf(row: Row): OperatorTask {
  return {
    task: taskOf(row),
    parked: row.parked === null ? undefined : (JSON.parse(row.parked) as Parked),
    record: row.record === null ? undefined : (JSON.parse(row.record) as EntityRecord),
  }
}

const pairs = (rows: readonly { name: string; value: number }[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ name, value }) => [name, value]))

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  const why = error.code === 'SQLITE_NOTADB' ? 'is no SQLite database' : `could not be used (${error.code})`
  return new StoreError('STORE_UNAVAILABLE', `${path} ${why}.`, { cause: error })
}
