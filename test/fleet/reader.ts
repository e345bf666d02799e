/**
 * Does a reader that goes on after the highest number it saw miss anything while others write? Beside the store's feed, under
 * the same writers: a table with a bigserial, whose numbers are given before the commit and so become visible out of order.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import pg from 'pg'
import { postgres } from '../../server/store/postgres.ts'
import { PARTITION, TYPE, type WritersTask, type Written } from './reader-writers.ts'

export interface ReaderOptions {
  /** An empty database. */
  readonly url: string
  /** Of the store, over all gateways. */
  readonly commits: number
  readonly seed: number
}

export interface ReaderReport {
  readonly commits: number
  readonly records: number
  readonly pulls: number
  /** Records whose last version never came. */
  readonly missed: readonly string[]
  readonly naive: { readonly rows: number; readonly pulls: number; readonly missed: number }
  readonly ms: number
}

const GATEWAYS = ['first', 'second']
const WRITERS_EACH = 8
const PAGE = 500
/** After a pull that brought nothing: the processors are the writers' too. */
const BREATH_MS = 1

export async function proveReader({ url, commits, seed }: ReaderOptions): Promise<ReaderReport> {
  const begin = performance.now()
  const client = new pg.Client(url)
  await client.connect()
  await client.query('create table naive (id bigserial primary key, key text not null)')
  const store = postgres(url)
  await store.open()
  const written = Promise.all(
    GATEWAYS.map((name, index) =>
      writersOf({
        url,
        name,
        writers: WRITERS_EACH,
        commits: Math.ceil(commits / GATEWAYS.length),
        seed: seed + 100 * index,
      }),
    ),
  )
  let isOver = false
  const over = written.finally(() => {
    isOver = true
  })

  /** Reads on until nothing is left after the writers have ended; how many reads it took. */
  async function readOn(read: () => Promise<number>): Promise<number> {
    for (let reads = 1; ; reads += 1) {
      const wasOver = isOver
      if ((await read()) > 0) continue
      if (wasOver) return reads
      await later(BREATH_MS)
    }
  }

  const versions = new Map<string, number>()
  let last = 0
  const readFeed = async (): Promise<number> => {
    const window = { after: last, removalsAfter: 0, limit: PAGE }
    const page = await store.view.changed(PARTITION, [{ type: TYPE, owner: null }], window)
    for (const { body } of page.rows) {
      const { id, version } = JSON.parse(body) as { id: string; version: number }
      versions.set(id, version)
    }
    last = page.last ?? last
    return page.rows.length
  }

  const ids = new Set<number>()
  let highest = 0
  const readNaively = async (): Promise<number> => {
    const { rows } = await client.query<{ id: string }>('select id from naive where id > $1 order by id limit $2', [
      highest,
      PAGE,
    ])
    for (const { id } of rows) ids.add(Number(id))
    highest = Number(rows.at(-1)?.id ?? highest)
    return rows.length
  }

  try {
    const [all, pulls, naivePulls] = await Promise.all([over, readOn(readFeed), readOn(readNaively)])
    const records = all.flatMap(each => Object.entries(each.versions))
    const rows = all.flatMap(each => each.ids)
    return {
      commits: all.reduce((sum, each) => sum + each.commits, 0),
      records: records.length,
      pulls,
      missed: records.flatMap(([key, version]) => (versions.get(key) === version ? [] : [`${key} ${version}`])),
      naive: { rows: rows.length, pulls: naivePulls, missed: rows.filter(id => !ids.has(id)).length },
      ms: performance.now() - begin,
    }
  } finally {
    await store.close()
    await client.end()
  }
}

function writersOf(task: WritersTask): Promise<Written> {
  const child = fork(join(import.meta.dirname, 'reader-writers.ts'), [JSON.stringify(task)], {
    execArgv: ['--import', 'tsx'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', message => resolve(message as Written))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`the writers ended with ${code} before they had written`)))
  })
}

export function printReader({ commits, records, pulls, missed, naive, ms }: ReaderReport): void {
  const share = ((100 * naive.missed) / naive.rows).toFixed(1)
  process.stdout.write(
    [
      `a reader beside ${GATEWAYS.length * WRITERS_EACH} writers over ${GATEWAYS.length} gateways, ${(ms / 1000).toFixed(0)} s`,
      `  feed       ${commits} commits, ${records} records, ${pulls} pulls: ${missed.length} missed`,
      `  bigserial  ${naive.rows} commits, ${naive.pulls} pulls: ${naive.missed} missed (${share} %)`,
      '',
    ].join('\n'),
  )
}
