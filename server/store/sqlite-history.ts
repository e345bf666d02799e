/**
 * The epoch names the history of a store's numbers. A file that was put back from a copy gives numbers again that devices
 * know under other contents, so it must get another epoch. What tells:
 *
 * - A copy made by `backupSqlite` has no epoch at all.
 * - The lock file beside the store names the same session as the store. Each opening and each closing begins a new one in
 *   both, so a copy taken before it no longer fits.
 * - The store is the file (inode) that it was, so a folder copied as a whole is another history too.
 *
 * In doubt it is another one: that costs a full pull, the other mistake costs data.
 */
import { statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { systemRandom } from '../../protocol/index.ts'

const EPOCH = 'epoch'
const SESSION = 'session'
const FILE = 'file'

/** What a copy must not inherit. */
export const HISTORY_SETTINGS: readonly string[] = [EPOCH, SESSION, FILE]

/** The epoch of the opened store: a new one when it isn't the store of the last session. */
export function openHistory(store: Database.Database, lock: Database.Database, path: string): string {
  const file = String(statSync(path).ino)
  const known = read(store, EPOCH)
  const continued = read(store, FILE) === file && read(store, SESSION) === sessionOf(lock)
  // A store of an earlier version named neither.
  const isOld = known !== undefined && read(store, FILE) === undefined
  const epoch = known !== undefined && (continued || isOld) ? known : systemRandom.uuid()
  write(store, { [EPOCH]: epoch, [FILE]: file })
  beginSession(store, lock)
  return epoch
}

export function closeHistory(store: Database.Database, lock: Database.Database): void {
  beginSession(store, lock)
}

/** Interrupted between the two, they no longer fit: the safe side. */
function beginSession(store: Database.Database, lock: Database.Database): void {
  const session = systemRandom.uuid()
  write(store, { [SESSION]: session })
  lock.prepare('update holder set session = ?').run(session)
}

const sessionOf = (lock: Database.Database): string | undefined =>
  lock.prepare<[], { session: string | null }>('select session from holder').get()?.session ?? undefined

const read = (store: Database.Database, name: string): string | undefined =>
  store.prepare<[string], { value: string }>('select value from meta where name = ?').get(name)?.value

function write(store: Database.Database, values: Readonly<Record<string, string>>): void {
  const statement = store.prepare(
    'insert into meta values (?, ?) on conflict (name) do update set value = excluded.value',
  )
  store.transaction(() => {
    for (const [name, value] of Object.entries(values)) statement.run(name, value)
  })()
}
