/** One group of units: from its begin to the answer of its commit, and what became of it when that answer never came. */
import type pg from 'pg'
import { type Clock, pause, systemRandom } from '../../protocol/index.ts'
import {
  isAboutData,
  isInTheWay,
  isLoss,
  isTaken,
  over,
  type Queries,
  type Query,
  unavailable,
} from './postgres-connection.ts'
import { PostgresGroup } from './postgres-group.ts'
import { toText } from './postgres-text.ts'
import { PostgresUnit } from './postgres-unit.ts'
import type { Committed, Expected, Renderer, Unit } from './store.ts'

export interface Pending {
  readonly work: (unit: Unit) => Promise<unknown>
  readonly expected: Expected | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface CommitSetting {
  readonly pool: pg.Pool
  /** Of the waits between tries. */
  readonly clock: Clock
  /** Dates what is changed. */
  readonly dating: Pick<Clock, 'now'>
  readonly renderer: Renderer | undefined
  /** Told in the same turn as those who wait for the commit. */
  readonly tell: (commits: readonly Committed[]) => void
}

/** Tries of a group whose transaction met another's. */
const MOST_TRIES = 8
const RETRY_MS = 20
/** How long the fate of a commit is asked for. */
const FATE_TRIES = 20
const FATE_PAUSE_MS = 500

/** What the unit answered, and how its caller is told. */
type Result =
  | { readonly pending: Pending; readonly value: unknown }
  | { readonly pending: Pending; readonly error: unknown }

/** It may be committed, and it may not: the way to the server broke in between. */
class FateUnknown extends Error {
  readonly mark: string
  readonly results: readonly Result[]
  readonly commits: readonly Committed[]

  constructor(mark: string, results: readonly Result[], commits: readonly Committed[], cause: unknown) {
    super('the connection broke while a commit was under way', { cause })
    this.mark = mark
    this.results = results
    this.commits = commits
  }
}

/** Answers every one of the group, and tells what it committed. Never rejects. */
export async function commitGroup(setting: CommitSetting, partition: string, group: readonly Pending[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    let outcome: Outcome
    try {
      outcome = await attemptCommit(setting, partition, group)
    } catch (error) {
      if (error instanceof FateUnknown) return await fateOf(setting, partition, group, error)
      // A connection that broke while nobody used it is found out by the first who does; nothing was applied.
      // What is taken may have been free when it was looked for; who looks again sees it.
      const mayPass = isLoss(error) || (isTaken(error) && group.length === 1)
      const mayTryAgain = isInTheWay(error) ? attempt < MOST_TRIES : mayPass && attempt < 2
      if (mayTryAgain) {
        await pause(setting.clock, RETRY_MS * attempt)
        continue
      }
      if ((isAboutData(error) || error instanceof RolledBack) && group.length > 1)
        return alone(setting, partition, group)
      for (const pending of group) pending.reject(unavailable(error))
      return
    }
    return answer(setting, outcome)
  }
}

/** One of them can't be written, and only that one is to hear of it. */
async function alone(setting: CommitSetting, partition: string, group: readonly Pending[]): Promise<void> {
  for (const pending of group) await commitGroup(setting, partition, [pending])
}

interface Outcome {
  readonly results: readonly Result[]
  readonly commits: readonly Committed[]
}

function answer({ tell }: CommitSetting, { results, commits }: Outcome): void {
  for (const result of results) {
    if ('error' in result) result.pending.reject(result.error)
    else result.pending.resolve(result.value)
  }
  tell(commits)
}

async function attemptCommit(
  { pool, dating, renderer }: CommitSetting,
  partition: string,
  pendings: readonly Pending[],
): Promise<Outcome> {
  const client = await pool.connect()
  let broken: unknown = true
  try {
    const failures = new WeakSet<object>()
    const queries = watched(over(client), failures)
    const isFromServer = (error: unknown): boolean => error instanceof Error && failures.has(error)
    const group = await begin(queries, client, partition, dating.now(), pendings)
    const results: Result[] = []
    const commits: Committed[] = []
    for (const pending of pendings) {
      const unit = new PostgresUnit(group, renderer)
      try {
        const value = await pending.work(unit)
        const committed = await unit.join()
        if (unit.isSaved) await queries.all({ sql: 'release savepoint unit' })
        if (committed !== undefined) commits.push(committed)
        results.push({ pending, value })
      } catch (error) {
        if (isFromServer(error) && (isLoss(error) || isInTheWay(error) || isTaken(error))) throw error
        if (unit.isSaved) {
          await queries.all({ sql: 'rollback to savepoint unit' })
          await queries.all({ sql: 'release savepoint unit' })
          group.known.forget()
        } else if (isFromServer(error)) throw error
        results.push({ pending, error: isFromServer(error) ? unavailable(error) : error })
      }
    }
    if (group.hasChanges) await finish(client, queries, group, results, commits)
    else await committed(client.query('commit'))
    broken = false
    return { results, commits }
  } catch (error) {
    if (!isLoss(error) && !(error instanceof FateUnknown)) {
      broken = await client.query('rollback').then(
        () => false,
        () => true,
      )
    }
    throw error
  } finally {
    client.release(broken === false ? undefined : true)
  }
}

/** Remembers what the way to the server threw: everything else that a unit throws is its own affair. */
const watched = (queries: Queries, failures: WeakSet<object>): Queries => ({
  async all<Row extends object>(query: Query): Promise<Row[]> {
    try {
      return await queries.all<Row>(query)
    } catch (error) {
      if (error instanceof Error) failures.add(error)
      throw error
    }
  },
})

/** Begins, takes the partition's row and reads what the units expect, without waiting in between. */
async function begin(
  queries: Queries,
  client: pg.PoolClient,
  partition: string,
  now: number,
  pendings: readonly Pending[],
): Promise<PostgresGroup> {
  const expected = pendings.flatMap(pending => pending.expected ?? [])
  const lock = (): Promise<{ head: number }[]> =>
    queries.all<{ head: number }>({
      sql: 'select head from layover.partition where name = $1 for update',
      values: [toText(partition)],
    })
  const group = new PostgresGroup(queries, partition, now)
  const [, [found]] = await all([client.query('begin'), lock(), group.expect(expected)])
  if (found !== undefined) {
    group.startAt(found.head)
    return group
  }
  await queries.all({
    sql: 'insert into layover.partition (name, head) values ($1, 0) on conflict do nothing',
    values: [toText(partition)],
  })
  const [made] = await lock()
  group.startAt(made?.head ?? 0)
  group.reset()
  await group.expect(expected)
  return group
}

/** As Promise.all, but waits for every one, so that none is answered on a connection that another already uses. */
async function all<Values extends readonly unknown[]>(
  promises: {
    [Index in keyof Values]: Promise<Values[Index]>
  },
): Promise<Values> {
  const settled = await Promise.allSettled(promises)
  const failed = settled.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return settled.map(result => (result as PromiseFulfilledResult<unknown>).value) as unknown as Values
}

async function finish(
  client: pg.PoolClient,
  queries: Queries,
  group: PostgresGroup,
  results: readonly Result[],
  commits: readonly Committed[],
): Promise<void> {
  const mark = systemRandom.uuid()
  const writes = group.closing(mark).map(statement => queries.all(statement))
  const committing = committed(client.query('commit'))
  const settled = await Promise.allSettled([...writes, committing])
  const failed = settled.find(result => result.status === 'rejected')
  const commit = settled.at(-1)
  if (commit?.status === 'rejected' && isLoss(commit.reason)) {
    throw new FateUnknown(mark, results, commits, commit.reason)
  }
  if (failed !== undefined) throw failed.reason
}

/** A transaction that a failed statement broke answers a commit with ROLLBACK, and no error. */
async function committed(answer: Promise<pg.QueryResult>): Promise<void> {
  if ((await answer).command !== 'COMMIT') throw new RolledBack()
}

/** A unit kept a failure of the server's to itself. */
class RolledBack extends Error {
  readonly code = '25P02'
}

/**
 * The commit may still be under way: its transaction holds the partition's row to its end, so whoever gets the row comes after
 * it, and finds the mark or doesn't. No number of the server's is trusted, since a server that crashed gives them again.
 */
async function fateOf(
  setting: CommitSetting,
  partition: string,
  group: readonly Pending[],
  unknown: FateUnknown,
): Promise<void> {
  for (let attempt = 1; attempt <= FATE_TRIES; attempt += 1) {
    try {
      if (await wasCommitted(setting.pool, partition, unknown.mark)) return answer(setting, unknown)
      break
    } catch (error) {
      if (!isLoss(error) && !isInTheWay(error)) break
      await pause(setting.clock, FATE_PAUSE_MS)
    }
  }
  // Not applied, or nobody knows: whoever asks again under the same task id finds out.
  for (const pending of group) pending.reject(unavailable(unknown.cause))
}

async function wasCommitted(pool: pg.Pool, partition: string, mark: string): Promise<boolean> {
  const client = await pool.connect()
  let broken = true
  try {
    await client.query('begin')
    // Of a new partition the row itself may be part of that commit: only one who would make it as well waits for it.
    await client.query('insert into layover.partition (name, head) values ($1, 0) on conflict do nothing', [
      toText(partition),
    ])
    await client.query('select head from layover.partition where name = $1 for update', [toText(partition)])
    const { rowCount } = await client.query('select 1 from layover.commit_mark where id = $1', [mark])
    await client.query('rollback')
    broken = false
    return rowCount === 1
  } finally {
    client.release(broken)
  }
}
