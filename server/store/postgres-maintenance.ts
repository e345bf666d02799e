/** What is done in the background, a little at a time, by any gateway: each row is one's alone while he is at it. */
import type { Queries } from './postgres-connection.ts'
import { list } from './postgres-pending.ts'
import { PRUNED } from './postgres-view.ts'
import type { EntityRecord, Renderer } from './store.ts'

interface RemovalRow {
  partition: string
  change: number
}

/** How long a commit can be asked for. A writer whose connection broke asks at once, and for some minutes. */
const MARKS_KEPT = '1 hour'

/** Returns how many rows it took away, at most about `limit`. */
export async function prune(queries: Queries, before: number, limit: number): Promise<number> {
  const tombstones = await queries.all<RemovalRow>({
    sql: `with old as (
  select partition, type, key from layover.record where deleted and changed_at < $1 limit $2 for update skip locked
), versions as (
  delete from layover.version v using old where v.partition = old.partition and v.type = old.type and v.key = old.key
) delete from layover.record r using old where r.partition = old.partition and r.type = old.type and r.key = old.key
returning r.partition, r.change`,
    values: [before, limit],
  })
  const departures = await queries.all<RemovalRow>({
    sql: `with old as (
  select partition, type, key, owner from layover.departed where changed_at < $1 limit $2 for update skip locked
) delete from layover.departed d using old
where d.partition = old.partition and d.type = old.type and d.key = old.key and d.owner = old.owner
returning d.partition, d.change`,
    values: [before, limit - tombstones.length],
  })
  await notePruned(queries, [...tombstones, ...departures])
  const left = limit - tombstones.length - departures.length
  const replaced = await queries.all({
    sql: `with old as (
  select partition, type, key, version from layover.version where replaced_at < $1 limit $2 for update skip locked
) delete from layover.version v using old
where v.partition = old.partition and v.type = old.type and v.key = old.key and v.version = old.version returning 1`,
    values: [before, left],
  })
  const count = tombstones.length + departures.length + replaced.length
  // It reads all marks, so it comes once, with the last call of many.
  if (count < limit) {
    await queries.all({ sql: `delete from layover.commit_mark where at < now() - interval '${MARKS_KEPT}'` })
  }
  return count
}

async function notePruned(queries: Queries, removals: readonly RemovalRow[]): Promise<void> {
  const highest = new Map<string, number>()
  for (const { partition, change } of removals) {
    highest.set(partition, Math.max(change, highest.get(partition) ?? 0))
  }
  if (highest.size === 0) return
  // In one order for all gateways, so that two of them can't wait for each other.
  const rows = [...highest].map(([partition, change]) => ({ name: PRUNED + partition, value: String(change) }))
  await queries.all({
    sql: `insert into layover.meta (name, value) select name, value from json_to_recordset($1::json) x(name text, value text) order by name
 on conflict (name) do update set value = greatest(meta.value::bigint, excluded.value::bigint)::text`,
    values: [list(rows)],
  })
}

/** In `meta`: how far the walk over all records has come with which shapes; `at` is null at its end. */
export const TEXTS_PROGRESS = 'texts'

interface TextRow {
  partition: string
  type: string
  key: string
  change: number
  entity: string
  shape: string | null
  deleted: boolean
}

/** A walk in order of key, that goes on where the last call stopped, also after a restart or in another gateway. */
export async function renewTexts(queries: Queries, renderer: Renderer, limit: number): Promise<number> {
  const { shapes } = renderer
  const [kept] = await queries.all<{ value: string }>({
    sql: 'select value from layover.meta where name = $1',
    values: [TEXTS_PROGRESS],
  })
  const progress = kept && (JSON.parse(kept.value) as { shapes: string; at: [string, string, string] | null })
  const same = progress?.shapes === shapes
  if (same && progress.at === null) return 0
  const at = same && progress.at !== null ? progress.at : ['', '', '']
  const rows = await queries.all<TextRow>({
    sql: `select partition, type, key, change, entity, shape, deleted from layover.record
 where (partition, type, key) > ($1, $2, $3) order by partition, type, key limit $4`,
    values: [...at, limit],
  })
  const renewed = rows.flatMap(({ partition, type, key, change, entity, shape, deleted }) => {
    const wanted = renderer.shapeOf(type)
    if (deleted || shape === wanted) return []
    const text = wanted === null ? null : renderer.text(JSON.parse(entity) as EntityRecord)
    return [{ partition, type, key, change, text, shape: wanted }]
  })
  // A record that was changed meanwhile has got its text from whoever changed it.
  await queries.all({
    sql: `update layover.record r set text = x.text, shape = x.shape
 from json_to_recordset($1::json) x(partition text, type text, key text, change bigint, text text, shape text)
 where r.partition = x.partition and r.type = x.type and r.key = x.key and r.change = x.change`,
    values: [list(renewed)],
  })
  const last = rows.at(-1)
  const next = rows.length < limit || last === undefined ? null : [last.partition, last.type, last.key]
  await queries.all({
    sql: 'insert into layover.meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
    values: [TEXTS_PROGRESS, JSON.stringify({ shapes, at: next })],
  })
  return rows.length
}
