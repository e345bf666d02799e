/** The store of several gateways: PostgreSQL 15 or newer. Door: `layover/server/postgres`. */
import pg from 'pg'
import { type Clock, systemClock } from '../../protocol/index.ts'
import { silentLog } from '../log.ts'
import { type CommitListener, CommitListeners } from './commit-listeners.ts'
import { cantBeOpened } from './postgres-client.ts'
import { commitGroup, type Pending } from './postgres-commit.ts'
import { overPool, placeOf, poolOf, type Queries } from './postgres-connection.ts'
import { knownEpoch, openPostgresHistory } from './postgres-history.ts'
import { TEXTS_PROGRESS } from './postgres-maintenance.ts'
import { refuseTransactionPooler } from './postgres-pooler.ts'
import { PostgresView } from './postgres-view.ts'
import {
  type Expected,
  type Renderer,
  type Store,
  StoreError,
  type StoreSetting,
  type Unit,
  type View,
} from './store.ts'

export interface PostgresStoreOptions {
  /** Most connections that write at the same time, each for another partition; default 6. */
  readonly writers?: number
  /** Most connections that read at the same time; default 6. */
  readonly readers?: number
}

/** Most units that share one commit. More would only delay the first of them. */
const GROUP_LIMIT = 256

/**
 * `url` is a connection string, `postgres://user:password@host:5432/database?sslmode=verify-full`. Everything lives in the
 * schema `layover`, which is made or brought up to date by `open`: the role needs the right to create it, or the schema must
 * have been made by another role, and then select, insert, update and delete on its tables are enough. Commits are
 * synchronous: what `write` resolved survives the crash of the server. Units of one partition that arrive while its commit is
 * under way share the next one.
 */
export function postgres(url: string, options: PostgresStoreOptions = {}): Store {
  return new PostgresStore(url, options)
}

interface Connected {
  readonly readers: pg.Pool
  readonly writers: pg.Pool
  readonly view: View
  readonly secret: string
}

class PostgresStore implements Store {
  readonly #url: string
  readonly #options: PostgresStoreOptions
  readonly #queues = new Map<string, Pending[]>()
  readonly #draining = new Set<Promise<void>>()
  readonly #listeners = new CommitListeners()
  #connected: Connected | undefined
  #epoch = ''
  #dating: Pick<Clock, 'now'> = systemClock
  #renderer: Renderer | undefined

  constructor(url: string, options: PostgresStoreOptions) {
    this.#url = url
    this.#options = options
  }

  get epoch(): string {
    return this.#epoch
  }

  get secret(): string {
    return this.#connected?.secret ?? ''
  }

  get view(): View {
    return this.#open().view
  }

  async open({ clock = systemClock, renderer, log = silentLog }: StoreSetting = {}): Promise<void> {
    this.#listeners.log = log
    this.#dating = clock
    this.#renderer = renderer
    const place = placeOf(this.#url)
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: 5000,
      application_name: 'layover',
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await refuseTransactionPooler(client, this.#url, place)
      const { epoch, secret } = await openPostgresHistory(client, place)
      this.#epoch = epoch
      // Rows are about to be written without texts: a walk that came to its end has to be made again.
      if (renderer === undefined) await client.query('delete from layover.meta where name = $1', [TEXTS_PROGRESS])
      const readers = this.#pool(this.#options.readers ?? 6, false)
      const writers = this.#pool(this.#options.writers ?? 6, true)
      this.#connected = { readers, writers, secret, view: new PostgresView(overPool(readers)) }
    } catch (error) {
      throw error instanceof StoreError ? error : cantBeOpened(place, error)
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    const { readers, writers } = this.#connected ?? {}
    this.#connected = undefined
    while (this.#draining.size > 0) await Promise.all(this.#draining)
    await Promise.all([readers?.end(), writers?.end()])
  }

  onCommit(listener: CommitListener): () => void {
    return this.#listeners.add(listener)
  }

  write<T>(partition: string, work: (unit: Unit) => Promise<T>, expected?: Expected): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#connected === undefined) return reject(closed(this.#url))
      const pending: Pending = { work, expected, resolve: resolve as (value: unknown) => void, reject }
      const queue = this.#queues.get(partition)
      if (queue !== undefined) {
        queue.push(pending)
        return
      }
      this.#queues.set(partition, [pending])
      const draining = this.#drain(partition).finally(() => this.#draining.delete(draining))
      this.#draining.add(draining)
    })
  }

  async #drain(partition: string): Promise<void> {
    const queue = this.#queues.get(partition) as Pending[]
    // One turn of patience: what the same turn of the event loop brings shares the commit.
    await new Promise<void>(resolve => setImmediate(resolve))
    while (queue.length > 0) {
      const group = queue.splice(0, GROUP_LIMIT)
      const { writers } = this.#connected ?? {}
      if (writers === undefined) {
        for (const pending of group) pending.reject(closed(this.#url))
        continue
      }
      const setting = { pool: writers, clock: systemClock, dating: this.#dating, renderer: this.#renderer }
      await commitGroup({ ...setting, tell: commits => this.#listeners.tell(commits) }, partition, group)
    }
    this.#queues.delete(partition)
  }

  #open(): Connected {
    if (this.#connected === undefined) throw closed(this.#url)
    return this.#connected
  }

  #pool(max: number, isForWriting: boolean): pg.Pool {
    return poolOf(pg, {
      url: this.#url,
      max,
      isForWriting,
      onConnect: queries => this.#recognise(queries),
      onLoss: () => undefined,
    })
  }

  /** Another history may have begun while the way to the server was cut: before anything is read over this connection. */
  async #recognise(queries: Queries): Promise<void> {
    const known = await knownEpoch(queries)
    if (known !== undefined) {
      this.#epoch = known
      return
    }
    const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 5000 })
    client.on('error', () => undefined)
    await client.connect()
    try {
      this.#epoch = (await openPostgresHistory(client, placeOf(this.#url))).epoch
    } finally {
      await client.end()
    }
  }
}

const closed = (url: string): StoreError => new StoreError('STORE_UNAVAILABLE', `${placeOf(url)} is not open`)
