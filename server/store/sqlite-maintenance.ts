/** What is done in the background, a little at a time: taking away what nobody can ask for any more, and renewing texts. */
import type { SqliteStatements } from './sqlite-statements.ts'
import type { EntityRecord, Renderer } from './store.ts'

interface RecordKey {
  partition: string
  type: string
  key: string
}

interface RemovalRow extends RecordKey {
  change: number
}

/** In `meta`, with the partition behind it: the highest number among the removals that were taken away. */
export const PRUNED = 'pruned '

/** Returns how many rows it took away, at most about `limit`. */
export function prune(statements: SqliteStatements, before: number, limit: number): number {
  const tombstones = statements.all<RemovalRow>(
    'select partition, type, key, change from record where deleted = 1 and changed_at < ? limit ?',
    before,
    limit,
  )
  for (const { partition, type, key } of tombstones) {
    const address = [partition, type, key]
    statements.run('delete from version where partition = ? and type = ? and key = ?', ...address)
    statements.run('delete from record where partition = ? and type = ? and key = ?', ...address)
  }
  let left = limit - tombstones.length
  const departures = statements.all<RemovalRow & { owner: string }>(
    'select partition, type, key, owner, change from departed where changed_at < ? limit ?',
    before,
    left,
  )
  for (const { partition, type, key, owner } of departures) {
    statements.run(
      'delete from departed where partition = ? and type = ? and key = ? and owner = ?',
      ...[partition, type, key, owner],
    )
  }
  notePruned(statements, [...tombstones, ...departures])
  left -= departures.length
  const replaced = statements.all<RecordKey & { version: number }>(
    'select partition, type, key, version from version where replaced_at is not null and replaced_at < ? limit ?',
    before,
    left,
  )
  for (const { partition, type, key, version } of replaced) {
    statements.run(
      'delete from version where partition = ? and type = ? and key = ? and version = ?',
      ...[partition, type, key, version],
    )
  }
  return tombstones.length + departures.length + replaced.length
}

function notePruned(statements: SqliteStatements, removals: readonly RemovalRow[]): void {
  const highest = new Map<string, number>()
  for (const { partition, change } of removals) {
    highest.set(partition, Math.max(change, highest.get(partition) ?? 0))
  }
  for (const [partition, change] of highest) {
    statements.run(
      `insert into meta values (?, ?) on conflict (name) do update
       set value = max(cast(value as integer), cast(excluded.value as integer))`,
      PRUNED + partition,
      String(change),
    )
  }
}

/** In `meta`: how far the walk over all records has come with which shapes; `at` is null at its end. */
export const TEXTS_PROGRESS = 'texts'

/** A walk in order of key, that goes on where the last call stopped, also after a restart. */
export function renewTexts(statements: SqliteStatements, renderer: Renderer, limit: number): number {
  const { shapes } = renderer
  const kept = statements.one<{ value: string }>('select value from meta where name = ?', TEXTS_PROGRESS)
  const progress = kept && (JSON.parse(kept.value) as { shapes: string; at: [string, string, string] | null })
  const same = progress?.shapes === shapes
  if (same && progress.at === null) return 0
  const at = same && progress.at !== null ? progress.at : ['', '', '']
  const rows = statements.all<RecordKey & { entity: string; shape: string | null; deleted: number }>(
    `select partition, type, key, entity, shape, deleted from record
     where (partition, type, key) > (?, ?, ?) order by partition, type, key limit ?`,
    ...at,
    limit,
  )
  for (const { partition, type, key, entity, shape, deleted } of rows) {
    const wanted = renderer.shapeOf(type)
    if (deleted === 1 || shape === wanted) continue
    const text = wanted === null ? null : renderer.text(JSON.parse(entity) as EntityRecord)
    statements.run(
      'update record set text = ?, shape = ? where partition = ? and type = ? and key = ?',
      ...[text, wanted, partition, type, key],
    )
  }
  const last = rows.at(-1)
  const next = rows.length < limit || last === undefined ? null : [last.partition, last.type, last.key]
  statements.run(
    'insert into meta values (?, ?) on conflict (name) do update set value = excluded.value',
    TEXTS_PROGRESS,
    JSON.stringify({ shapes, at: next }),
  )
  return rows.length
}
