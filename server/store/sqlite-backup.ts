/** A copy of a store while a gateway works on it, from this process or another. */
import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { HISTORY_SETTINGS } from './sqlite-history.ts'
import { StoreError } from './store.ts'

/**
 * Copies the store at `source` to `target`: its state at one moment, whatever is written meanwhile. The copy is one plain
 * file; put in the place of the store it is opened as another history, so that every device starts anew and none takes its
 * numbers for those it knows. Throws StoreError: BACKUP_EXISTS when there is a file at `target`, STORE_UNAVAILABLE when
 * `source` is no store or `target` can't be written. What could not be finished leaves nothing at `target`.
 */
export async function backupSqlite(source: string, target: string): Promise<void> {
  const partial = `${target}.partial`
  const store = openStore(source)
  try {
    reserve(target)
    try {
      // An open read transaction: the copy is of this moment, and a busy gateway can't make it start over for ever.
      store.exec('begin')
      store.prepare('select count(*) from meta').get()
      await store.backup(partial)
      detach(partial)
      renameSync(partial, target)
    } catch (error) {
      for (const path of [target, partial, `${partial}-wal`, `${partial}-shm`]) rmSync(path, { force: true })
      throw unavailable(`${target} could not be written`, error)
    }
  } finally {
    store.close()
  }
}

function openStore(source: string): Database.Database {
  let store: Database.Database | undefined
  try {
    store = new Database(source, { readonly: true, fileMustExist: true })
    store.prepare('select 1 from record limit 1').get()
    return store
  } catch (error) {
    store?.close()
    throw unavailable(`${source} is not a store that can be read`, error)
  }
}

/** Made empty and only when there is none, so that two backups can't take the same name. */
function reserve(target: string): void {
  try {
    closeSync(openSync(target, 'wx'))
  } catch (error) {
    if (!existsSync(target)) throw unavailable(`${target} could not be written`, error)
    throw new StoreError('BACKUP_EXISTS', `${target} exists. Name another file, or move that one away first.`, {
      cause: error,
    })
  }
}

/** Takes the history from the copy, makes it one file, its owner's alone, and brings it to the disk. */
function detach(path: string): void {
  chmodSync(path, 0o600)
  const copy = new Database(path)
  try {
    copy.pragma('journal_mode = DELETE')
    const forget = copy.prepare('delete from meta where name = ?')
    copy.transaction(() => {
      for (const name of HISTORY_SETTINGS) forget.run(name)
    })()
  } finally {
    copy.close()
  }
  const file = openSync(path, 'r+')
  fsyncSync(file)
  closeSync(file)
}

const unavailable = (message: string, cause: unknown): StoreError =>
  cause instanceof StoreError ? cause : new StoreError('STORE_UNAVAILABLE', message, { cause })
