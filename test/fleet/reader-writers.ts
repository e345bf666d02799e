/** The writers of one gateway, in a process of its own: over the store's feed, and over a table as one would write it first. */
import pg from 'pg'
import { postgres } from '../../server/store/postgres.ts'
import { seeded } from '../support/seeded.ts'

/** What the process is told, as JSON in its first argument. */
export interface WritersTask {
  readonly url: string
  readonly name: string
  readonly writers: number
  /** Commits of the store until they stop. */
  readonly commits: number
  readonly seed: number
}

/** What it tells at its end. */
export interface Written {
  readonly commits: number
  /** Version that was written last, by key. */
  readonly versions: Readonly<Record<string, number>>
  /** Ids of the naive table. */
  readonly ids: readonly number[]
}

export const PARTITION = 'tenant:north'
export const TYPE = 'Note'

const REWRITE_SHARE = 0.5

async function write({ url, name, writers, commits, seed }: WritersTask): Promise<Written> {
  const store = postgres(url)
  await store.open()
  let committed = 0
  // Called once a commit, however many writes share it.
  store.onCommit(() => {
    committed += 1
  })
  const versions: Record<string, number> = {}
  const ids: number[] = []

  async function writer(index: number): Promise<void> {
    const random = seeded(seed + index)
    const naive = new pg.Client(url)
    await naive.connect()
    const own: string[] = []
    while (committed < commits) {
      const old = random() < REWRITE_SHARE ? own[Math.floor(random() * own.length)] : undefined
      const key = old ?? `${name}-${index}-${own.length}`
      if (old === undefined) own.push(key)
      const version = (versions[key] ?? 0) + 1
      const entity = { __typename: TYPE, id: key, version, updatedAt: '2027-01-01T00:00:00.000Z', updatedBy: name }
      await Promise.all([
        store.write(PARTITION, async unit =>
          unit.put(
            { partition: PARTITION, type: TYPE, key, owner: null, deleted: false, entity },
            { keepVersion: false, writtenBy: null },
          ),
        ),
        writeNaively(naive, key).then(id => ids.push(id)),
      ])
      versions[key] = version
    }
    await naive.end()
  }

  await Promise.all(Array.from({ length: writers }, (_, index) => writer(index)))
  await store.close()
  return { commits: committed, versions, ids }
}

/** A transaction as tasks are: a row with a serial number, and something else before the commit. */
async function writeNaively(client: pg.Client, key: string): Promise<number> {
  await client.query('begin')
  const { rows } = await client.query<{ id: string }>('insert into naive (key) values ($1) returning id', [key])
  await client.query('select 1')
  await client.query('commit')
  return Number(rows[0]?.id)
}

const [task] = process.argv.slice(2)
if (task !== undefined && process.send !== undefined) {
  const written = await write(JSON.parse(task) as WritersTask)
  process.send(written, () => process.disconnect())
}
