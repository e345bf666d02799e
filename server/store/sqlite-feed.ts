/** `changed`: one ordered read over as many index ranges as there are selections. SQLite merges them; it sorts nothing. */
import type { SqliteStatements } from './sqlite-statements.ts'
import type { ChangedRecord, Condition, FeedPage, FeedSelection, FeedTexts, FeedWindow } from './store.ts'

/** Rows that a filter may look at for one page: what no filter fits must not keep everybody waiting. */
const MOST_LOOKED_AT = 20_000

const EMPTY = new Uint8Array()

const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

type FeedRow = readonly [change: number, removal: ChangedRecord['removal'], ready: number, body: string]
type TextRow = readonly [count: number, last: number | null, ready: number | null, text: Buffer | null]

export interface FeedQuery {
  readonly sql: string
  readonly values: readonly unknown[]
}

export function readFeed(
  statements: SqliteStatements,
  partition: string,
  selections: readonly FeedSelection[],
  window: FeedWindow,
): FeedPage {
  if (selections.length === 0) return { rows: [], last: null, more: false }
  const lookedTo = lookLimit(statements, partition, selections, window)
  const { sql, values } = feedQuery(partition, selections, { ...window, limit: window.limit + 1 }, lookedTo)
  const found = statements.rows<FeedRow>(sql, ...values)
  const rows = found
    .slice(0, window.limit)
    .map(([change, removal, ready, body]) => ({ change, removal, ready: ready === 1, body }))
  if (found.length > window.limit) return { rows, last: rows.at(-1)?.change ?? null, more: true }
  return { rows, last: lookedTo ?? rows.at(-1)?.change ?? null, more: lookedTo !== null }
}

export function readTexts(
  statements: SqliteStatements,
  partition: string,
  selections: readonly FeedSelection[],
  window: FeedWindow,
): FeedTexts | undefined {
  if (selections.length === 0) return { text: EMPTY, count: 0, last: null, more: false }
  if (window.limit < 1) return undefined
  const lookedTo = lookLimit(statements, partition, selections, window)
  const { sql, values } = textsQuery(partition, selections, window, lookedTo)
  const [row] = statements.rows<TextRow>(sql, ...values)
  const [count = 0, last = null, ready = null, text = null] = row ?? []
  if (count === 0) return { text: EMPTY, count, last: lookedTo, more: lookedTo !== null }
  if (ready !== count || text === null || last === null) return undefined
  if (count < window.limit) return { text, count, last: lookedTo ?? last, more: lookedTo !== null }
  const next = feedQuery(partition, selections, { ...window, after: last, limit: 1 }, lookedTo)
  const more = lookedTo !== null || statements.rows<FeedRow>(next.sql, ...next.values).length > 0
  return { text, count, last, more }
}

/** SQLite joins the texts: a thousand strings less to make. */
export function textsQuery(...query: Parameters<typeof feedQuery>): FeedQuery {
  const { sql, values } = feedQuery(...query)
  return {
    sql: `select count(*), max(change), sum(ready), cast(group_concat(body, ',') as blob) from (\n${sql})`,
    values,
  }
}

/** The statement behind `changed`; exported so that a test can ask SQLite how it runs it. */
export function feedQuery(
  partition: string,
  selections: readonly FeedSelection[],
  window: FeedWindow,
  lookedTo: number | null,
): FeedQuery {
  const branches = selections.flatMap(selection => {
    const branch = recordBranch(partition, selection, window, lookedTo)
    return selection.owner === null ? [branch] : [branch, departedBranch(partition, selection, window, lookedTo)]
  })
  return {
    sql: `${branches.map(({ sql }) => sql).join('\nunion all\n')}\norder by change limit ?`,
    values: [...branches.flatMap(({ values }) => values), window.limit],
  }
}

function recordBranch(
  partition: string,
  { type, owner, where, shape = null }: FeedSelection,
  { after, removalsAfter }: FeedWindow,
  lookedTo: number | null,
): FeedQuery {
  const fits = where === undefined ? undefined : filter(where)
  const live = fits === undefined ? 'deleted = 0' : `deleted = 0 and (${fits.sql}) is true`
  const removal =
    fits === undefined
      ? `case deleted when 1 then 'DELETED' end`
      : `case when deleted = 1 then 'DELETED' when (${fits.sql}) is not true then 'OUT_OF_SCOPE' end`
  // A removal is never ready: a text in its place would bring back what left the filter.
  const shown = shape === null ? '0' : `shape = ? and text is not null and ${live}`
  const body = shape === null ? 'entity' : `case when ${shown} then text else entity end`
  const shownValues = shape === null ? [] : [shape, ...(fits?.values ?? [])]
  return {
    sql: `select change as change, ${removal} as removal, ${shown} as ready, ${body} as body from record
where partition = ? and type = ?${owner === null ? '' : ' and owner = ?'} and change > ? and change <= ?
and (change > ? or (${live}))`,
    values: [
      ...(fits?.values ?? []),
      ...shownValues,
      ...shownValues,
      partition,
      type,
      ...(owner === null ? [] : [owner]),
      after,
      lookedTo ?? Number.MAX_SAFE_INTEGER,
      removalsAfter,
      ...(fits?.values ?? []),
    ],
  }
}

function departedBranch(
  partition: string,
  { type, owner }: FeedSelection,
  { after, removalsAfter }: FeedWindow,
  lookedTo: number | null,
): FeedQuery {
  return {
    sql: `select change, 'OUT_OF_SCOPE', 0, entity from departed
where partition = ? and type = ? and owner = ? and change > ? and change <= ?`,
    values: [partition, type, owner, Math.max(after, removalsAfter), lookedTo ?? Number.MAX_SAFE_INTEGER],
  }
}

/** How far this page looks, or null for to the end. Counting runs over the index alone. */
function lookLimit(
  statements: SqliteStatements,
  partition: string,
  selections: readonly FeedSelection[],
  { after }: FeedWindow,
): number | null {
  let limit: number | null = null
  for (const { type, owner, where } of selections) {
    if (where === undefined) continue
    const found: { change: number } | undefined = statements.one(
      `select change from record where partition = ? and type = ?${owner === null ? '' : ' and owner = ?'} and change > ?
       order by change limit 1 offset ${MOST_LOOKED_AT}`,
      ...[partition, type, ...(owner === null ? [] : [owner]), after],
    )
    if (found !== undefined && (limit === null || found.change < limit)) limit = found.change
  }
  return limit
}

function filter(where: readonly (readonly Condition[])[]): FeedQuery {
  const alternatives = where.map(conditions => conditions.map(conditionOf))
  return {
    sql: alternatives.map(all => `(${all.map(({ sql }) => sql).join(' and ')})`).join(' or '),
    values: alternatives.flatMap(all => all.flatMap(({ values }) => values)),
  }
}

/** Names and values are bound, never written into the statement. */
function conditionOf({ field, test, values }: Condition): FeedQuery {
  const path = `$."${field}"`
  if (test !== 'in') {
    return { sql: `json_extract(entity, ?) ${OPERATORS[test]} ?`, values: [path, bindable(values[0] ?? null)] }
  }
  const present = JSON.stringify(values.filter(value => value !== null))
  const one = { sql: 'json_extract(entity, ?) in (select value from json_each(?))', values: [path, present] }
  if (!values.includes(null)) return one
  return { sql: `(json_extract(entity, ?) is null or ${one.sql})`, values: [path, path, present] }
}

/** As json_extract gives it. */
const bindable = (value: string | number | boolean | null): string | number | null =>
  typeof value === 'boolean' ? Number(value) : value
