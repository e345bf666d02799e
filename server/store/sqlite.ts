/** The embedded store: one SQLite file, one process. Door: `layover/server/sqlite`. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../../protocol/index.ts'
import { silentLog } from '../log.ts'
import { type CommitListener, CommitListeners } from './commit-listeners.ts'
import { isSqliteError, lockFile, migrateSqlite, refuseMoved, secretOf } from './sqlite-file.ts'
import { closeHistory, openHistory } from './sqlite-history.ts'
import { TEXTS_PROGRESS } from './sqlite-maintenance.ts'
import { SqliteUnit } from './sqlite-unit.ts'
import { SqliteView } from './sqlite-view.ts'
import { type Committed, type Renderer, type Store, StoreError, type StoreSetting, type Unit } from './store.ts'

interface Pending {
  partition: string
  work: (unit: Unit) => Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

export { backupSqlite } from './sqlite-backup.ts'

/** Most units that share one commit. More would only delay the first of them. */
const GROUP_LIMIT = 256

const MAPPED_BYTES = 1024 ** 3

/**
 * `path` is created with its folder when missing. WAL and `synchronous=FULL`: what `write` resolved survives a power cut.
 * Units that arrive while a commit is under way share the next one, each in a savepoint of its own.
 */
export function sqlite(path: string): Store {
  return new SqliteStore(path)
}

class SqliteStore implements Store {
  readonly #path: string
  #lock: Database.Database | undefined
  #writer: Database.Database | undefined
  #reader: Database.Database | undefined
  #view: SqliteView | undefined
  #unitView: SqliteView | undefined
  #epoch = ''
  #secret = ''
  #clock: Required<StoreSetting>['clock'] = systemClock
  #renderer: Renderer | undefined
  #queue: Pending[] = []
  #draining: Promise<void> | undefined
  readonly #listeners = new CommitListeners()

  constructor(path: string) {
    this.#path = path
  }

  get epoch(): string {
    return this.#epoch
  }

  get secret(): string {
    return this.#secret
  }

  get view(): SqliteView {
    if (this.#view === undefined) throw closed(this.#path)
    return this.#view
  }

  async open({ clock = systemClock, renderer, log = silentLog }: StoreSetting = {}): Promise<void> {
    this.#listeners.log = log
    this.#clock = clock
    this.#renderer = renderer
    mkdirSync(dirname(this.#path), { recursive: true })
    this.#lock = lockFile(this.#path)
    try {
      const writer = new Database(this.#path)
      this.#writer = writer
      writer.pragma('journal_mode = WAL')
      writer.pragma('synchronous = FULL')
      migrateSqlite(writer, this.#path)
      refuseMoved(writer, this.#path)
      this.#epoch = openHistory(writer, this.#lock, this.#path)
      // Rows are about to be written without texts: a walk that came to its end has to be made again.
      if (renderer === undefined) writer.prepare('delete from meta where name = ?').run(TEXTS_PROGRESS)
      this.#secret = secretOf(writer)
      this.#unitView = new SqliteView(writer)
      this.#reader = new Database(this.#path, { readonly: true })
      // Reading from the mapped file spares a copy of every page: a third of what a pull costs.
      this.#reader.pragma(`mmap_size = ${MAPPED_BYTES}`)
      this.#view = new SqliteView(this.#reader)
    } catch (error) {
      await this.close()
      throw error instanceof StoreError ? error : unavailable(this.#path, error)
    }
  }

  async close(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
    this.#reader?.close()
    if (this.#view !== undefined && this.#writer !== undefined && this.#lock !== undefined) {
      try {
        closeHistory(this.#writer, this.#lock)
      } catch (error) {
        // A full disk must not keep the file open; at worst the next opening begins another history.
        if (!isSqliteError(error)) throw error
      }
    }
    this.#writer?.close()
    this.#lock?.close()
    this.#reader = this.#writer = this.#lock = this.#view = this.#unitView = undefined
  }

  onCommit(listener: CommitListener): () => void {
    return this.#listeners.add(listener)
  }

  write<T>(partition: string, work: (unit: Unit) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#writer === undefined) return reject(closed(this.#path))
      this.#queue.push({ partition, work, resolve: resolve as (value: unknown) => void, reject })
      this.#draining ??= this.#drain()
    })
  }

  async #drain(): Promise<void> {
    // One turn of patience: what the same turn of the event loop brings shares the commit.
    await new Promise<void>(resolve => setImmediate(resolve))
    while (this.#queue.length > 0) await this.#commitGroup(this.#queue.splice(0, GROUP_LIMIT))
    this.#draining = undefined
  }

  async #commitGroup(group: readonly Pending[]): Promise<void> {
    const writer = this.#writer
    const view = this.#unitView
    if (writer === undefined || view === undefined) {
      for (const pending of group) pending.reject(closed(this.#path))
      return
    }
    const settle: (() => void)[] = []
    const commits: Committed[] = []
    try {
      writer.exec('begin immediate')
      for (const pending of group) {
        view.statements.run('savepoint unit')
        try {
          const unit = new SqliteUnit(view, pending.partition, { now: this.#clock.now(), renderer: this.#renderer })
          const value = await pending.work(unit)
          const committed = unit.flush()
          view.statements.run('release unit')
          if (committed !== undefined) commits.push(committed)
          settle.push(() => pending.resolve(value))
        } catch (error) {
          writer.exec('rollback to unit; release unit')
          settle.push(() => pending.reject(isSqliteError(error) ? unavailable(this.#path, error) : error))
        }
      }
      writer.exec('commit')
    } catch (error) {
      // The disk is full or gone: the whole group is undone, and everybody in it may ask again.
      if (writer.inTransaction) writer.exec('rollback')
      for (const pending of group) pending.reject(unavailable(this.#path, error))
      return
    }
    for (const resolve of settle) resolve()
    this.#listeners.tell(commits)
  }
}

const closed = (path: string): StoreError => new StoreError('STORE_UNAVAILABLE', `${path} is not open`)

const unavailable = (path: string, cause: unknown): StoreError =>
  new StoreError('STORE_UNAVAILABLE', `${path} does not answer`, { cause })
