/** A SQLite store as the command sees it. */
import { existsSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { SQLITE_MIGRATIONS } from './migrations.ts'
import type { Operator, OperatorTask, Said } from './operator.ts'
import { backupSqlite } from './sqlite-backup.ts'
import { foreignFile, noStore, refuseMoved, unreadable } from './sqlite-file.ts'
import { SqliteStatements } from './sqlite-statements.ts'
import { type TaskRow, taskOf } from './sqlite-view.ts'
import { type EntityRecord, type OperatorWord, StoreError } from './store.ts'

interface Row extends TaskRow {
  record: string | null
}

const TASKS = `select t.*, r.entity as record from task t
  left join record r on r.partition = t.partition and r.type = 'Task' and r.key = t.user || '/' || t.id`

/** Throws StoreError: STORE_UNAVAILABLE for no or no readable store, STORE_TOO_NEW or STORE_TOO_OLD for another version's. */
export async function operateSqlite(path: string): Promise<Operator> {
  const database = open(path, 'read')
  // One snapshot for all that is asked, whatever the gateway commits meanwhile.
  database.exec('begin')
  const statements = new SqliteStatements(database)
  const tasksOf = (condition: string, ...values: readonly unknown[]): OperatorTask[] =>
    statements.all<Row>(`${TASKS} where ${condition} order by t.number`, ...values).map(operatorTaskOf)
  const references = (sql: string, number: number): string[] =>
    statements.all<{ reference: string }>(sql, number).map(({ reference }) => reference)
  return {
    summary: async () => ({
      statuses: pairs(statements.all('select status as name, count(*) as value from task group by status')),
      heads: pairs(statements.all('select name, head as value from partition order by name')),
      bytes: sizeOf(path) + sizeOf(`${path}-wal`),
    }),
    unfinished: async () => tasksOf(`t.state <> 'finished'`),
    async find(referenceOrId) {
      const named = tasksOf('t.reference = ?', referenceOrId)
      return named.length > 0 ? named : tasksOf('t.id = ?', referenceOrId)
    },
    memos: async reference =>
      statements
        .all<{ key: string; value: string }>('select key, value from memo where reference = ? order by key', reference)
        .map(({ key, value }) => ({ key, value: JSON.parse(value) as unknown })),
    waits: async ({ number }) => ({
      for: references('select t.reference from waits w join task t on t.number = w.blocker where w.waiter = ?', number),
      by: references('select t.reference from waits w join task t on t.number = w.waiter where w.blocker = ?', number),
    }),
    pendingSignal: async reference =>
      statements.one<{ action: OperatorWord }>('select action from signal where reference = ?', reference)?.action,
    async close() {
      database.close()
    },
  }
}

/** Tells the gateway, running or not, what to do with a parked task. The last word counts. Throws as `operateSqlite`. */
export async function signalSqlite(
  path: string,
  referenceOrId: string,
  action: OperatorWord,
  now: number,
): Promise<Said> {
  const database = open(path, 'write')
  try {
    refuseMoved(database, path)
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
  if (!existsSync(path)) throw noStore(path)
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
  if (version === 0) throw foreignFile(path)
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
    record: row.record === null ? undefined : (JSON.parse(row.record) as EntityRecord),
  }
}

const pairs = (rows: readonly { name: string; value: number }[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ name, value }) => [name, value]))

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
